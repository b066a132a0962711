"""A preview as it is loaded: its prices, its words, and what it does when the desk refuses a part."""

from __future__ import annotations

import pytest

from engine.errors import InvalidInput, NotFound
from engine.model.chart import Chart, ChartRequest
from engine.model.signal import MetricAnalysis, SignalPreview
from tests.tui.recorded_books import NOW_MS
from tests.tui.recorded_desk import RecordedDesk
from tui.signal_preview import (
    DAY_MS,
    MAX_CANDLES,
    PreviewSpan,
    PreviewTarget,
    count_words,
    load_preview,
    metric_in,
    period_in,
    unknown_words,
)

TARGET = PreviewTarget(
    name="RSI oversold",
    symbol="BTC",
    span=PreviewSpan.WEEK,
    condition="rsi14 crosses below 30 on 15m",
    metric="rsi14",
    period="15m",
)


def preview_without_fires(checkpoints: int, unknown: int, why: str = "") -> SignalPreview:
    return SignalPreview(
        symbol="BTC",
        start_ms=NOW_MS - 7 * DAY_MS,
        end_ms=NOW_MS,
        checkpoints=checkpoints,
        unknown=unknown,
        fires=(),
        why_unknown=why,
    )


async def test_a_preview_has_prices_of_its_range_and_the_metric(desk: RecordedDesk) -> None:
    picture = await load_preview(desk, TARGET, NOW_MS)
    assert picture.preview is not None
    times = [ts_ms for ts_ms, _ in picture.prices]
    assert times == sorted(times)
    assert NOW_MS - 7 * DAY_MS <= times[0] < NOW_MS - 6 * DAY_MS
    assert 300 < len(times) <= MAX_CANDLES
    assert picture.analysis is not None
    assert picture.analysis.metric == "rsi14"
    assert count_words(picture.preview) == "would have fired 3 times in 7d on BTC"
    assert unknown_words(picture.preview) == "2.1% unknown: rsi14 needs 15 candles"


class RefusingDesk(RecordedDesk):
    """Refuses what a test names."""

    def __init__(self, refused: str) -> None:
        super().__init__()
        if refused == "preview":
            self.failure = InvalidInput("condition: nosuch is not a metric", field="condition")
        if refused == "analysis":
            self.signals.analyze = self._refuse_analysis  # type: ignore[method-assign]  # one part only
        if refused == "chart":
            self.markets.chart = self._refuse_chart  # type: ignore[method-assign]  # one part only

    async def _refuse_analysis(
        self, metric: str, symbol: str, period: str = "5m", days: int = 7
    ) -> MetricAnalysis:
        raise InvalidInput("metric: pattern has no distribution", field="metric")

    def _refuse_chart(self, request: ChartRequest) -> Chart:
        raise NotFound("symbol: nothing on record", field="symbol")


async def test_what_the_desk_refuses_becomes_a_sentence() -> None:
    picture = await load_preview(RefusingDesk("preview"), TARGET, NOW_MS)
    assert picture.preview is None
    assert picture.problem == "condition: nosuch is not a metric"


async def test_a_metric_without_a_distribution_still_has_its_fires() -> None:
    picture = await load_preview(RefusingDesk("analysis"), TARGET, NOW_MS)
    assert picture.preview is not None
    assert (picture.analysis, picture.problem) == (None, "")


async def test_without_candles_the_prices_are_those_of_the_fires() -> None:
    picture = await load_preview(RefusingDesk("chart"), TARGET, NOW_MS)
    assert picture.preview is not None
    assert picture.prices == tuple((fire.ts_ms, fire.price) for fire in picture.preview.fires)


async def test_a_preview_is_due_again_once_part_of_its_range_has_passed(desk: RecordedDesk) -> None:
    picture = await load_preview(desk, TARGET, NOW_MS)
    assert not picture.is_due_again(NOW_MS + DAY_MS // 10)
    assert picture.is_due_again(NOW_MS + DAY_MS // 5)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (preview_without_fires(0, 0), "nothing on record"),
        (preview_without_fires(0, 0, "no trades"), "nothing on record: no trades"),
        (preview_without_fires(100, 0), ""),
        (preview_without_fires(1000, 41), "4.1% unknown"),
        (preview_without_fires(100, 41, "no trades"), "41% unknown: no trades"),
    ],
)
def test_what_could_not_be_decided_is_said_with_its_share(made: SignalPreview, words: str) -> None:
    assert unknown_words(made) == words
    assert count_words(made) == "would not have fired in 7d on BTC"


@pytest.mark.parametrize(
    ("condition", "metric", "period"),
    [
        ("rsi14 crosses below 30 on 15m", "rsi14", "15m"),
        ("abs oi_delta > 2 on 1h", "oi_delta", "1h"),
        ("factor:momentum_10 > 0.02 on 4h", "factor:momentum_10", "4h"),
        ("", "", "5m"),
    ],
)
def test_metric_and_period_are_found_in_a_condition(condition: str, metric: str, period: str) -> None:
    assert (metric_in(condition), period_in(condition)) == (metric, period)
