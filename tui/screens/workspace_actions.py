"""What each action that works in every workspace does, and each command of the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import NotFound
from engine.model.account import TraderStatus, TraderSummary
from engine.model.event import Alert, Edge, ReplayState, Severity, TraderEvent
from engine.model.order import Side
from engine.settings import MAX_SPEED, MIN_SPEED, check_speed
from tui.action import WORKSPACES, Context
from tui.actions import actions_in
from tui.commands import (
    AddPriceAlert,
    CancelOrders,
    Command,
    EngageKillSwitch,
    Flatten,
    PauseReplay,
    PauseTrader,
    Quit,
    ReleaseKillSwitch,
    RemovePriceAlerts,
    ResumeReplay,
    RunBacktest,
    SaveFactor,
    SelectTrader,
    SetSpeed,
    SetTheme,
    ShowFactors,
    ShowHelp,
    ShowNews,
    ShowPriceAlerts,
    StartTrader,
    Step,
    SwitchNewsSource,
    TriggerTrader,
    WorkOnProgram,
)
from tui.price_alerts import add_alert, remove_alert
from tui.screens.market_dialogs import open_factors, open_news, save_new_factor, switch_news_source
from tui.wording import plain_words

if TYPE_CHECKING:
    from tui.proposals import Proposal
    from tui.screens.surface import WorkspaceSurface


class WorkspaceActions:
    """Runs actions and commands for a screen; each workspace adds its own to `handlers`."""

    def __init__(self, screen: WorkspaceSurface) -> None:
        self._screen = screen
        self.handlers: dict[str, Callable[[], Awaitable[None] | None]] = {
            "order.buy": lambda: self._open_ticket(Side.BUY),
            "order.sell": lambda: self._open_ticket(Side.SELL),
            "command.open": screen.open_command_bar,
            "orders.cancel_all": self._cancel_all,
            "trader.flatten": self._flatten,
            "desk.kill": self._kill,
            "workspace.desk": partial(screen.host.open_workspace, Context.DESK),
            "workspace.market": partial(screen.host.open_workspace, Context.MARKET),
            "workspace.signals": partial(screen.host.open_workspace, Context.SIGNAL_DESK),
            "workspace.programs": partial(screen.host.open_workspace, Context.PROGRAM_DESK),
            "workspace.backtests": partial(screen.host.open_workspace, Context.BACKTEST_DESK),
            "workspace.prompts": partial(screen.host.open_workspace, Context.PROMPT_DESK),
            "workspace.models": partial(screen.host.open_workspace, Context.MODEL_DESK),
            "workspace.assistants": partial(screen.host.open_workspace, Context.ASSISTANT_DESK),
            "workspace.arena": partial(screen.host.open_workspace, Context.ARENA_DESK),
            "symbol.next": lambda: self._next_symbol(1),
            "symbol.previous": lambda: self._next_symbol(-1),
            "replay.pause": self._pause_replay,
            "replay.step": self._step_replay,
            "replay.faster": lambda: self._change_speed(2.0),
            "replay.slower": lambda: self._change_speed(0.5),
            "trader.next": self._next_trader,
            "trader.pause": self._pause_trader,
            "trader.trigger": self._trigger_trader,
            "pane.next": lambda: self._move_focus(1),
            "pane.previous": lambda: self._move_focus(-1),
            "pane.zoom": self._zoom,
            "theme.next": lambda: screen.host.next_theme(),
            "help.open": self._open_help,
            "palette.open": lambda: screen.app.action_command_palette(),
            "app.quit": lambda: screen.host.leave(),
        }
        for action in actions_in(screen.workspace):
            digit = action.keys[0]
            if digit.isdigit():
                context = list(WORKSPACES[screen.workspace])[int(digit) - 1]
                self.handlers[action.id] = partial(screen.go_to, context)

    async def perform(self, action_id: str) -> None:
        """Run one action by its id."""
        result = self.handlers[action_id]()
        if result is not None:
            await result

    async def run_command(self, command: Command) -> None:
        """Run a command that needs no confirmation."""
        screen = self._screen
        match command:
            case PauseReplay():
                self._set_paused(True)
            case ResumeReplay():
                self._set_paused(False)
            case PauseTrader(name):
                self._set_active(self._trader_named(name), active=False)
            case StartTrader(name):
                self._set_active(self._trader_named(name), active=True)
            case TriggerTrader(name, symbol):
                self._trigger(self._trader_named(name), symbol or "")
            case SelectTrader(None):
                screen.select(all_traders=True)
            case SelectTrader(str(name)):
                trader = self._trader_named(name)
                screen.select(trader_id=trader.trader_id, all_traders=False)
            case SetSpeed(speed):
                self._set_speed(float(speed))
            case Step():
                self._step_replay()
            case SetTheme(theme):
                screen.host.switch_theme(theme)
            case AddPriceAlert():
                screen.send(add_alert(command, screen.view, screen.bridge))
            case RemovePriceAlerts(int(alert_id)):
                screen.send(remove_alert(alert_id, screen.view, screen.bridge))
            case ShowPriceAlerts():
                await screen.host.open_workspace(Context.SIGNAL_DESK, Context.ALERTS)
            case ShowNews():
                await open_news(screen)
            case SwitchNewsSource():
                switch_news_source(screen, command)
            case ShowFactors():
                await open_factors(screen)
            case SaveFactor():
                save_new_factor(screen, command)
            case WorkOnProgram():
                from tui.screens.program_command import work_on_program

                await work_on_program(screen, command)
            case RunBacktest(program):
                from tui.screens.backtest_command import run_backtest

                await run_backtest(screen, program)
            case ShowHelp():
                await self._open_help()
            case Quit():
                screen.host.leave()
            case _:
                raise TypeError(f"{command} needs a proposal first")

    def announce(self, edges: Iterable[Edge]) -> None:
        """Show what a person should see now as a short message; what is told twice at once is shown once."""
        said: set[str] = set()
        for edge in edges:
            if isinstance(edge, Alert) and edge.severity is not Severity.INFO:
                severity = "error" if edge.severity is Severity.ERROR else "warning"
                message = edge.message
            elif isinstance(edge, TraderEvent) and edge.status is TraderStatus.ERROR:
                severity = "error"
                message = f"{self._screen.view.trader_name(edge.trader_id)}: {edge.reason}"
            else:
                continue
            if message not in said:
                said.add(message)
                self._screen.say(plain_words(message), severity, is_in_chat=True)

    async def _cancel_all(self) -> None:
        await self._ask_to(CancelOrders())

    async def _flatten(self) -> None:
        await self._ask_to(Flatten())

    async def _kill(self) -> None:
        is_on = self._screen.view.market.kill_switch
        await self._ask_to(ReleaseKillSwitch() if is_on else EngageKillSwitch())

    async def _ask_to(self, command: CancelOrders | Flatten | EngageKillSwitch | ReleaseKillSwitch) -> None:
        from tui.proposals import propose_risky

        screen = self._screen
        await screen.ask(lambda: propose_risky(command, screen.view, screen.bridge))

    async def _open_ticket(self, side: Side) -> None:
        from tui.screens.ticket import TicketScreen

        screen = self._screen
        if screen.view.trader is None or not screen.view.selection.symbol:
            screen.say("the desk is still starting", "warning")
            return

        def answered(proposal: Proposal | None) -> None:
            if proposal is not None:
                screen.run_proposal(proposal)

        await screen.app.push_screen(TicketScreen(screen.bridge, side), answered)

    async def _open_help(self) -> None:
        from tui.screens.help import HelpScreen

        await self._screen.app.push_screen(HelpScreen(self._screen.workspace))

    def _pause_replay(self) -> None:
        self._set_paused(self._screen.view.market.replay is not ReplayState.PAUSED)

    def _set_paused(self, paused: bool) -> None:
        screen = self._screen

        async def run() -> str:
            await screen.bridge.desk.set_replay(paused=paused)
            return ""

        screen.send(run)

    def _step_replay(self) -> None:
        screen = self._screen

        async def run() -> str:
            await screen.bridge.desk.step_replay()
            return ""

        screen.send(run)

    def _change_speed(self, factor: float) -> None:
        speed = self._screen.view.market.speed * factor
        self._set_speed(max(MIN_SPEED, min(MAX_SPEED, speed)))

    def _set_speed(self, speed: float) -> None:
        screen = self._screen

        async def run() -> str:
            status = await screen.bridge.desk.set_replay(speed=check_speed(speed))
            return f"replay speed {status.speed:g}×"

        screen.send(run)

    def _next_trader(self) -> None:
        view = self._screen.view
        ids = [trader.trader_id for trader in view.traders]
        if ids:
            chosen = view.selection.trader_id
            place = ids.index(chosen) if chosen in ids else -1
            self._screen.select(trader_id=ids[(place + 1) % len(ids)])

    def _next_symbol(self, direction: int) -> None:
        view = self._screen.view
        symbols = [instrument.symbol for instrument in view.instruments]
        if symbols:
            place = symbols.index(view.selection.symbol) if view.selection.symbol in symbols else 0
            self._screen.select(symbol=symbols[(place + direction) % len(symbols)])

    def _trader_named(self, name: str) -> TraderSummary:
        for trader in self._screen.view.traders:
            if trader.name == name:
                return trader
        raise NotFound(f"trader: there is no {name} any more", field="trader", value=name)

    def _pause_trader(self) -> None:
        trader = self._screen.view.trader
        if trader is not None:
            self._set_active(trader, active=trader.status is not TraderStatus.ACTIVE)

    def _set_active(self, trader: TraderSummary, *, active: bool) -> None:
        desk = self._screen.bridge.desk

        async def run() -> str:
            change = desk.start_trader if active else desk.pause_trader
            summary = await change(trader.trader_id)
            return f"{summary.name} is {summary.status}"

        self._screen.send(run)

    def _say_proof(self, proof: str | None) -> None:
        """Say what a dialog did; one that was left did nothing."""
        if proof is not None:
            self._screen.say(proof)

    def _trigger_trader(self) -> None:
        trader = self._screen.view.trader
        if trader is not None:
            self._trigger(trader, "")

    def _trigger(self, trader: TraderSummary, symbol: str) -> None:
        desk = self._screen.bridge.desk

        async def run() -> str:
            await desk.trigger(trader.trader_id, symbol)
            return f"{trader.name} is asked to decide"

        self._screen.send(run)

    def _move_focus(self, direction: int) -> None:
        contexts = list(WORKSPACES[self._screen.workspace])
        pane = self._screen.focused_pane
        place = contexts.index(pane.context) if pane else -direction
        self._screen.go_to(contexts[(place + direction) % len(contexts)])

    def _zoom(self) -> None:
        screen = self._screen
        pane = screen.focused_pane
        if screen.zoomed is not None:
            screen.zoom(None)
        elif pane is not None:
            screen.zoom(pane.context)
