"""What each action of the table does that works only on the programs screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from engine.errors import DeskError, InvalidInput
from engine.model.program import Binding, BindingState, Program, ProgramVersion
from tui.action import Context
from tui.panes.program_base import ProgramTablePane
from tui.panes.program_editor import EditorPane
from tui.panes.program_executions import ExecutionsPane
from tui.program_view import ProgramView
from tui.screens.surface import WorkspaceSurface
from tui.screens.workspace_actions import WorkspaceActions
from tui.wording import refusal_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.program_outline import Node
    from tui.proposals import Proposal

NO_PROGRAM = "no program under the cursor"
NO_BINDING = "no binding under the cursor"


class ProgramSurface(WorkspaceSurface, Protocol):
    """The programs screen, as its actions use it."""

    @property
    def programs(self) -> ProgramView:
        """The picture of the programs as last read."""

    @property
    def editor(self) -> EditorPane:
        """The editor."""

    @property
    def listed_program(self) -> Program | None:
        """The program under the cursor of the list."""

    def set_scope(self, program_id: int | None) -> None:
        """Show the executions of one program, or of all."""

    def choose_program(self, program_id: int) -> None:
        """Put the cursor of the list on a program, as soon as it is there."""

    def write(self, program: Program, text: str) -> None:
        """Put a text into the editor of a program, unsaved."""

    def test(self) -> None:
        """Run what is in the editor once."""


class ProgramActions(WorkspaceActions):
    """Runs actions and commands for the programs screen."""

    def __init__(self, screen: ProgramSurface) -> None:
        super().__init__(screen)
        self._programs = screen
        self.handlers |= {
            "program.edit": lambda: self._with_program(self._edit),
            "program.new": self.new_program,
            "program.test": screen.test,
            "program.bind": lambda: self._with_program(self._bind),
            "program.versions": lambda: self._with_program(self._show_versions),
            "program.settings": lambda: self._with_program(self._open_settings),
            "program.toggle": lambda: self._with_program(self._toggle),
            "program.external": lambda: self._with_program(self._edit_externally),
            "program.delete": lambda: self._with_program(self._delete),
            "program.guide": self._open_guide,
            "editor.save": self._save,
            "editor.test": screen.test,
            "editor.problem": self._go_to_problem,
            "editor.guide": self._open_guide,
            "editor.versions": lambda: self._with_program(self._show_versions),
            "editor.external": lambda: self._with_program(self._edit_externally),
            "editor.leave": lambda: screen.go_to(Context.PROGRAMS),
            "test.again": screen.test,
            "binding.new": self._new_binding,
            "binding.show": lambda: self._with_binding(self._show_binding),
            "binding.edit": lambda: self._with_binding(self._edit_binding),
            "binding.toggle": lambda: self._with_binding(self._toggle_binding),
            "binding.preview": lambda: self._with_binding(self._preview),
            "binding.delete": lambda: self._with_binding(self._delete_binding),
            "execution.show": self._show_execution,
            "executions.scope": self._change_scope,
        }

    async def new_program(self, name: str = "") -> None:
        """Ask for the name of a new program and what it starts from, then let it be written."""
        from tui.screens.program_form import ProgramForm

        screen = self._programs
        form = ProgramForm(screen.bridge, screen.programs, None, self._started, name)
        await screen.app.push_screen(form, self._say_proof)

    def _started(self, program: Program) -> None:
        self._programs.choose_program(program.program_id)
        self._programs.go_to(Context.EDITOR)

    async def _with_program(self, act: Callable[[Program], Awaitable[None]]) -> None:
        await self._with(self._programs.listed_program, NO_PROGRAM, act)

    async def _with_binding(self, act: Callable[[BindingState], Awaitable[None]]) -> None:
        pane = self._programs.pane(Context.BINDINGS)
        binding_id = pane.cursor_id if isinstance(pane, ProgramTablePane) else None
        await self._with(self._programs.programs.binding(binding_id), NO_BINDING, act)

    async def _with[Subject](
        self, subject: Subject | None, missing: str, act: Callable[[Subject], Awaitable[None]]
    ) -> None:
        """Act on what a cursor is on; say so where there is nothing, or it has just gone."""
        if subject is None:
            self._programs.say(missing, "warning")
            return
        try:
            await act(subject)
        except DeskError as error:
            self._programs.say(refusal_text(error), "warning")

    async def _edit(self, program: Program) -> None:
        self._programs.go_to(Context.EDITOR)

    async def _save(self) -> None:
        screen = self._programs
        program, text = screen.editor.program, screen.editor.text
        if program is None:
            screen.say("no program to save", "warning")
        elif text == program.code:
            screen.say(f"version {program.version} has it already")
        else:
            screen.send(lambda: self._saved(program, text))

    async def _saved(self, program: Program, text: str) -> str:
        """Save a source and say so; a refused one shows the line it is about."""
        screen = self._programs
        try:
            saved = await screen.bridge.desk.programs.save_program(
                msgspec.structs.replace(program, code=text)
            )
        except InvalidInput:
            screen.editor.go_to_problem()
            raise
        return f"{saved.name} is saved as version {saved.version}"

    def _go_to_problem(self) -> None:
        if not self._programs.editor.go_to_problem():
            self._programs.say("no problem in sight")

    async def _bind(self, program: Program) -> None:
        traders = {item.binding.trader_id for item in self._programs.programs.bindings_of(program.program_id)}
        selected = self._programs.view.trader
        free = selected is not None and selected.trader_id not in traders
        trader_id = selected.trader_id if selected is not None and free else 0
        binding = Binding(binding_id=0, trader_id=trader_id, program_id=program.program_id)
        await self._open_binding_form(binding)

    async def _new_binding(self) -> None:
        program = self._programs.listed_program
        if program is None:
            self._programs.say("write a program first: N in the list starts one", "warning")
            return
        await self._bind(program)

    async def _edit_binding(self, state: BindingState) -> None:
        await self._open_binding_form(state.binding)

    async def _open_binding_form(self, binding: Binding) -> None:
        from tui.screens.program_binding_form import BindingForm

        screen = self._programs
        await screen.app.push_screen(BindingForm(screen.bridge, screen.programs, binding), self._say_proof)

    async def _open_settings(self, program: Program) -> None:
        from tui.screens.program_form import ProgramForm

        screen = self._programs
        form = ProgramForm(screen.bridge, screen.programs, program, lambda saved: None)
        await screen.app.push_screen(form, self._say_proof)

    async def _show_versions(self, program: Program) -> None:
        from tui.screens.program_versions import VersionsScreen

        screen = self._programs
        versions = await screen.bridge.desk.programs.versions(program.program_id)

        def answered(version: ProgramVersion | None) -> None:
            if version is not None:
                screen.write(program, version.code)
                screen.go_to(Context.EDITOR)
                screen.say(f"version {version.version} is in the editor; ^o saves it as a new one")

        await screen.app.push_screen(
            VersionsScreen(program, versions, screen.editor.text, screen.programs.now_ms), answered
        )

    async def _edit_externally(self, program: Program) -> None:
        from tui.program_external import edit_externally

        screen = self._programs
        editor = screen.editor
        text = edit_externally(screen.app, program.name, editor.text, editor.code.cursor_location[0] + 1)
        if text == editor.text:
            screen.say("nothing was changed")
            return
        screen.write(program, text)
        screen.say(f"{program.name} is taken over; ^o in the editor saves it")

    async def _open_guide(self) -> None:
        from tui.screens.program_guide import GuideScreen

        screen = self._programs
        await screen.app.push_screen(GuideScreen(screen.bridge.desk.programs.guide()))

    async def _toggle(self, program: Program) -> None:
        from tui.program_proposals import toggle_program

        screen = self._programs
        screen.send(toggle_program(screen.programs, program.program_id, screen.bridge))

    async def _toggle_binding(self, state: BindingState) -> None:
        from tui.program_proposals import toggle_binding

        screen = self._programs
        screen.send(toggle_binding(screen.programs, state.binding.binding_id, screen.bridge))

    async def _delete(self, program: Program) -> None:
        def make() -> Proposal:
            from tui.program_proposals import propose_delete_program

            return propose_delete_program(self._programs.programs, program.program_id, self._programs.bridge)

        await self._programs.ask(make)

    async def _delete_binding(self, state: BindingState) -> None:
        def make() -> Proposal:
            from tui.program_proposals import propose_delete_binding

            screen = self._programs
            return propose_delete_binding(screen.programs, state.binding.binding_id, screen.bridge)

        await self._programs.ask(make)

    async def _preview(self, state: BindingState) -> None:
        from tui.program_proposals import binding_name
        from tui.program_reports import run_nodes
        from tui.screens.program_outline_screen import OutlineScreen

        screen = self._programs

        async def load() -> Sequence[Node]:
            return run_nodes(await screen.bridge.desk.programs.preview_run(state.binding.binding_id))

        title = f"Preview of {binding_name(screen.programs, state)}"
        await screen.app.push_screen(OutlineScreen(title, load=load))

    async def _show_binding(self, state: BindingState) -> None:
        from tui.program_proposals import binding_name
        from tui.program_reports import binding_nodes
        from tui.screens.program_outline_screen import OutlineScreen

        view = self._programs.programs
        shown = OutlineScreen(binding_name(view, state), binding_nodes(view, state))
        await self._programs.app.push_screen(shown)

    async def _show_execution(self) -> None:
        from tui.program_reports import execution_nodes
        from tui.screens.program_outline_screen import OutlineScreen

        screen = self._programs
        pane, view = screen.pane(Context.EXECUTIONS), screen.programs
        key = pane.cursor_key if isinstance(pane, ExecutionsPane) else None
        execution = next((item for item in view.executions if item.decision_id == key), None)
        if execution is not None:
            shown = OutlineScreen(f"Execution {execution.decision_id}", execution_nodes(view, execution))
            await screen.app.push_screen(shown)

    def _change_scope(self) -> None:
        screen = self._programs
        program = screen.listed_program
        is_narrow = screen.programs.scope is not None
        screen.set_scope(None if is_narrow or program is None else program.program_id)
