"""One self-contained page about one backtest: nothing is loaded from anywhere, and nothing else runs.

The page carries a policy that allows exactly its own style and script, by their hashes: even a
reason or a name that got past the escaping could run nothing and call nowhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from engine.backtest.honesty.trade_order import Spread, TradeOrderLuck, trade_order_luck
from engine.backtest.metrics.value_text import money_text, percent_text, utc_text
from engine.backtest.report.equity_charts import drawdown_chart, equity_chart
from engine.backtest.report.headline import headline_figures
from engine.backtest.report.markup import Markup, element, joined, raw
from engine.backtest.report.price_chart import PriceChart
from engine.backtest.report.price_figure import price_figure
from engine.backtest.report.result_histogram import result_histogram
from engine.backtest.report.tables import (
    LISTED_TRADES,
    metric_groups,
    monthly_table,
    settings_table,
    trades_table,
)
from engine.model.backtest import BacktestResult, BacktestStatus
from engine.text import count

_FOLDER = Path(__file__).parent


def html_report(result: BacktestResult, price: PriceChart) -> str:
    """Return the whole page as text, to be written in UTF-8."""
    style, script = _own_file("page.css"), _own_file("page.js")
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src 'sha256-{_hash(style)}'; script-src 'sha256-{_hash(script)}'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{result.request.name}: backtest"),
        element("style", raw(style)),
    )
    body = element("body", element("main", *_sections(result, price)), element("script", raw(script)))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _sections(result: BacktestResult, price: PriceChart) -> list[Markup]:
    found = [
        _header(result),
        _headline(result),
        _warnings(result),
        *_charts(result, price),
        _rules(result.rules),
        _titled("Returns by month", _card(monthly_table(result.monthly))),
        _titled("Results of trades", _pair(result_histogram(result.trades), _luck(result))),
        _titled("All metrics", metric_groups(result.metrics)),
        _titled(_trades_title(result), trades_table(result.trades)),
        _titled("Parameters and settings", settings_table(result.request)),
        _footer(result),
    ]
    return [section for section in found if section is not None]


def _header(result: BacktestResult) -> Markup:
    request = result.request
    about = (
        f"{', '.join(request.symbols)} · {request.period} candles · "
        f"{utc_text(result.start_ms)} to {utc_text(result.end_ms)} UTC · "
        f"{count(result.bars, 'bar')}, {count(result.triggers, 'trigger')}"
    )
    return element(
        "header",
        element("h1", request.name),
        element("span", result.status.value, class_=f"status {result.status.value}"),
        element("p", about),
    )


def _headline(result: BacktestResult) -> Markup:
    figures = [
        element(
            "div",
            element("dt", figure.title),
            element("dd", figure.value, element("small", figure.about), class_=figure.tone),
        )
        for figure in headline_figures(result)
    ]
    return element("dl", *figures, class_="headline")


def _warnings(result: BacktestResult) -> Markup | None:
    told = list(result.warnings)
    if result.status is not BacktestStatus.COMPLETED:
        told.insert(0, f"The run is {result.status.value}. {result.ended_early}".strip())
    if result.error is not None:
        told.insert(0, f"The program failed: {result.error.sentence()}")
    if not told:
        return None
    listed = element("ul", *(element("li", sentence) for sentence in told))
    return element("section", element("h2", "Before you believe it"), listed, class_="warnings")


def _charts(result: BacktestResult, price: PriceChart) -> list[Markup | None]:
    if not result.curve.ts_ms:
        return []
    hint = "Drag over a chart to zoom all of them, double-click to see everything again. Times are UTC."
    return [
        equity_chart(result.curve),
        drawdown_chart(result.curve),
        price_figure(price, result.trades),
        element("p", hint, class_="hint"),
    ]


def _rules(rules: Sequence[str]) -> Markup | None:
    if not rules:
        return None
    listed = element("ol", *(element("li", rule) for rule in rules))
    return element("section", element("h2", "The rules of this run"), listed, class_="rules card")


def _luck(result: BacktestResult) -> Markup | None:
    """Return how the same trades would have fared in other orders."""
    cash = float(result.request.cash)
    luck = trade_order_luck(result.trades, cash, result.request.seed) if cash > 0 else None
    if luck is None:
        return None
    heads = ("", "worst 5 %", "25 %", "median", "75 %", "best 5 %")
    rows = (
        ("Drawdown, shuffled", luck.drawdown_pct, percent_text),
        ("Drawdown, drawn anew", luck.resampled_drawdown_pct, percent_text),
        ("Equity, drawn anew", luck.resampled_equity, money_text),
    )
    table = element(
        "table",
        element("thead", element("tr", *(element("th", name, scope="col") for name in heads))),
        element(
            "tbody",
            *(
                element(
                    "tr",
                    element("th", name, scope="row"),
                    *(element("td", written(value)) for value in _percentiles(spread)),
                )
                for name, spread, written in rows
            ),
        ),
    )
    return element(
        "section", element("h3", "Luck of order"), element("p", _luck_text(luck)), table, class_="luck card"
    )


def _percentiles(spread: Spread) -> tuple[float, ...]:
    return (spread.p5, spread.p25, spread.p50, spread.p75, spread.p95)


def _luck_text(luck: TradeOrderLuck) -> str:
    below = f"{luck.loss_share * 100:.1f} %"
    return (
        f"The {count(luck.trades, 'closed trade')} in {luck.orders:,} random orders, and drawn anew as often "
        f"(seed {luck.seed}), each as a share of the account it began with. Drawn anew, {below} end "
        "below the cash at the start."
    )


def _trades_title(result: BacktestResult) -> str:
    count = len(result.trades)
    shown = f"the first {LISTED_TRADES:,} of {count:,}" if count > LISTED_TRADES else f"{count:,}"
    return f"Trades ({shown})"


def _footer(result: BacktestResult) -> Markup:
    calls = f"{result.program_calls:,} program calls"
    speed = f"Loaded in {result.load_s:.2f} s, run in {result.run_s:.2f} s; {calls}."
    return element(
        "footer",
        element("p", f"Result {result.result_hash or 'without a hash'}: the same run gives the same hash."),
        element("p", speed),
        element("p", "A simulation of the past. It does not say what will happen."),
    )


def _titled(title: str, content: Markup | None) -> Markup | None:
    return None if content is None else joined([element("h2", title), content])


def _card(content: Markup | None) -> Markup | None:
    return None if content is None else element("div", content, class_="card")


def _pair(*contents: Markup | None) -> Markup | None:
    there = [content for content in contents if content is not None]
    if not there:
        return None
    return element("div", *there, class_="pair" if len(there) > 1 else "")


@cache
def _own_file(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
