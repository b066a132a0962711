"""The status line: what is at stake (REPLAY, PAPER, LIVE), whether it runs, and what it is worth."""

from __future__ import annotations

from engine.model.account import TradingMode
from engine.model.event import MarketStatus, ReplayState
from tui import format as fmt
from tui.panes.span_line import Span, SpanLine
from tui.view import DeskView

_GAP = Span("  ")


def status_spans(view: DeskView) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the left and the right half of the status line."""
    market = view.market
    if view.is_starting:
        return (Span(" NIGHTDESK ", "replay"), Span(" starting …", "muted")), ()
    left = [_badge(view.mode, market), _GAP]
    if market.kill_switch:
        left += [Span("KILL SWITCH ON", "danger", "desk.kill"), _GAP]
    left += [
        Span("● armed", "live") if market.armed else Span("○ not armed", "muted"),
        _GAP,
        Span(fmt.market_date_time(market.now_ms)[:-5], "muted", priority=3),
        Span(fmt.market_time(market.now_ms)),
        _GAP,
        _replay(market),
        _GAP,
        _feed(market),
    ]
    day = view.day_pnl
    right = (
        Span("equity ", "muted", priority=2),
        Span(fmt.money(view.equity)),
        Span(" USDC", "muted", priority=4),
        Span("  day ", "muted", priority=2),
        Span("  ", priority=0),
        Span(fmt.profit(day), fmt.trend_role(day)),
        Span(" "),
    )
    return tuple(left), right


def _badge(mode: TradingMode, market: MarketStatus) -> Span:
    """Return the word that says what an order touches; a recording is always called REPLAY."""
    return Span(f" {mode.upper()} ", mode.value)


def _replay(market: MarketStatus) -> Span:
    if market.replay is ReplayState.PAUSED:
        return Span("‖ paused", "warning", "replay.pause")
    if market.replay is ReplayState.ENDED:
        return Span("■ ended", "warning")
    return Span(f"▶ {market.speed:g}×", "text", "replay.pause")


def _feed(market: MarketStatus) -> Span:
    if market.replay is not ReplayState.RUNNING:
        return Span("feed still", "muted", priority=1)
    if market.feed_age_ms is None:
        return Span("feed silent", "stale", priority=1)
    if market.feed_age_ms:
        return Span(f"feed {fmt.age(market.feed_age_ms)} old", "stale")
    return Span("feed <5s", "muted", priority=1)


class StatusLine(SpanLine):
    """The top line of the desk."""

    DEFAULT_CSS = "StatusLine { background: $panel; }"

    def show_view(self, view: DeskView) -> None:
        """Show this picture of the desk."""
        self.show(*status_spans(view))
