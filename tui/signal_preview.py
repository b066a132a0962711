"""A preview: where a signal or a pool would have fired over the recorded past, and on what numbers.

`load_preview` asks the desk for everything one preview shows; it is awaited in the background and
never fails: what the desk refuses becomes the sentence to show instead.
"""

from __future__ import annotations

import enum

import msgspec

from engine.desk import Desk
from engine.errors import DeskError
from engine.model.chart import ChartRequest
from engine.model.signal import MetricAnalysis, SignalPool, SignalPreview
from tui import format as fmt
from tui.wording import refusal_text

DAY_MS = 86_400_000
MAX_CANDLES = 700
MAX_ANALYSIS_DAYS = 30
_PERIODS_MS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": DAY_MS}
_REFRESH_PARTS = 50
"""A preview is made anew once this part of its range has passed since."""


class PreviewSpan(enum.StrEnum):
    """How far back a preview reaches, in market time."""

    DAY = "1d"
    WEEK = "7d"
    MONTH = "30d"
    ALL = "all"

    @property
    def days(self) -> int | None:
        """The number of days, None for everything on record."""
        return None if self is PreviewSpan.ALL else int(self.value.removesuffix("d"))


class PreviewTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What is previewed: a condition or a pool, on one symbol, over a span.

    `metric` and `period` are what the condition compares, "" where it is not one metric.
    """

    name: str
    symbol: str
    span: PreviewSpan
    condition: str = ""
    pool: SignalPool | None = None
    metric: str = ""
    period: str = "5m"


class PreviewPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A preview as loaded: the fires, the prices of its range, and how the metric is distributed."""

    target: PreviewTarget
    preview: SignalPreview | None = None
    prices: tuple[tuple[int, float], ...] = ()
    analysis: MetricAnalysis | None = None
    problem: str = ""

    def is_due_again(self, now_ms: int) -> bool:
        """Tell whether so much time has passed that the preview should be made anew."""
        if self.preview is None:
            return False
        length = self.preview.end_ms - self.preview.start_ms
        return now_ms - self.preview.end_ms > max(60_000, length // _REFRESH_PARTS)


async def load_preview(desk: Desk, target: PreviewTarget, now_ms: int) -> PreviewPicture:
    """Return the picture of a preview; a part that the desk refuses is left out and explained."""
    try:
        preview = await ask_preview(desk, target, now_ms)
    except DeskError as error:
        return PreviewPicture(target=target, problem=refusal_text(error))
    analysis: MetricAnalysis | None = None
    if target.metric:
        days = min(target.span.days or MAX_ANALYSIS_DAYS, MAX_ANALYSIS_DAYS)
        try:
            analysis = await desk.signals.analyze(target.metric, target.symbol, target.period, days)
        except DeskError:
            # Some metrics, such as patterns, are met or not and have no distribution.
            analysis = None
    return PreviewPicture(target=target, preview=preview, prices=prices_of(desk, preview), analysis=analysis)


async def ask_preview(desk: Desk, target: PreviewTarget, now_ms: int) -> SignalPreview:
    """Return where the target would have fired; raises `DeskError`."""
    days = target.span.days
    start_ms = None if days is None else now_ms - days * DAY_MS
    if target.pool is not None:
        return await desk.signals.preview_pool(target.pool, target.symbol, start_ms)
    return await desk.signals.preview_signal(target.condition, target.symbol, start_ms)


def prices_of(desk: Desk, preview: SignalPreview) -> tuple[tuple[int, float], ...]:
    """Return the closes of candles over a preview's range, at most `MAX_CANDLES`; () without a record."""
    length = preview.end_ms - preview.start_ms
    fitting = (name for name, period_ms in _PERIODS_MS.items() if length // period_ms <= MAX_CANDLES)
    period = next(fitting, "1d")
    limit = max(1, min(MAX_CANDLES, length // _PERIODS_MS[period] + 1))
    request = ChartRequest(symbol=preview.symbol, period=period, limit=limit, before_ms=preview.end_ms + 1)
    try:
        candles = desk.markets.chart(request).candles
    except DeskError:
        candles = ()
    closes = tuple((candle.open_ms, float(candle.close)) for candle in candles)
    return tuple(point for point in closes if point[0] >= preview.start_ms) or tuple(
        (fire.ts_ms, fire.price) for fire in preview.fires
    )


def count_words(preview: SignalPreview) -> str:
    """Return how often something would have fired: `14 fires in 7d on BTC`."""
    count = len(preview.fires)
    times = "once" if count == 1 else f"{count} times"
    fired = f"would have fired {times}" if count else "would not have fired"
    return f"{fired} in {fmt.age(preview.end_ms - preview.start_ms)} on {preview.symbol}"


def unknown_words(preview: SignalPreview) -> str:
    """Return at which share of its checkpoints nothing could be decided, and why; "" if at none."""
    if not preview.checkpoints:
        return f"nothing on record: {preview.why_unknown}" if preview.why_unknown else "nothing on record"
    if not preview.unknown:
        return ""
    share = preview.unknown / preview.checkpoints
    words = fmt.percent(share, 1 if share < 0.1 else 0, signed=False)
    return f"{words} unknown: {preview.why_unknown}" if preview.why_unknown else f"{words} unknown"


def metric_in(condition: str) -> str:
    """Return the metric a condition is about: its first word, or the one after `abs`."""
    words = condition.casefold().split()
    return next((word for word in words if word != "abs"), "")


def period_in(condition: str) -> str:
    """Return the period a condition looks at: the word after its last `on`, five minutes without one."""
    words = condition.casefold().split()
    places = [place for place, word in enumerate(words[:-1]) if word == "on"]
    return words[places[-1] + 1] if places else "5m"
