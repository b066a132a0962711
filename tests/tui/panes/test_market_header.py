"""The line above the market never calls a quote fresh that time has stopped for."""

from __future__ import annotations

import msgspec
import pytest

from engine.model.event import ReplayState
from tests.tui.recorded_desk import RecordedDesk
from tui import format as fmt
from tui.bridge import DeskBridge
from tui.market_view import MarketReader, MarketSettings, MarketView
from tui.panes.market_header import header_spans
from tui.view import Selection


def market_in(replay: ReplayState) -> MarketView:
    desk = RecordedDesk()
    view, _ = DeskBridge(desk).refresh(Selection(symbol="BTC"))
    view = msgspec.structs.replace(view, market=msgspec.structs.replace(view.market, replay=replay))
    market = MarketReader(desk).read(view, MarketSettings(), (), 1)
    assert market.feed is not None
    return msgspec.structs.replace(
        market, feed=msgspec.structs.replace(market.feed, quote_age_ms=0, is_stale=False)
    )


def right_half(view: MarketView) -> str:
    return "".join(span.text for span in header_spans(view)[1])


def test_a_running_feed_is_fresh() -> None:
    assert "quote fresh" in right_half(market_in(ReplayState.RUNNING))


@pytest.mark.parametrize("replay", [ReplayState.PAUSED, ReplayState.ENDED])
def test_a_feed_at_rest_says_what_time_its_quote_is_of(replay: ReplayState) -> None:
    view = market_in(replay)
    ticker = view.desk.ticker("BTC")
    assert ticker is not None
    assert f"quote of {fmt.market_time(ticker.quote.ts_ms)}" in right_half(view)
    assert "fresh" not in right_half(view)
