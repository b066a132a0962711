"""What each action on a trader in the desk's list does: made, changed, put away, moved as a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import DeskError
from engine.model.account import TraderConfig, TraderSummary
from engine.model.decision import DecisionRecord, DecisionStatus
from tui.wording import refusal_text

if TYPE_CHECKING:
    from engine.model.trader_file import ImportPreview, TraderFile
    from tui.proposals import Proposal
    from tui.screens.surface import WorkspaceSurface

NO_TRADER = "no trader is selected; the desk is still starting"
HISTORY_LENGTH = 500


class TraderLifeActions:
    """Runs the actions on the selected trader; `handlers` is what a workspace adds to its own."""

    def __init__(self, screen: WorkspaceSurface) -> None:
        self._screen = screen
        self.handlers: dict[str, Callable[[], Awaitable[None] | None]] = {
            "trader.cause": partial(self._with_trader, self._open_cause),
            "trader.settings": partial(self._with_trader, self._open_settings),
            "trader.new": partial(self._open_form, None),
            "trader.trading": partial(self._with_trader, self._switch_trading),
            "trader.hide": partial(self._with_trader, self._hide),
            "trader.unhide": self._choose_hidden,
            "trader.delete": partial(self._with_trader, self._delete),
            "trader.export": partial(self._with_trader, self._export),
            "trader.import": self._import,
        }

    async def _with_trader(self, act: Callable[[TraderSummary], Awaitable[None]]) -> None:
        trader = self._screen.view.trader
        if trader is None:
            self._screen.say(NO_TRADER, "warning")
            return
        try:
            await act(trader)
        except DeskError as error:
            self._screen.say(refusal_text(error), "warning")

    def _config_of(self, trader: TraderSummary) -> TraderConfig | None:
        return next((each for each in self._screen.view.configs if each.trader_id == trader.trader_id), None)

    async def _open_cause(self, trader: TraderSummary) -> None:
        failed = self._last_failed(trader)
        if failed is not None:
            from tui.screens.decision_detail import DecisionDetailScreen

            await self._screen.app.push_screen(DecisionDetailScreen(self._screen.bridge, failed.decision_id))
        elif trader.status_reason:
            self._screen.say(f"{trader.name}: {trader.status_reason}; no decision of it has failed")
        else:
            self._screen.say(f"no decision of {trader.name} has failed")

    def _last_failed(self, trader: TraderSummary) -> DecisionRecord | None:
        records = self._screen.bridge.desk.decisions(trader.trader_id, HISTORY_LENGTH)
        failed = (
            record
            for record in records
            if record.trader_id == trader.trader_id and record.status is DecisionStatus.FAILED
        )
        return max(failed, key=lambda record: record.started_ms, default=None)

    async def _open_settings(self, trader: TraderSummary) -> None:
        config = self._config_of(trader)
        if config is not None:
            await self._open_form(config)

    async def _open_form(self, config: TraderConfig | None) -> None:
        from tui.screens.trader_form import TraderForm

        screen = self._screen

        def saved(trader_id: int) -> None:
            screen.select(trader_id=trader_id)

        await screen.app.push_screen(TraderForm(screen.bridge, config, saved), self._answered)

    async def _switch_trading(self, trader: TraderSummary) -> None:
        config = self._config_of(trader)
        if config is None:
            return
        enabled = not config.trading_enabled

        async def run() -> str:
            kept = await self._screen.bridge.desk.roster.set_trading(trader.trader_id, enabled=enabled)
            if kept.trading_enabled:
                return f"{kept.name} may trade again"
            return f"{kept.name} takes no new risk; what it holds stays and can be closed"

        self._screen.send(run)

    async def _hide(self, trader: TraderSummary) -> None:
        await self._set_hidden(trader.trader_id, hidden=True)

    async def _set_hidden(self, trader_id: int, *, hidden: bool) -> None:
        async def run() -> str:
            kept = await self._screen.bridge.desk.roster.set_hidden(trader_id, hidden=hidden)
            if hidden:
                return f"{kept.name} is off the lists and trades on; u in the list puts it back"
            return f"{kept.name} is on the lists again"

        self._screen.send(run)

    async def _choose_hidden(self) -> None:
        from tui.screens.choices import ChoiceScreen

        screen = self._screen
        hidden = [each for each in screen.view.configs if each.hidden]
        if not hidden:
            screen.say("no trader is hidden")
            return

        async def answered(key: str | None) -> None:
            if key is not None:
                await self._set_hidden(int(key), hidden=False)

        choices = [(str(each.trader_id), each.name) for each in hidden]
        await screen.app.push_screen(ChoiceScreen("Hidden traders", choices, choices[0][0]), answered)

    async def _delete(self, trader: TraderSummary) -> None:
        screen = self._screen

        def make() -> Proposal:
            from tui.trader_proposals import propose_delete

            return propose_delete(trader.trader_id, screen.view, screen.bridge)

        await screen.ask(make)

    async def _export(self, trader: TraderSummary) -> None:
        from tui.screens.trader_file_form import TraderExportForm

        screen = self._screen
        await screen.app.push_screen(TraderExportForm(screen.bridge, trader), self._answered)

    async def _import(self) -> None:
        from tui.screens.trader_file_form import TraderImportForm

        screen = self._screen
        found: list[Callable[[], Proposal]] = []

        def remember(file: TraderFile, preview: ImportPreview, name: str) -> None:
            from tui.trader_proposals import propose_import

            found.append(partial(propose_import, file, preview, name, screen.bridge))

        async def answered(proof: str | None) -> None:
            if proof is not None:
                await screen.ask(found[-1])

        await screen.app.push_screen(TraderImportForm(screen.bridge, remember), answered)

    def _answered(self, proof: str | None) -> None:
        """Say what a dialog saved."""
        if proof is not None:
            self._screen.say(proof)
