from __future__ import annotations

from decimal import Decimal

import pytest

from engine.errors import InvalidInput, NotFound
from engine.intelligence.news_desk import NewsDesk
from engine.intelligence.picture.flow_summary import summarise
from engine.intelligence.picture.large_trades import LargeTrade
from engine.intelligence.picture.snapshots import Snapshots
from engine.intelligence.picture.update_feed import HEARTBEAT_MS, IntelligenceFeed
from engine.market.flow.series import FlowSeries
from engine.model.flow import SAMPLE_MS, FlowSample
from engine.model.news import FlowSummary, IntelligenceChange, IntelligenceSnapshot
from engine.model.order import Side
from engine.model.regime import Regime
from engine.model.trade import Trade
from tests.intelligence.articles import HOUR_MS, NOW_MS, article
from tests.intelligence.market_readers import SmallMarket, sample

START_MS = NOW_MS - 4 * HOUR_MS


def summary(*samples: FlowSample, large: tuple[LargeTrade, ...] | None = None) -> FlowSummary:
    return summarise(FlowSeries.of(samples), large, start_ms=START_MS, now_ms=NOW_MS)


def test_sums_of_the_window() -> None:
    told = summary(
        sample(START_MS, buy_notional=1000.0, sell_notional=1000.0, open_interest=1.0),
        sample(START_MS + 1, buy_notional=30.0, sell_notional=10.0, open_interest=200.0, funding_rate=0.5),
        sample(NOW_MS - 5),
        sample(NOW_MS, buy_notional=30.0, sell_notional=10.0, open_interest=210.0, funding_rate=0.0001),
        sample(NOW_MS + 1, buy_notional=9999.0, sell_notional=9999.0, open_interest=9999.0),
        large=(LargeTrade(NOW_MS, Side.BUY, 25.0), LargeTrade(NOW_MS, Side.SELL, 5.0)),
    )
    assert (told.buy_notional, told.sell_notional, told.net_inflow) == (60.0, 20.0, 40.0)
    assert told.buy_ratio == 0.75
    assert (told.large_buy_notional, told.large_buys) == (25.0, 1)
    assert (told.large_sell_notional, told.large_sells) == (5.0, 1)
    assert told.open_interest_change_percent == pytest.approx(5.0)
    assert told.funding_rate_percent == pytest.approx(0.01)


def test_what_the_feed_does_not_tell_is_missing_and_not_zero() -> None:
    unknown = FlowSummary(None, None, None, None, None, None, 0, 0, None, None)
    assert summary() == unknown
    assert summary(sample(NOW_MS)) == unknown
    nothing_dealt = summary(sample(NOW_MS, buy_notional=0.0, sell_notional=0.0), large=())
    assert (nothing_dealt.net_inflow, nothing_dealt.buy_ratio) == (0.0, None)
    assert (nothing_dealt.large_buy_notional, nothing_dealt.large_buys) == (0.0, 0)


def test_open_interest_from_nothing_has_no_change() -> None:
    told = summary(sample(NOW_MS - 1, open_interest=0.0), sample(NOW_MS, open_interest=5.0))
    assert told.open_interest_change_percent is None


class Desk:
    def __init__(self) -> None:
        self.market = SmallMarket()
        self.news = NewsDesk()
        self.snapshots = Snapshots(self.market.readers(), self.news)

    def look(self, symbol: str = "BTC", now_ms: int = NOW_MS) -> IntelligenceSnapshot:
        return self.snapshots.snapshot(symbol, now_ms)


def test_a_snapshot_holds_everything() -> None:
    desk = Desk()
    desk.market.trades = (Trade("BTC", Decimal(100_000), Decimal(2), Side.BUY, 7, NOW_MS - 5),)
    desk.news.add([article(symbols=("BTC",)), article("Ether alone in this one", symbols=("ETH",))])
    seen = desk.look()
    assert (seen.symbol, seen.timeframe, seen.window, seen.generated_ms) == ("BTC", "15m", "4h", NOW_MS)
    assert seen.flow.window == "4h"
    assert seen.regime.period == "15m"
    assert (seen.summary.buy_notional, seen.summary.large_buy_notional) == (3.0, 200_000.0)
    assert [(zone.open_ms, zone.buys) for zone in seen.zones] == [(NOW_MS - 15 * 60_000, 1)]
    assert [item.symbols for item in seen.news] == [("BTC",)]


