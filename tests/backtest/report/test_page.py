"""The page: complete, self-contained, and harmless whatever a program calls itself."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.metrics import METRICS, measure
from engine.backtest.report import PriceChart, html_report
from engine.backtest.report.tables import LISTED_TRADES
from engine.model.backtest import BacktestResult, BacktestStatus, EquityCurve
from engine.model.program import ProgramError
from tests.backtest.metrics.run_figures import figures_of, trade_of
from tests.backtest.report.recorded_result import RULES, recorded_price, recorded_result

VOID = {"meta", "br", "col"}
ATTACKS = (
    "<script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "\"' onmouseover=alert(1) x=",
    "</script><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "]]><!--",
    "\x1b[31m\x00\u202e evil",
)


class Page(HTMLParser):
    """The elements, attributes and words of a page; fails on one that is not closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    @property
    def text(self) -> str:
        return "\n".join(self.words)


def page_of(result: BacktestResult, price: PriceChart | None = None) -> Page:
    return Page(html_report(result, price or recorded_price()))


def test_a_recorded_run_has_everything() -> None:
    result = recorded_result()
    page = page_of(result)
    for metric in METRICS.values():
        assert metric.title in page.text
        assert metric.meaning in page.text
    for words in (*RULES, *result.warnings, result.result_hash, "params.hours", "2025-05-04 15:33"):
        assert words in page.text
    charts = [attributes for tag, attributes in page.elements if attributes.get("class") == "chart"]
    assert [chart["data-series"] for chart in charts] == ["equity", "drawdown", "price"]
    rows = len(result.trades) + 1  # the heads
    assert page.count("tr") >= rows
    assert "Luck of order" in page.text


def test_nothing_is_loaded_and_only_its_own_script_may_run() -> None:
    source = html_report(recorded_result(), recorded_price())
    page = Page(source)
    for tag, attributes in page.elements:
        assert tag not in ("img", "link", "iframe", "object", "base", "form", "a")
        assert not {"src", "href", "style"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    (policy,) = [
        attributes["content"] or ""
        for _, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    (script,) = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", source, re.DOTALL)
    for text in (script, style):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert "unsafe" not in policy


def page_saying(words: str) -> Page:
    """A page with these words wherever a program, a person or a model may put some."""
    honest = recorded_result()
    trades = tuple(
        msgspec.structs.replace(trade, reason=words, symbol=words, side=words) for trade in honest.trades[:3]
    )
    request = msgspec.structs.replace(
        honest.request, name=words, symbols=(words,), params={words: words}, period=words, venue=words
    )
    result = msgspec.structs.replace(
        honest,
        request=request,
        trades=trades,
        warnings=(words,),
        rules=(words,),
        ended_early=words,
        result_hash=words,
        status=BacktestStatus.PARTIAL,
        error=ProgramError(kind=words, message=words),
    )
    return page_of(result, msgspec.structs.replace(recorded_price(), symbol=words))


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_is_only_text(attack: str) -> None:
    hostile, harmless = page_saying(attack), page_saying("harmless")
    shape = [(tag, list(attributes)) for tag, attributes in harmless.elements]
    assert [(tag, list(attributes)) for tag, attributes in hostile.elements] == shape
    assert not re.search("[\x00-\x08\x1b\u202e]", hostile.text)


@given(st.text(max_size=40))
def test_any_reason_leaves_the_page_whole(reason: str) -> None:
    trade = trade_of(5, words=reason)
    result = msgspec.structs.replace(recorded_result(), trades=(trade,))
    assert page_of(result, PriceChart(symbol="BTC")).count("table") >= 1


def test_only_the_first_trades_are_listed_and_that_is_said() -> None:
    trades = tuple(trade_of(number % 7 - 3, number) for number in range(LISTED_TRADES + 1))
    page = page_of(msgspec.structs.replace(recorded_result(), trades=trades))
    assert f"Trades (the first {LISTED_TRADES:,} of {LISTED_TRADES + 1:,})" in page.text
    bodies = [attributes for tag, attributes in page.elements if tag == "tr" and "class" in attributes]
    assert len(bodies) == LISTED_TRADES


def test_a_run_without_trades_bars_or_prices_still_has_a_page() -> None:
    empty = figures_of([])
    result = msgspec.structs.replace(
        recorded_result(),
        trades=(),
        monthly=(),
        metrics=measure(empty),
        curve=EquityCurve(ts_ms=(), equity=(), drawdown_pct=(), benchmark=()),
        status=BacktestStatus.ERROR,
        error=ProgramError(kind="ZeroDivisionError", message="division by zero", line=3),
        warnings=("No trade was made.",),
    )
    page = page_of(result, PriceChart(symbol="BTC"))
    assert "No trade was made." in page.text
    assert "line 3: ZeroDivisionError: division by zero" in page.text
    assert page.count("svg") == 0


def test_one_point_and_flat_equity_can_be_drawn() -> None:
    for equity in ([10_000.0], [10_000.0, 10_000.0], [0.0, 0.0]):
        count = len(equity)
        curve = EquityCurve(
            ts_ms=tuple(range(count)),
            equity=tuple(equity),
            drawdown_pct=(0.0,) * count,
            benchmark=tuple(equity),
        )
        page = page_of(msgspec.structs.replace(recorded_result(), curve=curve))
        assert page.count("figure") >= 3


def test_a_fall_by_much_is_drawn_on_a_logarithmic_scale() -> None:
    curve = EquityCurve(
        ts_ms=(0, 60_000, 120_000),
        equity=(1_000_000.0, 5_000.0, 80.0),
        drawdown_pct=(0.0, -99.5, -99.99),
        benchmark=(1_000_000.0, 1_200_000.0, 900_000.0),
    )
    page = page_of(msgspec.structs.replace(recorded_result(), curve=curve))
    assert "Equity (logarithmic)" in page.text
