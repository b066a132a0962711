"""What each action of the table does that works only on the signals screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from engine.errors import DeskError
from engine.model.signal import SignalDefinition, SignalPool
from tui.action import Context
from tui.panes.signal_base import SignalTablePane, subject_of
from tui.screens.surface import WorkspaceSurface
from tui.screens.workspace_actions import WorkspaceActions
from tui.signal_preview import PreviewSpan
from tui.signal_view import SignalView
from tui.wording import refusal_text

if TYPE_CHECKING:
    from tui.proposals import Proposal

Subject = tuple[int, str]
"""A signal or a pool by its id, and the symbol of its row, "" where it stands for none."""

ActOn = Callable[[int, str], Awaitable[None]]


class SignalSurface(WorkspaceSurface, Protocol):
    """The signals screen, as its actions use it."""

    @property
    def signals(self) -> SignalView:
        """The picture of the signals as last read."""

    @property
    def span(self) -> PreviewSpan:
        """How far back the preview reaches."""

    def set_span(self, span: PreviewSpan) -> None:
        """Preview over another stretch of history."""


class SignalActions(WorkspaceActions):
    """Runs actions and commands for the signals screen."""

    def __init__(self, screen: SignalSurface) -> None:
        super().__init__(screen)
        self._signals = screen
        self.handlers |= {
            "signal.new": self.new_signal,
            "signal.edit": lambda: self._with_signal(self._edit_signal),
            "signal.delete": lambda: self._with_signal(self._delete_signal),
            "signal.toggle": lambda: self._with_signal(self._toggle_signal),
            "signal.test": lambda: self._with_signal(self._test_signal),
            "pool.new": self._new_pool,
            "pool.edit": lambda: self._with_pool(self._edit_pool),
            "pool.listeners": lambda: self._with_pool(self._choose_listeners),
            "pool.toggle": lambda: self._with_pool(self._toggle_pool),
            "pool.test": lambda: self._with_pool(self._test_pool),
            "pool.reset": lambda: self._with_pool(self._reset_pool),
            "pools.reset": lambda: self._reset(None),
            "pool.delete": lambda: self._with_pool(self._delete_pool),
            "alert.new": self._new_alert,
            "alert.delete": self._delete_alert,
            "preview.shorter": lambda: self._change_span(-1),
            "preview.longer": lambda: self._change_span(1),
        }
        for span in PreviewSpan:
            self.handlers[f"preview.{span.value}"] = partial(screen.set_span, span)

    def subject_in(self, context: Context) -> Subject | None:
        """Return what the cursor of the signals or the pools pane is on."""
        pane = self._signals.pane(context)
        return subject_of(pane.cursor_key) if isinstance(pane, SignalTablePane) else None

    async def new_signal(self, condition: str = "") -> None:
        """Open the editor for a new signal, with a condition already typed if one is given."""
        empty = SignalDefinition(signal_id=0, name="", condition="")
        await self._open_signal_editor(empty, condition=condition)

    async def edit_with(self, signal_id: int, condition: str) -> None:
        """Open the editor of a signal with another condition typed."""
        signal = self._signals.signals.signal(signal_id)
        if signal is not None:
            await self._open_signal_editor(signal, condition=condition)

    async def _with_signal(self, act: ActOn) -> None:
        await self._with_subject(Context.SIGNALS, "no signal under the cursor", act)

    async def _with_pool(self, act: ActOn) -> None:
        await self._with_subject(Context.POOLS, "no pool under the cursor", act)

    async def _with_subject(self, context: Context, missing: str, act: ActOn) -> None:
        """Act on what a pane's cursor is on; say so where there is nothing, or it has just gone."""
        subject = self.subject_in(context)
        if subject is None:
            self._signals.say(missing, "warning")
            return
        try:
            await act(*subject)
        except DeskError as error:
            self._signals.say(refusal_text(error), "warning")

    async def _edit_signal(self, signal_id: int, symbol: str) -> None:
        from tui.signal_proposals import signal_named

        await self._open_signal_editor(signal_named(self._signals.signals, signal_id), symbol)

    async def _open_signal_editor(
        self, signal: SignalDefinition, symbol: str = "", condition: str = ""
    ) -> None:
        from tui.screens.signal_editor import SignalEditor

        screen = self._signals
        editor = SignalEditor(screen.bridge, signal, symbol or screen.selection.symbol, condition=condition)
        await screen.app.push_screen(editor, self._say_proof)

    async def _toggle_signal(self, signal_id: int, symbol: str) -> None:
        from tui.signal_proposals import toggle_signal

        self._signals.send(toggle_signal(self._signals.signals, signal_id, self._signals.bridge))

    async def _test_signal(self, signal_id: int, symbol: str) -> None:
        from tui.screens.signal_test import SignalTestScreen, signal_test

        screen = self._signals
        where = symbol or screen.selection.symbol
        title = f"Test {screen.signals.signal_name(signal_id)} on {where}"
        test = SignalTestScreen(title, lambda: signal_test(screen.signals, signal_id, where))
        await screen.app.push_screen(test)

    async def _delete_signal(self, signal_id: int, symbol: str) -> None:
        def make() -> Proposal:
            from tui.signal_proposals import propose_delete_signal

            return propose_delete_signal(self._signals.signals, signal_id, self._signals.bridge)

        await self._signals.ask(make)

    async def _new_pool(self) -> None:
        await self._open_pool_editor(SignalPool(pool_id=0, name="", signal_ids=()), "")

    async def _edit_pool(self, pool_id: int, symbol: str) -> None:
        from tui.signal_proposals import pool_named

        await self._open_pool_editor(pool_named(self._signals.signals, pool_id), symbol)

    async def _open_pool_editor(self, pool: SignalPool, symbol: str) -> None:
        from tui.screens.signal_pool_editor import PoolEditor

        screen = self._signals
        editor = PoolEditor(screen.bridge, screen.signals, pool, symbol or screen.selection.symbol)
        await screen.app.push_screen(editor, self._say_proof)

    async def _choose_listeners(self, pool_id: int, symbol: str) -> None:
        from tui.screens.signal_listeners import ListenersScreen
        from tui.signal_proposals import pool_named

        screen = self._signals
        pool = pool_named(screen.signals, pool_id)
        await screen.app.push_screen(ListenersScreen(screen.bridge, screen.signals, pool), self._say_proof)

    async def _toggle_pool(self, pool_id: int, symbol: str) -> None:
        from tui.signal_proposals import toggle_pool

        self._signals.send(toggle_pool(self._signals.signals, pool_id, self._signals.bridge))

    async def _test_pool(self, pool_id: int, symbol: str) -> None:
        from tui.screens.signal_test import SignalTestScreen, pool_test
        from tui.signal_proposals import pool_named

        screen = self._signals
        title = f"Test {pool_named(screen.signals, pool_id).name} on {symbol}"
        await screen.app.push_screen(
            SignalTestScreen(title, lambda: pool_test(screen.signals, pool_id, symbol))
        )

    async def _reset_pool(self, pool_id: int, symbol: str) -> None:
        await self._reset(pool_id)

    async def _reset(self, pool_id: int | None) -> None:
        def make() -> Proposal:
            from tui.signal_proposals import propose_reset

            return propose_reset(self._signals.signals, pool_id, self._signals.bridge)

        await self._signals.ask(make)

    async def _delete_pool(self, pool_id: int, symbol: str) -> None:
        def make() -> Proposal:
            from tui.signal_proposals import propose_delete_pool

            return propose_delete_pool(self._signals.signals, pool_id, self._signals.bridge)

        await self._signals.ask(make)

    async def _new_alert(self) -> None:
        symbol = self._signals.selection.symbol.lower()
        await self._signals.open_command_bar(f"alert {symbol} > " if symbol else "alert ")

    async def _delete_alert(self) -> None:
        pane = self._signals.pane(Context.ALERTS)
        key = pane.cursor_key if isinstance(pane, SignalTablePane) else None
        if key is None:
            self._signals.say("no price alert under the cursor", "warning")
            return

        def make() -> Proposal:
            from tui.signal_proposals import propose_remove_alert

            return propose_remove_alert(self._signals.signals, int(key), self._signals.bridge)

        await self._signals.ask(make)

    def _change_span(self, direction: int) -> None:
        spans = tuple(PreviewSpan)
        place = spans.index(self._signals.span) + direction
        self._signals.set_span(spans[max(0, min(len(spans) - 1, place))])