def test_trades_handed_over_as_they_happen_stay_when_the_tape_has_passed() -> None:
    desk = Desk()
    large = Trade("BTC", Decimal(100_000), Decimal(2), Side.BUY, 7, NOW_MS - HOUR_MS)
    desk.snapshots.take_trades("BTC", [large])
    desk.market.trades = (Trade("BTC", Decimal(100_000), Decimal("0.1"), Side.BUY, 8, NOW_MS),)
    assert desk.look().summary.large_buys == 1
    assert desk.look(now_ms=NOW_MS + 4 * HOUR_MS).summary.large_buys == 0


def test_no_news_from_the_future_or_from_before_the_window() -> None:
    desk = Desk()
    desk.news.add(
        [
            article("Known only later than this moment", symbols=("BTC",), received_ms=NOW_MS + 1),
            article("Older than the whole window is", symbols=("BTC",), published_ms=START_MS - 1),
        ]
    )
    assert desk.look().news == ()


@pytest.mark.parametrize(("timeframe", "window"), [("7m", "4h"), ("15m", "x"), ("1d", "4h"), ("", "4h")])
def test_bad_questions_are_refused(timeframe: str, window: str) -> None:
    with pytest.raises(InvalidInput):
        Desk().snapshots.snapshot("BTC", NOW_MS, timeframe, window)


def test_an_unknown_symbol_is_refused() -> None:
    with pytest.raises(NotFound):
        Desk().look("XYZ")


def told(feed: IntelligenceFeed, desk: Desk, seconds: float) -> tuple[str, ...]:
    update = feed.next(desk.look(), round(seconds * 1000))
    return update.changes if update else ()


def test_a_stream_begins_with_a_snapshot_and_tells_each_change_once() -> None:
    desk, feed = Desk(), IntelligenceFeed()
    assert told(feed, desk, 0) == (IntelligenceChange.SNAPSHOT,)
    assert told(feed, desk, 3) == ()
    desk.market.cvd = 2.0
    assert told(feed, desk, 6) == (IntelligenceChange.FLOW,)
    desk.market.regime = Regime.TRAP
    assert told(feed, desk, 9) == (IntelligenceChange.REGIME,)
    desk.news.add([article(symbols=("BTC",))])
    assert told(feed, desk, 12) == (IntelligenceChange.NEWS,)
    desk.market.samples.append(sample(NOW_MS - SAMPLE_MS, buy_notional=1.0, sell_notional=1.0))
    assert told(feed, desk, 15) == (IntelligenceChange.SUMMARY,)
    desk.market.trades = (Trade("BTC", Decimal(100_000), Decimal(2), Side.BUY, 7, NOW_MS - 5),)
    desk.market.cvd = None
    assert told(feed, desk, 18) == (IntelligenceChange.FLOW, IntelligenceChange.SUMMARY)
    assert told(feed, desk, 21) == ()


def test_a_heartbeat_after_fifteen_quiet_seconds() -> None:
    desk, feed = Desk(), IntelligenceFeed()
    times = [told(feed, desk, second) for second in range(0, 40, 3)]
    heartbeats = [second * 3 for second, changes in enumerate(times) if changes]
    assert heartbeats == [0, 15, 30]
    assert times[5] == (IntelligenceChange.HEARTBEAT,)
    assert HEARTBEAT_MS == 15_000


def test_time_alone_is_no_change() -> None:
    desk, feed = Desk(), IntelligenceFeed()
    told(feed, desk, 0)
    desk.market.as_of_ms += 3000
    desk.market.close_ms += 60_000
    assert told(feed, desk, 3) == ()
