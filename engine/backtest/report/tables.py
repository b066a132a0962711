"""The tables of a report: returns by month, metrics with their definitions, trades, settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from engine.backtest.metrics import METRICS, Group, Metric
from engine.backtest.metrics.value_text import (
    ABSENT,
    duration_text,
    money_text,
    percent_text,
    utc_text,
    value_text,
)
from engine.backtest.report.markup import Markup, element
from engine.model.backtest import OPEN_LIMITS, BacktestRequest, BacktestTrade, MonthlyReturn

LISTED_TRADES = 2_000
SHADES = 5
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNLISTED = frozenset({"source"})
_TRADE_HEADS = (
    ("#", "number"),
    ("Symbol", ""),
    ("Side", ""),
    ("Quantity", "number"),
    ("Entry (UTC)", ""),
    ("Entry price", "number"),
    ("Exit (UTC)", ""),
    ("Exit price", "number"),
    ("Exit by", ""),
    ("Held", "number"),
    ("Profit", "number"),
    ("Return", "number"),
    ("Fees", "number"),
    ("Funding", "number"),
    ("MAE", "number"),
    ("MFE", "number"),
    ("Reason", ""),
)


def monthly_table(months: Sequence[MonthlyReturn]) -> Markup | None:
    """Return a heat table of months by years with each year's compounded return; None without a month."""
    if not months:
        return None
    returned = {(row.year, row.month): row.return_pct for row in months}
    largest = max(abs(value) for value in returned.values())
    rows = []
    for year in range(months[0].year, months[-1].year + 1):
        cells = [_heat_cell(returned.get((year, month)), largest) for month in range(1, 13)]
        growth = 1.0
        for month in range(1, 13):
            growth *= 1 + returned.get((year, month), 0.0) / 100
        total = (growth - 1) * 100
        cells.append(element("td", percent_text(total, signed=True), class_=f"total {_tone(total)}"))
        rows.append(element("tr", element("th", str(year), scope="row"), *cells))
    heads = [element("th", name, scope="col") for name in ("", *_MONTHS, "Year")]
    return element("table", element("thead", element("tr", *heads)), element("tbody", *rows), class_="months")


def _heat_cell(value: float | None, largest: float) -> Markup:
    if value is None:
        return element("td", "", class_="none")
    shade = round(abs(value) / largest * SHADES) if largest else 0
    return element("td", percent_text(value, signed=True), class_=f"heat {_tone(value)}-{shade}")


def metric_groups(metrics: Mapping[str, float | None]) -> Markup:
    """Return every metric of the table that was measured, by group, each with what it means."""
    blocks = []
    for group in Group:
        rows = [_metric_row(metric, metrics[name]) for name, metric in _measured(metrics, group)]
        if rows:
            blocks.append(element("section", element("h3", group.value), element("dl", *rows)))
    return element("div", *blocks, class_="metrics")


def _measured(metrics: Mapping[str, float | None], group: Group) -> list[tuple[str, Metric]]:
    return [(name, metric) for name, metric in METRICS.items() if metric.group is group and name in metrics]


def _metric_row(metric: Metric, value: float | None) -> Markup:
    source = f" ({metric.source})" if metric.source else ""
    return element(
        "div",
        element("dt", metric.title, element("small", metric.meaning + source)),
        element("dd", value_text(value, metric.unit), class_="" if value is not None else "none"),
    )


def trades_table(trades: Sequence[BacktestTrade]) -> Markup | None:
    """Return the first trades, one per row, sortable by the page's script; None without a trade."""
    if not trades:
        return None
    heads = [
        element("th", element("button", name, type="button"), scope="col", class_=kind)
        for name, kind in _TRADE_HEADS
    ]
    rows = [_trade_row(trade) for trade in trades[:LISTED_TRADES]]
    table = element(
        "table", element("thead", element("tr", *heads)), element("tbody", *rows), class_="trades"
    )
    return element("div", table, class_="scroll")


def _trade_row(trade: BacktestTrade) -> Markup:
    profit, is_open = float(trade.pnl), trade.exit_ms is None
    cells = (
        str(trade.number),
        trade.symbol,
        trade.side + (f" ×{trade.leverage}" if trade.leverage != 1 else ""),
        f"{trade.quantity:,f}",
        utc_text(trade.entry_ms),
        f"{trade.entry_price:,f}",
        ABSENT if trade.exit_ms is None else utc_text(trade.exit_ms),
        ABSENT if trade.exit_price is None else f"{trade.exit_price:,f}",
        trade.exit_reason.value,
        ABSENT if trade.exit_ms is None else duration_text(trade.exit_ms - trade.entry_ms),
        money_text(profit, signed=True),
        percent_text(trade.return_pct, signed=True),
        money_text(float(trade.fees)),
        money_text(float(trade.funding), signed=True),
        percent_text(trade.mae_pct),
        percent_text(trade.mfe_pct),
        trade.reason,
    )
    tone = _tone(profit)
    written = []
    for (name, kind), cell in zip(_TRADE_HEADS, cells, strict=True):
        shade = f" {tone}" if name in ("Profit", "Return") else ""
        held_ms = 0 if trade.exit_ms is None else trade.exit_ms - trade.entry_ms
        order = {"data_order": held_ms} if name == "Held" else {}
        written.append(element("td", cell, class_=f"{kind}{shade}", **order))
    return element("tr", *written, class_="open" if is_open else "")


def settings_table(request: BacktestRequest) -> Markup:
    """Return everything the run depended on but the program's text, its parameters first."""
    values: list[tuple[str, str]] = [(f"params.{name}", str(value)) for name, value in request.params.items()]
    for field in request.__struct_fields__:
        if field not in _UNLISTED and field != "params":
            values.append((field, setting_text(getattr(request, field))))
    rows = [element("div", element("dt", name), element("dd", value)) for name, value in values]
    return element("dl", *rows, class_="settings")


def setting_text(value: object) -> str:
    """Return a setting as a reader would write it, structures as JSON; a dash for none."""
    if value is None or value == "" or value == () or value == OPEN_LIMITS:
        return ABSENT
    if isinstance(value, str | int | float):
        return str(value)
    return msgspec.json.encode(value).decode().strip('"')


def _tone(value: float) -> str:
    return "gain" if value > 0 else "loss" if value < 0 else "flat"
