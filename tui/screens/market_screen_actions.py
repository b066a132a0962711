"""What each action of the market screen does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from engine.model.candle import Candle
from engine.model.chart import ChartRequest
from engine.text import count
from tui.market_view import MarketSettings, earliest_open
from tui.screens import market_moves as moves
from tui.screens.market_dialogs import open_factors, open_news, open_regime_thresholds
from tui.screens.workspace_actions import WorkspaceActions

if TYPE_CHECKING:
    from tui.screens.market import MarketScreen

SCROLL_SHARE = 8
"""An arrow key scrolls one of so many parts of the chart."""

_UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week"}


def period_words(period: str) -> str:
    """Return a period in words: `15 minutes`."""
    return count(int(period[:-1]), _UNITS[period[-1]])


class MarketActions(WorkspaceActions):
    """Runs actions and commands for the market screen."""

    def __init__(self, screen: MarketScreen) -> None:
        super().__init__(screen)
        self._market = screen
        self.handlers |= {
            "chart.indicators": self._open_indicators,
            "chart.periods": self._open_periods,
            "chart.shorter": lambda: self._next_period(-1),
            "chart.longer": lambda: self._next_period(1),
            "chart.zoom_in": lambda: self._set(moves.zoomed(self._settings, 1)),
            "chart.zoom_out": lambda: self._set(moves.zoomed(self._settings, -1)),
            "chart.older": lambda: self._step(-1),
            "chart.newer": lambda: self._step(1),
            "chart.page_older": lambda: self._scroll(-1.0),
            "chart.page_newer": lambda: self._scroll(1.0),
            "chart.oldest": self._go_to_oldest,
            "chart.now": lambda: self._change(before_ms=None, cursor_ms=None),
            "chart.cursor": lambda: self._set(moves.toggled_cursor(self._settings, screen.shown_candles)),
            "chart.cursor_left": lambda: self._move_cursor(-1),
            "chart.cursor_right": lambda: self._move_cursor(1),
            "chart.volume": lambda: self._change(has_volume=not self._settings.has_volume),
            "chart.markers": lambda: self._change(has_marks=not self._settings.has_marks),
            "market.sides": screen.toggle_sides,
            "market.reasons": screen.toggle_reasons,
            "market.window": lambda: self._set(moves.next_window(self._settings)),
            "market.news": lambda: open_news(screen),
            "market.factors": lambda: open_factors(screen, self._settings.period),
            "market.thresholds": lambda: open_regime_thresholds(screen),
        }

    async def perform(self, action_id: str) -> None:
        """Run one action by its id, or show candles of the period a click names."""
        if action_id.startswith("chart.period."):
            self._set(moves.with_period(self._settings, action_id.removeprefix("chart.period.")))
        else:
            await super().perform(action_id)

    @property
    def _settings(self) -> MarketSettings:
        return self._market.settings

    def _set(self, settings: MarketSettings) -> None:
        self._market.look(settings)

    def _change(self, **changes: bool | None) -> None:
        self._set(msgspec.structs.replace(self._settings, **changes))

    def _next_period(self, direction: int) -> None:
        self._set(moves.next_period(self._settings, self._market.periods, direction))

    def _step(self, direction: int) -> None:
        """Move the crosshair by a candle, or without one the chart by a part of it."""
        if self._settings.cursor_ms is not None:
            self._move_cursor(direction)
        else:
            self._scroll(direction / SCROLL_SHARE)

    def _scroll(self, share: float) -> None:
        shown = self._market.shown_candles
        columns = max(1, round(abs(share) * shown.columns))
        self._set(moves.scrolled(self._settings, shown, columns if share > 0 else -columns))

    def _move_cursor(self, columns: int) -> None:
        self._set(moves.with_cursor(self._settings, self._market.shown_candles, columns))

    def _go_to_oldest(self) -> None:
        shown, settings = self._market.shown_candles, self._settings
        if not shown.candles:
            return
        markets, symbol = self._market.bridge.desk.markets, self._market.selection.symbol

        def before(ts_ms: int) -> tuple[Candle, ...]:
            return markets.chart(
                ChartRequest(symbol=symbol, period=settings.period, limit=1, before_ms=ts_ms)
            ).candles

        first = before(earliest_open(lambda ts_ms: bool(before(ts_ms)), shown.now_ms))
        if first:
            edge = first[0].open_ms + shown.columns * settings.column_ms
            self._set(moves.at(settings, edge, shown.now_ms))

    async def _open_periods(self) -> None:
        from tui.screens.choices import ChoiceScreen

        def chosen(period: str | None) -> None:
            if period is not None:
                self._set(moves.with_period(self._settings, period))

        choices = [(period, period_words(period)) for period in self._market.periods]
        await self._market.app.push_screen(ChoiceScreen("Candles of", choices, self._settings.period), chosen)

    async def _open_indicators(self) -> None:
        from tui.screens.indicators import IndicatorsScreen

        markets, symbol = self._market.bridge.desk.markets, self._market.selection.symbol

        def check(text: str) -> None:
            period = self._settings.period
            markets.chart(ChartRequest(symbol=symbol, period=period, indicators=(text,), limit=2))

        def chosen(indicators: tuple[str, ...] | None) -> None:
            if indicators is not None:
                self._set(msgspec.structs.replace(self._settings, indicators=indicators))

        screen = IndicatorsScreen(markets.indicators(), self._settings.indicators, check)
        await self._market.app.push_screen(screen, chosen)
