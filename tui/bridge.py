"""The one file that talks to the desk: pulls the present state, drains what happened, sends commands.

*Levels are pulled, edges are drained.* At each paint tick `refresh` reads the desk's snapshots into
one `DeskView` and empties the subscription. A burst of a thousand updates between two ticks costs
one picture, and a picture equal to the last one is handed back as the same object.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import msgspec

from engine.desk import Desk, OrderPreview
from engine.errors import Lagged, Unavailable
from engine.model.decision import DecisionRecord
from engine.model.event import Alert, Edge, ReasoningEvent, ReplayState, Topic
from engine.model.order import OrderRequest
from engine.streams import Subscription
from tui.view import Curve, DeskView, Selection, settled_market, settled_selection

CURVE_INTERVAL_S = 1.0
CURVE_POINTS = 240
HISTORY_LENGTH = 50
MAX_UNREAD = 2_000
"""More than this that nobody has read is forgotten: the history is read anew instead."""

_TOPICS = (Topic.DECISIONS, Topic.REASONING, Topic.ORDERS, Topic.TRADERS, Topic.ALERTS)


class News(msgspec.Struct, frozen=True):
    """What one tick brings besides the picture.

    `history` is not None when the chat must start again from it: at the first tick, and after the
    reader fell behind. `edges` came after that history, in order.
    """

    edges: tuple[Edge, ...] = ()
    history: tuple[DecisionRecord, ...] | None = None

    def followed_by(self, later: News) -> News:
        """Return this and what came after it as one."""
        if later.history is not None:
            return later
        if not later.edges:
            return self
        return News((*self.edges, *later.edges), self.history)


class DeskBridge:
    """Reads the desk for the panes; `desk` is for commands, which are awaited."""

    def __init__(self, desk: Desk, clock: Callable[[], float] = monotonic) -> None:
        self.desk = desk
        self._clock = clock
        self._view = DeskView()
        self._unread = News()
        self._subscription: Subscription | None = None
        self._history_is_due = True
        self._seen_seq: dict[int, int] = {}
        self._curves_read_at = -CURVE_INTERVAL_S
        self._curves_are_of: Selection | None = None

    @property
    def view(self) -> DeskView:
        """The picture as last read."""
        return self._view

    def refresh(self, selection: Selection, *, wants_curves: bool = True) -> tuple[DeskView, News]:
        """Read the desk once; the view is the same object as before when nothing changed.

        `wants_curves` is False while no curve is on screen: the last ones are kept then.
        """
        desk = self.desk
        market = desk.market()
        news = self._drain(is_ready=market.replay is not ReplayState.STARTING)
        instruments, traders = desk.instruments(), desk.traders()
        selection = settled_selection(selection, traders, instruments)
        view = DeskView(
            selection=selection,
            market=settled_market(market),
            instruments=instruments,
            traders=traders,
            configs=desk.roster.configs(),
            positions=desk.positions(),
            orders=desk.orders(open_only=not selection.order_history),
            tickers=desk.tickers(),
            curves=self._curves(selection, traders_known=bool(traders))
            if wants_curves
            else self._view.curves,
        )
        if view != self._view:
            self._view = view
        self._unread = self._unread.followed_by(news)
        if len(self._unread.edges) > MAX_UNREAD:
            self._unread, self._history_is_due = News(), True
        return self._view, news

    def take_unread(self) -> News:
        """Return everything since the last time, for the one reader that must miss nothing."""
        unread, self._unread = self._unread, News()
        return unread

    def preview(self, request: OrderRequest) -> OrderPreview:
        """Return what an order would do; raises `DeskError`."""
        return self.desk.preview_order(request)

    def close(self) -> None:
        """Stop listening."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    def _drain(self, *, is_ready: bool) -> News:
        try:
            if self._subscription is None:
                self._subscription = self.desk.stream(_TOPICS)
            edges = self._subscription.drain().edges
        except Lagged:
            self._history_is_due, edges = True, ()
        except Unavailable:
            return News()
        if self._history_is_due and is_ready:
            self._history_is_due = False
            # What the history holds already must not arrive a second time.
            return News(
                edges=tuple(edge for edge in edges if isinstance(edge, Alert)), history=self._history()
            )
        return News(edges=tuple(edge for edge in edges if self._is_new(edge)))

    def _history(self) -> tuple[DecisionRecord, ...]:
        """Return recent decisions, and note which streamed pieces they already hold."""
        self._seen_seq = {trader.trader_id: trader.seq for trader in self.desk.traders()}
        return self.desk.decisions(limit=HISTORY_LENGTH)

    def _is_new(self, edge: Edge) -> bool:
        if not isinstance(edge, ReasoningEvent):
            return True
        return edge.seq > self._seen_seq.get(edge.trader_id, -1)

    def _curves(self, selection: Selection, *, traders_known: bool) -> tuple[Curve, ...]:
        """Return the asset curves, read anew when another one is wanted or a second has passed."""
        if not traders_known:
            return ()
        looked_at = Selection(
            trader_id=selection.trader_id, all_traders=selection.all_traders, span=selection.span
        )
        now = self._clock()
        is_same = self._curves_are_of == looked_at
        if is_same and now - self._curves_read_at < CURVE_INTERVAL_S:
            return self._view.curves
        self._curves_read_at, self._curves_are_of = now, looked_at
        ids = (
            [trader.trader_id for trader in self.desk.traders()]
            if selection.all_traders
            else [selection.trader_id]
        )
        return tuple(
            Curve(trader_id, self.desk.equity(trader_id, selection.span, CURVE_POINTS)) for trader_id in ids
        )
