"""What the market screen shows: one frozen picture, read from the desk at each paint tick.

Only what is in view is asked for, the chart at most once a tick; a picture equal to the last one is
handed back as the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal

import msgspec

from engine.desk import Desk
from engine.errors import DeskError
from engine.model.chart import Chart, ChartRequest, FeedStatus
from engine.model.fill import Fill
from engine.model.flow import FlowReading
from engine.model.order import Order
from engine.model.position import Position
from engine.model.quote import BookSnapshot
from engine.model.regime import RegimeReading
from engine.model.signal import PoolFire, PriceAlert
from engine.model.trade import Trade
from tui.action import Context
from tui.view import DeskView
from tui.widgets.candle_picture import STANDARD_ZOOM, ZOOMS, Zoom
from tui.wording import refusal_text

STANDARD_PERIOD = "5m"
STANDARD_INDICATORS = ("EMA20", "EMA50", "RSI14", "MACD")
FLOW_WINDOWS = ("1m", "5m", "15m", "1h", "4h")
STANDARD_WINDOW = "1m"
"""The shortest: a window the feed began in lacks its sums, and this one is over soonest."""
BOOK_DEPTH = 60
TRADES_READ = 100
FILLS_READ = 200
FIRES_READ = 100
MOST_CANDLES = 2000
LIMIT_STEP = 50
"""Requests ask for a multiple of this, so that a small change of size is the same request."""
SETTLED_AGE_MS = 5_000
"""A quote younger than this, in market time, simply counts as fresh."""

_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}


class MarketSettings(msgspec.Struct, frozen=True):
    """How the person looks at the market, beside the selected symbol and trader.

    `before_ms` is the time the right edge of the chart stands at, None for now; `cursor_ms` the
    opening time of the candle under the crosshair, None without one; `zoom` a place in `ZOOMS`.
    """

    period: str = STANDARD_PERIOD
    indicators: tuple[str, ...] = STANDARD_INDICATORS
    zoom: int = STANDARD_ZOOM
    before_ms: int | None = None
    cursor_ms: int | None = None
    has_volume: bool = True
    has_marks: bool = True
    shows_reasons: bool = False
    window: str = STANDARD_WINDOW

    @property
    def zoom_level(self) -> Zoom:
        """The zoom as the chart takes it."""
        return ZOOMS[self.zoom]

    @property
    def column_ms(self) -> int:
        """How long a column of the chart lasts."""
        return period_ms(self.period) * self.zoom_level.candles


class MarketView(msgspec.Struct, frozen=True):
    """Everything the market screen shows; `chart_problem` says why there is no chart.

    `fills` are the selected trader's in the selected symbol.
    """

    desk: DeskView = DeskView()
    settings: MarketSettings = MarketSettings()
    chart: Chart | None = None
    chart_problem: str = ""
    book: BookSnapshot | None = None
    trades: tuple[Trade, ...] = ()
    flow: FlowReading | None = None
    regime: RegimeReading | None = None
    feed: FeedStatus | None = None
    fires: tuple[PoolFire, ...] = ()
    alerts: tuple[PriceAlert, ...] = ()
    fills: tuple[Fill, ...] = ()

    @property
    def symbol(self) -> str:
        """The selected symbol."""
        return self.desk.selection.symbol

    @property
    def tick(self) -> Decimal:
        """The price step of the selected symbol."""
        return self.desk.tick_size(self.symbol) or Decimal("0.01")

    @property
    def position(self) -> Position | None:
        """The selected trader's position in the selected symbol."""
        mine = (each for each in self.desk.positions if each.symbol == self.symbol)
        return next((each for each in mine if each.trader_id == self.desk.selection.trader_id), None)

    @property
    def orders(self) -> tuple[Order, ...]:
        """The selected trader's open orders in the selected symbol."""
        trader_id = self.desk.selection.trader_id
        mine = (each for each in self.desk.orders if each.trader_id == trader_id)
        return tuple(each for each in mine if each.symbol == self.symbol and each.status.is_open)

    @property
    def is_stale(self) -> bool:
        """Whether the symbol's feed, or the desk's, has been silent for too long."""
        return bool(self.desk.market.feed_age_ms) or (self.feed is not None and self.feed.is_stale)


