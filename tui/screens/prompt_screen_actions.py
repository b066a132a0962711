"""What each action of the table does that works only on the prompts screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from engine.errors import DeskError, NotFound
from engine.model.account import TraderKind
from engine.model.program import Program, ProgramVersion
from engine.model.prompt import Prompt
from tui.action import Context
from tui.screens.workspace_actions import WorkspaceActions
from tui.wording import refusal_text

if TYPE_CHECKING:
    from tui.proposals import Proposal
    from tui.screens.prompts import PromptsScreen

NO_PROMPT = "no prompt under the cursor"


class PromptActions(WorkspaceActions):
    """Runs actions and commands for the prompts screen."""

    def __init__(self, screen: PromptsScreen) -> None:
        super().__init__(screen)
        self._prompts = screen
        self.handlers |= {
            "prompts.runs": self._open_runs,
            "prompt.edit": lambda: screen.go_to(Context.PROMPT_EDITOR),
            "prompt.new": lambda: self._open_form(None),
            "prompt.copy": lambda: self._with_prompt(self._copy),
            "prompt.bind": lambda: self._with_prompt(self._bind),
            "prompt.versions": lambda: self._with_prompt(self._show_versions),
            "prompt.settings": lambda: self._with_prompt(self._open_form),
            "prompt.restore": self._restore,
            "prompt.delete": lambda: self._with_prompt(self._delete),
            "prompt-editor.leave": lambda: screen.go_to(Context.PROMPTS),
            "prompt-editor.save": lambda: self._with_prompt(self._save),
            "prompt-editor.problem": self._go_to_problem,
            "prompt-editor.variables": self._find_variable,
            "prompt-editor.versions": lambda: self._with_prompt(self._show_versions),
            "variables.filter": self._find_variable,
            "variables.complete": lambda: screen.insert_variable(screen.template.area.begun),
            "preview.trader": screen.next_preview_trader,
        }

    async def _open_runs(self) -> None:
        from tui.screens.prompt_runs import PromptRunsScreen

        await self._screen.app.push_screen(PromptRunsScreen(self._screen.bridge))

    async def _with_prompt(self, act: Callable[[Prompt], Awaitable[None]]) -> None:
        prompt = self._prompts.listed_prompt
        if prompt is None:
            self._prompts.say(NO_PROMPT, "warning")
            return
        try:
            await act(prompt)
        except DeskError as error:
            self._prompts.say(refusal_text(error), "warning")

    async def _open_form(self, prompt: Prompt | None) -> None:
        from tui.screens.prompt_form import PromptForm

        screen = self._prompts

        def saved(kept: Prompt) -> None:
            screen.choose_prompt(kept.prompt_id)
            if prompt is None:
                screen.go_to(Context.PROMPT_EDITOR)

        await screen.app.push_screen(PromptForm(screen.bridge, prompt, saved), self._say_proof)

    async def _copy(self, prompt: Prompt) -> None:
        screen = self._prompts

        async def run() -> str:
            copy = await screen.bridge.desk.prompts.copy_prompt(prompt.prompt_id)
            screen.choose_prompt(copy.prompt_id)
            return f"{copy.name} is yours to write"

        screen.send(run)

    async def _bind(self, prompt: Prompt) -> None:
        from tui.screens.choices import ChoiceScreen

        screen = self._prompts
        traders = [item for item in screen.view.traders if item.kind is TraderKind.PROMPT]
        if not traders:
            screen.say("no prompt trader yet: N in the desk's traders makes one", "warning")
            return

        def answered(name: str | None) -> None:
            trader = next((item for item in traders if item.name == name), None)
            if trader is None:
                return

            async def run() -> str:
                await screen.bridge.desk.prompts.bind(trader.trader_id, prompt.prompt_id)
                return f"{trader.name} decides by {prompt.name} from its next decision on"

            screen.send(run)

        choices = [(item.name, f"now by {item.strategy}") for item in traders]
        await screen.app.push_screen(ChoiceScreen("Who decides by it", choices, traders[0].name), answered)

    async def _show_versions(self, prompt: Prompt) -> None:
        from tui.screens.program_versions import VersionsScreen

        screen = self._prompts
        versions = [
            ProgramVersion(
                program_id=item.prompt_id, version=item.version, code=item.text, saved_ms=item.saved_ms
            )
            for item in await screen.bridge.desk.prompts.versions(prompt.prompt_id)
        ]

        def answered(version: ProgramVersion | None) -> None:
            if version is not None:
                screen.write(prompt, version.code)
                screen.go_to(Context.PROMPT_EDITOR)
                screen.say(f"version {version.version} is in the editor; ^o saves it as a new one")

        shown = Program(program_id=prompt.prompt_id, name=prompt.name, code=prompt.text)
        now_ms = screen.view.market.now_ms
        await screen.app.push_screen(
            VersionsScreen(shown, versions, screen.text_of(prompt), now_ms), answered
        )

    async def _save(self, prompt: Prompt) -> None:
        screen = self._prompts
        text = screen.text_of(prompt)
        if text == prompt.text:
            screen.say(f"version {prompt.version} has it already")
            return

        async def run() -> str:
            saved = await screen.bridge.desk.prompts.save_prompt(msgspec.structs.replace(prompt, text=text))
            return f"{saved.name} is saved as version {saved.version}"

        screen.send(run)

    async def _restore(self) -> None:
        from tui.screens.choices import ChoiceScreen

        screen = self._prompts
        names = screen.bridge.desk.prompts.stock_names()

        async def answered(name: str | None) -> None:
            if name is not None:
                await screen.ask(lambda: self._propose_restore(name))

        prompt = screen.listed_prompt
        if prompt is not None and prompt.stock:
            await answered(prompt.stock)
            return
        choices = [(name, "") for name in names]
        await screen.app.push_screen(ChoiceScreen("Restore", choices, names[0] if names else ""), answered)

    def _propose_restore(self, name: str) -> Proposal:
        from tui.proposals import Proposal

        screen = self._prompts

        async def run() -> str:
            kept = await screen.bridge.desk.prompts.restore_stock(name)
            return f"{kept.name} has the desk's text again, as version {kept.version}"

        return Proposal(
            title="Restore prompt",
            sentence=f"Give the prompt that began as {name} its text again, as a new version.",
            verb="Restore",
            run=run,
        )

    async def _delete(self, prompt: Prompt) -> None:
        screen = self._prompts

        def make() -> Proposal:
            from tui.proposals import Proposal

            if screen.prompts.prompt(prompt.prompt_id) is None:
                raise NotFound(f"prompt: there is no prompt {prompt.name} any more")
            names = screen.prompts.trader_names(prompt.prompt_id)

            async def run() -> str:
                await screen.bridge.desk.prompts.delete_prompt(prompt.prompt_id)
                return f"prompt {prompt.name} is deleted; the decisions made with it stay"

            return Proposal(
                title="Delete prompt",
                sentence=f"Delete the prompt {prompt.name}.",
                verb="Delete",
                run=run,
                warning=f"Decided by {names}: bind them to another first." if names else "",
            )

        await screen.ask(make)

    def _go_to_problem(self) -> None:
        if not self._prompts.template.go_to_problem():
            self._prompts.say("no problem in sight")

    def _find_variable(self) -> None:
        from tui.panes.prompt_panes import VariablesPane

        self._prompts.go_to(Context.VARIABLES)
        self._prompts.query_one(VariablesPane).find()
