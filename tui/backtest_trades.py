"""Trades, months and trigger lines of a run as rows: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from engine.model.backtest import BacktestTrade, ExitReason, MonthlyReturn, TriggerLine
from tui import format as fmt
from tui.backtest_view import percent
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

TRADE_COLUMNS = (
    Column("number", "#", 4, align="right"),
    Column("entered", "entered", 11),
    Column("symbol", "sym", 4),
    Column("side", "side", 5),
    Column("quantity", "size", 8, align="right", priority=4),
    Column("entry", "entry", 9, align="right", priority=1),
    Column("exit", "exit", 9, align="right", priority=1),
    Column("why", "left by", 11, priority=3),
    Column("pnl", "profit", 10, align="right"),
    Column("return", "return", 8, align="right"),
    Column("mae", "MAE", 7, align="right", priority=5),
    Column("mfe", "MFE", 7, align="right", priority=5),
    Column("fees", "fees", 8, align="right", priority=6),
    Column("held", "held", 6, align="right", priority=2),
    Column("reason", "reason", 14, weight=1, priority=7, cut="words"),
)
EXIT_WORDS = {
    ExitReason.DECISION: "decision",
    ExitReason.REVERSAL: "reversal",
    ExitReason.TAKE_PROFIT: "take profit",
    ExitReason.STOP_LOSS: "stop",
    ExitReason.LIQUIDATION: "liquidation",
    ExitReason.OPEN: "still open",
}
_EXIT_ROLES = {ExitReason.LIQUIDATION: "danger", ExitReason.OPEN: "accent"}
TRIGGER_COLUMNS = (
    Column("index", "#", 5, align="right"),
    Column("time", "time", 11),
    Column("kind", "woken by", 9),
    Column("symbol", "sym", 4),
    Column("price", "price", 9, align="right", priority=2),
    Column("decision", "decided", 15, weight=1, cut="words"),
    Column("outcome", "outcome or error", 14, weight=4, cut="words", priority=1),
    Column("pnl", "profit", 9, align="right", priority=3),
    Column("equity", "equity", 11, align="right", priority=4),
    Column("signals", "on", 12, weight=2, cut="words", priority=5),
)
KIND_WORDS = {"tp": "take profit", "sl": "stop", "scheduled": "schedule", "limit": "limit fill"}
SIDE_ROLES = {"long": "gain", "short": "loss", "buy": "bid", "sell": "ask"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH_CELLS = 5
YEAR = "year"


def trade_row(trade: BacktestTrade) -> Row:
    """Return one round trip."""
    profit = _money(trade.pnl)
    return Row(
        str(trade.number),
        (
            Cell(str(trade.number), "muted"),
            Cell(fmt.short_date_time(trade.entry_ms), "muted"),
            Cell(trade.symbol),
            Cell(trade.side, SIDE_ROLES.get(trade.side, "text")),
            Cell(fmt.quantity(trade.quantity)),
            Cell(price_text(trade.entry_price)),
            Cell(price_text(trade.exit_price)),
            Cell(EXIT_WORDS[trade.exit_reason], _EXIT_ROLES.get(trade.exit_reason, "muted")),
            Cell(profit, fmt.trend_role(trade.pnl)),
            Cell(percent(trade.return_pct), fmt.trend_role(trade.return_pct)),
            Cell(f"{trade.mae_pct:.2f}%", "muted"),
            Cell(f"{trade.mfe_pct:.2f}%", "muted"),
            Cell(fmt.money(trade.fees), "muted"),
            Cell(fmt.ABSENT if trade.exit_ms is None else fmt.age(trade.exit_ms - trade.entry_ms), "muted"),
            Cell(trade.reason, "muted"),
        ),
    )


def trade_words(trade: BacktestTrade) -> str:
    """Return a trade in a sentence: `#3 long 0.15 BTC at 66,451.2, left by stop at 65,800.0`."""
    left = (
        "still open"
        if trade.exit_price is None
        else f"left by {EXIT_WORDS[trade.exit_reason]} at {price_text(trade.exit_price)}"
    )
    size = fmt.quantity(trade.quantity)
    return f"#{trade.number} {trade.side} {size} {trade.symbol} at {price_text(trade.entry_price)}, {left}"


def price_text(price: Decimal | float | None) -> str:
    """Return a price with as many digits as tell it from its neighbours."""
    if price is None:
        return fmt.ABSENT
    value = price if isinstance(price, Decimal) else Decimal(repr(price))
    if not value.is_finite():
        return fmt.ABSENT
    decimals = max(0, min(8, 4 - value.adjusted())) if value else 0
    return f"{value:,.{decimals}f}"


def trigger_row(line: TriggerLine) -> Row:
    """Return one line of the trigger log."""
    decided, role = operation_words(line)
    said = line.error or line.outcome or line.reason
    return Row(
        str(line.index),
        (
            Cell(str(line.index), "muted"),
            Cell(fmt.short_date_time(line.ts_ms), "muted"),
            Cell(kind_words(line.kind), "danger" if line.kind == "liquidation" else "muted"),
            Cell(line.symbol or fmt.ABSENT),
            Cell(price_text(line.price), "muted"),
            Cell(decided, role),
            Cell(said, "danger" if line.error else "muted"),
            Cell(
                f"{line.realized_pnl:+,.2f}" if line.realized_pnl else fmt.ABSENT,
                fmt.trend_role(line.realized_pnl),
            ),
            Cell(f"{line.equity_after:,.2f}", "muted"),
            Cell(" · ".join(filter(None, (line.pool_name, ", ".join(line.signals)))), "muted"),
        ),
    )


def kind_words(kind: str) -> str:
    """Return what woke a program, or what happened by itself."""
    return KIND_WORDS.get(kind, kind)


def operation_words(line: TriggerLine) -> tuple[str, str]:
    """Return what was decided in short, and its role: `buy BTC 0.15`, `hold`."""
    if line.error:
        return "failed", "danger"
    if not line.operation:
        return fmt.ABSENT, "muted"
    if line.operation == "hold":
        return "hold", "muted"
    size = f"{line.quantity:.4g}" if line.quantity else ""
    words = " ".join(filter(None, (line.operation, line.decision_symbol, size)))
    return words, SIDE_ROLES.get(line.operation, "accent")


def month_columns(months: Sequence[MonthlyReturn], *, years_down: bool) -> tuple[Column, ...]:
    """Return the columns of the monthly table: the months, or the years where those go down."""
    if years_down:
        names: Sequence[str] = MONTHS
    else:
        names = [str(year) for year in _years(months)]
    return (
        Column("name", "", 5),
        *(Column(name, name, MONTH_CELLS, align="right", priority=place) for place, name in enumerate(names)),
        *((Column(YEAR, YEAR, MONTH_CELLS + 1, align="right"),) if years_down else ()),
    )


def month_rows(months: Sequence[MonthlyReturn], *, years_down: bool) -> list[Row]:
    """Return the returns of months, with what each year came to compounded."""
    of_month = {(item.year, item.month): item.return_pct for item in months}
    years = _years(months)
    if years_down:
        return [
            Row(
                str(year),
                (
                    Cell(str(year), "header"),
                    *(_month_cell(of_month.get((year, month))) for month in range(1, 13)),
                    _month_cell(_compounded(months, year)),
                ),
            )
            for year in years
        ]
    shown = [month for month in range(1, 13) if any((year, month) in of_month for year in years)]
    rows = [
        Row(
            str(month),
            (
                Cell(MONTHS[month - 1], "header"),
                *(_month_cell(of_month.get((year, month))) for year in years),
            ),
        )
        for month in shown
    ]
    total = Row(YEAR, (Cell(YEAR, "header"), *(_month_cell(_compounded(months, year)) for year in years)))
    return [*rows, total] if rows else []


def _years(months: Sequence[MonthlyReturn]) -> list[int]:
    return sorted({item.year for item in months}, reverse=True)


def _compounded(months: Sequence[MonthlyReturn], year: int) -> float:
    growth = 1.0
    for item in months:
        if item.year == year:
            growth *= 1 + item.return_pct / 100
    return (growth - 1) * 100


def _month_cell(value: float | None) -> Cell:
    if value is None:
        return Cell("", "muted")
    return Cell(percent(value, 1).removesuffix("%"), fmt.trend_role(value))


def _money(value: Decimal) -> str:
    text = fmt.money(value)
    return f"+{text}" if value > 0 else text