class MarketReader:
    """Reads the market of the selected symbol from the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._view = MarketView()

    @property
    def view(self) -> MarketView:
        """The picture as last read."""
        return self._view

    def read(
        self, desk: DeskView, settings: MarketSettings, shown: Collection[str], candles: int
    ) -> MarketView:
        """Read what the panes in `shown` need, with so many candles for the chart."""
        view = MarketView(desk=desk, settings=settings)
        if not desk.is_starting and desk.selection.symbol:
            view = self._read(view, shown, candles)
        if view != self._view:
            self._view = view
        return self._view

    def _read(self, view: MarketView, shown: Collection[str], candles: int) -> MarketView:
        symbol, settings, desk, markets = view.symbol, view.settings, self._desk, self._desk.markets
        chart, problem = self._view.chart, self._view.chart_problem
        if Context.CHART in shown:
            chart, problem = self._chart(view, candles)
        book: BookSnapshot | None = None
        trades: tuple[Trade, ...] = ()
        flow: FlowReading | None = None
        if Context.DEPTH in shown:
            book = _known(lambda: desk.book(symbol, BOOK_DEPTH), None)
        if Context.TRADES in shown:
            trades = _known(lambda: markets.trades(symbol, TRADES_READ), ())
        if Context.FLOW in shown:
            flow = _known(lambda: markets.flow(symbol, settings.window), None)
        regime = _known(lambda: markets.regime(symbol, regime_period(settings.period)), None)
        feeds = _known(markets.feeds, ())
        read = msgspec.structs.replace(
            view,
            chart=chart,
            chart_problem=problem,
            book=book,
            trades=trades,
            flow=flow,
            regime=regime,
            feed=next((settled_feed(feed) for feed in feeds if feed.symbol == symbol), None),
        )
        return self._with_marks(read) if settings.has_marks and Context.CHART in shown else read

    def _with_marks(self, view: MarketView) -> MarketView:
        """Return the picture with what happened, and what waits to happen, at prices of the chart."""
        symbol, trader_id = view.symbol, view.desk.selection.trader_id
        alerts = _known(self._desk.signals.price_alerts, ())
        fills = self._desk.fills(trader_id, FILLS_READ)
        return msgspec.structs.replace(
            view,
            fires=_known(lambda: self._desk.signals.fires(symbol=symbol, limit=FIRES_READ), ()),
            alerts=tuple(each for each in alerts if each.symbol == symbol and each.fired_ms is None),
            fills=tuple(each for each in fills if each.symbol == symbol),
        )

    def _chart(self, view: MarketView, candles: int) -> tuple[Chart | None, str]:
        settings = view.settings
        limit = min(MOST_CANDLES, -(-max(1, candles) // LIMIT_STEP) * LIMIT_STEP)
        request = ChartRequest(
            symbol=view.symbol,
            period=settings.period,
            indicators=settings.indicators,
            limit=limit,
            before_ms=settings.before_ms,
        )
        try:
            return self._desk.markets.chart(request), ""
        except DeskError as error:
            return None, refusal_text(error)


def period_ms(period: str) -> int:
    """Return how long a candle of a period such as `15m` lasts, in milliseconds."""
    return int(period[:-1]) * _UNIT_MS[period[-1]]


def regime_period(period: str) -> str:
    """Return the period whose regime goes with a chart: its own, or an hour for days and weeks."""
    return "1h" if period_ms(period) >= _UNIT_MS["d"] else period


def settled_feed(feed: FeedStatus) -> FeedStatus:
    """Return a feed's status with an age that stands still while it is small, then in seconds."""
    age = feed.quote_age_ms
    if age is not None:
        age = 0 if age < SETTLED_AGE_MS else age // 1000 * 1000
    return msgspec.structs.replace(feed, quote_age_ms=age)


def earliest_open(opens_before: Callable[[int], bool], now_ms: int) -> int:
    """Return the time before which the first candle on record opens, to within a minute.

    `opens_before(t)` tells whether any candle opens before `t`; it is asked some forty times.
    """
    low, high = 0, now_ms
    while high - low > _UNIT_MS["m"]:
        middle = (low + high) // 2
        low, high = (low, middle) if opens_before(middle) else (middle, high)
    return high


def _known[Value, Otherwise](ask: Callable[[], Value], otherwise: Otherwise) -> Value | Otherwise:
    """Return what the desk knows, or `otherwise` where it cannot say."""
    try:
        return ask()
    except DeskError:
        return otherwise
