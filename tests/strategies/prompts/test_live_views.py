"""Views of this moment: what is asked for the first time is looked up off the event loop."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from engine.errors import InvalidInput
from engine.exchanges.instruments import INSTRUMENTS
from engine.strategies.programs.batch import Answer, DataQuery
from engine.strategies.programs.data.live import LiveData
from engine.strategies.prompts.live_views import LivePromptViews
from engine.strategies.prompts.render import render_prompt
from tests.signals.market import minutes_of
from tests.strategies.programs.data.records import GrowingRecord, live_of
from tests.strategies.prompts.recorded_context import context


class Watched:
    """Live data that notes what is prepared and answered, and in which thread."""

    def __init__(self, data: LiveData) -> None:
        self._data = data
        self.prepared: list[tuple[DataQuery, bool]] = []
        self.answered: list[DataQuery] = []

    def prepare(self, queries: Iterable[DataQuery], now_ms: int) -> None:
        asked = list(queries)
        on_loop = threading.current_thread() is threading.main_thread()
        self.prepared += [(query, on_loop) for query in asked]
        self._data.prepare(asked, now_ms)

    def answer(self, query: DataQuery, now_ms: int) -> Answer:
        self.answered.append(query)
        return self._data.answer(query, now_ms)


@pytest.fixture
def watched() -> Watched:
    record = GrowingRecord(minutes_of("SOL", 3000))
    record.now_ms = context().now_ms
    return Watched(live_of(record))


def views_of(watched: Watched) -> LivePromptViews:
    async def data() -> LiveData:
        return watched  # type: ignore[return-value]  # it answers and prepares, which is all that is used

    return LivePromptViews(
        data=data, news=lambda: (), instruments=INSTRUMENTS, started_ms=lambda trader_id: trader_id * 1000
    )


async def test_what_a_template_asks_is_prepared_once_and_in_a_thread(watched: Watched) -> None:
    views = views_of(watched)
    template = "{SOL_klines_5m} {SOL_RSI14_5m} {SOL_factor_5m_rsi14}"
    for _ in range(2):
        view = await views.view(template, context())
        assert render_prompt(template, view).missing == ()
    assert [query.method for query, _ in watched.prepared] == ["klines", "indicator", "factor", "factor"]
    assert not any(on_loop for _, on_loop in watched.prepared)
    assert view.started_ms == 2000


async def test_what_was_not_asked_is_not_read(watched: Watched) -> None:
    view = await views_of(watched).view("{SOL_klines_5m}", context())
    assert render_prompt("{SOL_klines_1h}", view).text == "N/A"
    assert watched.answered == []


async def test_a_template_without_questions_needs_no_data() -> None:
    async def data() -> LiveData:
        pytest.fail("nothing was asked")

    views = LivePromptViews(
        data=data, news=lambda: (), instruments=INSTRUMENTS, started_ms=lambda trader_id: 0
    )
    assert (await views.view("{market_prices}", context())).symbols == tuple(INSTRUMENTS)


async def test_a_template_that_asks_too_much_is_refused(watched: Watched) -> None:
    many = "".join(f"{{SOL_RSI{length}_15m}}" for length in range(2, 300))
    with pytest.raises(InvalidInput, match="kinds of data"):
        await views_of(watched).view(many, context())
    assert watched.prepared == []
