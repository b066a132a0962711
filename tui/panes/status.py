"""The status line: what is at stake (REPLAY, PAPER, LIVE), whether it runs, and what it is worth."""

from __future__ import annotations

from engine.model.account import TradingMode
from engine.model.event import MarketStatus, ReplayState
from tui import format as fmt
from tui.panes.span_line import Span, SpanLine
from tui.view import STALE_FEED_MS, DeskView

WIDE = 110
"""From this width on the line has room for labels, the year and the seconds."""

_DAY_ROOM = len("▲ +9,999.99")
_EQUITY_ROOM = len("999,999.99")
_REPLAY_ROOM = len("‖ paused")
_FEED_ROOM = len("feed idle")


def status_spans(view: DeskView, width: int) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the left and the right half of the status line of a terminal that wide.

    What is shown depends on the width and on what is wrong, never on the digits of the moment.
    """
    market = view.market
    if view.is_starting:
        return (Span(" NIGHTDESK ", "replay"), Span(" starting …", "muted")), ()
    is_wide = width >= WIDE
    left = [_badge(view.mode, market)]
    if market.kill_switch:
        left += [_gap(), Span("KILL SWITCH ON" if is_wide else "KILL ON", "danger", "desk.kill")]
    armed = Span("● armed", "live") if market.armed else Span("○ not armed", "muted")
    time = fmt.market_date_time(market.now_ms) + fmt.market_time(market.now_ms)[-3:]
    time = time if is_wide else fmt.short_date_time(market.now_ms)
    clock = Span(time, priority=2)
    left += [_gap(), armed, _gap(2), clock, _gap(), _replay(market), _gap(), _feed(market)]
    day = view.day_pnl
    right = [
        Span(fmt.money(view.equity), room=_EQUITY_ROOM),
        _gap(1),
        Span(fmt.profit(day), fmt.trend_role(day), priority=1, room=_DAY_ROOM),
    ]
    if is_wide:
        right[:1] = [Span("equity ", "muted"), right[0], Span(" USDC", "muted")]
        right[-1:] = [Span("day ", "muted"), right[-1], Span(" ")]
    return tuple(left), tuple(right)


def _gap(priority: int = 0) -> Span:
    return Span("  ", priority=priority)


def _badge(mode: TradingMode, market: MarketStatus) -> Span:
    """Return the word that says what an order touches; a recording is always called REPLAY."""
    return Span(f" {mode.upper()} ", mode.value)


def _replay(market: MarketStatus) -> Span:
    if market.replay is ReplayState.PAUSED:
        return Span("‖ paused", "warning", "replay.pause")
    if market.replay is ReplayState.ENDED:
        return Span("■ ended", "warning")
    return Span(f"▶ {market.speed:g}×", "text", "replay.pause", room=_REPLAY_ROOM)


def _feed(market: MarketStatus) -> Span:
    if market.replay is not ReplayState.RUNNING:
        return Span("feed idle", "muted")
    if market.feed_age_ms is None:
        return Span("feed silent", "stale")
    if market.feed_age_ms:
        return Span(f"feed {fmt.age(market.feed_age_ms)} old", "stale")
    return Span(f"feed <{STALE_FEED_MS // 1000}s", "muted", room=_FEED_ROOM)


class StatusLine(SpanLine):
    """The top line of the desk."""

    DEFAULT_CSS = "StatusLine { background: $panel; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._view: DeskView | None = None

    def on_resize(self) -> None:
        """Say what the new width has room for."""
        if self._view is not None:
            self.show_view(self._view)

    def show_view(self, view: DeskView) -> None:
        """Show this picture of the desk."""
        self._view = view
        self.show(*status_spans(view, self.size.width))
