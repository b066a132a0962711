"""The signals screen: what is watched for, how it stands, what it fired, and what it would have fired."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType

from tui.action import Context
from tui.actions import bindings_for
from tui.bridge import DeskBridge
from tui.messages import SymbolChosen
from tui.panes.signal_alerts import AlertsPane
from tui.panes.signal_base import SignalPane, subject_key, subject_of
from tui.panes.signal_fires import FiresPane
from tui.panes.signal_list import SignalsPane
from tui.panes.signal_pools import PoolsPane
from tui.panes.signal_preview import PreviewPane, SuggestionChosen
from tui.screens.signal_actions import SignalActions
from tui.screens.signal_layout import arrange_signals
from tui.screens.turns_layout import TurnsLayout
from tui.screens.workspace import WorkspaceScreen
from tui.signal_preview import (
    PreviewPicture,
    PreviewSpan,
    PreviewTarget,
    load_preview,
    metric_in,
    period_in,
)
from tui.signal_view import SignalReader, SignalView
from tui.view import DeskView
from tui.widgets.live_table import LiveTable

SETTLE_S = 0.15
"""How long the cursor must rest before a preview is worth loading."""
AGAIN_S = 10.0
"""A preview that time has overtaken is made anew at most this often."""


class SignalsScreen(WorkspaceScreen):
    """Signals, pools, the trigger log, price alerts, and a preview of what the cursor is on."""

    workspace = Context.SIGNAL_DESK
    first_pane = Context.SIGNALS
    panes = (SignalsPane, PoolsPane, FiresPane, AlertsPane, PreviewPane)
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.SIGNAL_DESK)

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        self.signals = SignalView()
        self.span = PreviewSpan.WEEK
        super().__init__(bridge, frames_per_second)
        self._reader = SignalReader(bridge.desk)
        self._shown: dict[str, SignalView] = {}
        self._previews = Context.SIGNALS
        self._target: PreviewTarget | None = None
        self._picture: PreviewPicture | None = None
        self._asked_at = 0.0

    def make_layout(self) -> TurnsLayout:
        """Return the layout of the signals screen."""
        return TurnsLayout(Context.SIGNALS, arrange_signals)

    def make_actions(self) -> SignalActions:
        """Return what runs its actions."""
        self._signal_actions = SignalActions(self)
        return self._signal_actions

    def show_picture(self, view: DeskView) -> None:
        """Hand each visible pane the picture, and load the preview of what the cursor is on."""
        self.signals = self._reader.read(view)
        shown = self.grid.shown_ids()
        for pane in self.query(SignalPane):
            if pane.id in shown and self._shown.get(pane.id or "") is not self.signals:
                self._shown[pane.id or ""] = self.signals
                pane.show(self.signals)
        if Context.PREVIEW.value in shown:
            self._show_preview()

    def set_span(self, span: PreviewSpan) -> None:
        """Preview over another stretch of history."""
        self.span = span
        self.paint_tick()

    @on(events.DescendantFocus)
    def remember_what_to_preview(self) -> None:
        """Let the preview follow the list that was last worked in."""
        pane = self.focused_pane
        if pane is not None and pane.context in (Context.SIGNALS, Context.POOLS):
            self._previews = pane.context

    @on(LiveTable.RowHighlighted)
    def cursor_moved(self) -> None:
        """Show at once what is said about the new row."""
        self._shown.clear()
        self.call_after_refresh(self.paint_tick)

    @on(LiveTable.RowSelected, "#signals LiveTable, #pools LiveTable")
    async def row_chosen(self, event: LiveTable.RowSelected) -> None:
        """Let the keys act on the row's symbol, and open its editor."""
        subject = subject_of(event.key)
        if subject is not None and subject[1]:
            self.post_message(SymbolChosen(subject[1]))
        is_signal = self.focused_pane is self.pane(Context.SIGNALS)
        await self.action_perform("signal.edit" if is_signal else "pool.edit")

    @on(LiveTable.RowSelected, "#fires LiveTable")
    def fire_chosen(self, event: LiveTable.RowSelected) -> None:
        """Go to the pool that fired."""
        fire = next((item for item in self.signals.fires if str(item.fire_id) == event.key), None)
        if fire is not None:
            self.go_to(Context.POOLS)
            table = self.pane(Context.POOLS).query_one(LiveTable)
            table.move_cursor_to(subject_key(fire.pool_id, fire.symbol))

    @on(LiveTable.RowSelected, "#alerts LiveTable")
    def alert_chosen(self, event: LiveTable.RowSelected) -> None:
        """Let the keys act on the alert's symbol."""
        for alert in self.signals.alerts:
            if str(alert.alert_id) == event.key:
                self.post_message(SymbolChosen(alert.symbol))

    @on(SuggestionChosen)
    async def suggestion_chosen(self, event: SuggestionChosen) -> None:
        """Open the editor of the previewed signal with the suggestion."""
        subject = self._signal_actions.subject_in(Context.SIGNALS)
        if subject is not None and self._previews is Context.SIGNALS:
            await self._signal_actions.edit_with(subject[0], event.condition)
        else:
            await self._signal_actions.new_signal(event.condition)

    def _wanted_target(self) -> PreviewTarget | None:
        """Return what is to be previewed: the row of the list that was last worked in."""
        subject = self._signal_actions.subject_in(self._previews)
        if subject is None:
            return None
        subject_id, symbol = subject
        symbol = symbol or self.selection.symbol
        if self._previews is Context.POOLS:
            pool = self.signals.pool(subject_id)
            if pool is None:
                return None
            return PreviewTarget(name=pool.name, symbol=symbol, span=self.span, pool=pool)
        signal = self.signals.signal(subject_id)
        if signal is None:
            return None
        return PreviewTarget(
            name=signal.name,
            symbol=symbol,
            span=self.span,
            condition=signal.condition,
            metric=metric_in(signal.condition),
            period=period_in(signal.condition),
        )

    def _show_preview(self) -> None:
        target, now_ms = self._wanted_target(), self.signals.now_ms
        is_overtaken = self._picture is not None and self._picture.is_due_again(now_ms)
        if target != self._target or (is_overtaken and monotonic() - self._asked_at > AGAIN_S):
            self._target, self._asked_at = target, monotonic()
            if target is not None:
                loading = self._load_preview(target, now_ms)
                self.run_worker(loading, group="preview", exclusive=True, exit_on_error=False)
        self.query_one(PreviewPane).show_target(target, self._picture)

    async def _load_preview(self, target: PreviewTarget, now_ms: int) -> None:
        await asyncio.sleep(SETTLE_S)
        try:
            self._picture = await load_preview(self.bridge.desk, target, now_ms)
        except Exception as error:  # an engine fault must not leave the pane waiting for ever
            problem = f"unexpected {type(error).__name__}: {error}"
            self._picture = PreviewPicture(target=target, problem=problem)
        self.paint_tick()
