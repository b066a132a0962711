"""The programs screen: sources are written, checked as they are typed, tried, bound, and watched at work."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.timer import Timer

from engine.errors import DeskError
from engine.model.program import Program, SourceReport
from tui.action import Context
from tui.actions import bindings_for
from tui.bridge import DeskBridge
from tui.panes.program_base import ProgramPane, ProgramTablePane
from tui.panes.program_bindings import BindingsPane
from tui.panes.program_editor import EditorPane, SourceWritten
from tui.panes.program_executions import ExecutionsPane
from tui.panes.program_list import ProgramsPane
from tui.panes.program_test import TestPane, TestPicture
from tui.program_drafts import Drafts
from tui.program_view import EXECUTIONS_SHOWN, ProgramReader, ProgramView, runs_stamp
from tui.screens.program_layout import arrange_programs
from tui.screens.program_screen_actions import ProgramActions
from tui.screens.turns_layout import TurnsLayout
from tui.screens.workspace import WorkspaceScreen
from tui.view import DeskView
from tui.widgets.live_table import LiveTable
from tui.wording import refusal_text

CHECK_DELAY_S = 0.25
"""How long a text must stand before it is worth checking."""


class ProgramsScreen(WorkspaceScreen):
    """The list of programs, an editor with its test, bindings and executions."""

    workspace = Context.PROGRAM_DESK
    first_pane = Context.PROGRAMS
    panes = (ProgramsPane, EditorPane, TestPane, BindingsPane, ExecutionsPane)
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.PROGRAM_DESK)

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        self.programs = ProgramView()
        self.drafts = Drafts()
        super().__init__(bridge, frames_per_second)
        self._reader = ProgramReader(bridge.desk)
        self._shown: dict[str, ProgramView] = {}
        self._checking: Timer | None = None
        self._asked_about: set[tuple[int, str]] = set()
        self._runs_read: tuple[object, ...] | None = None
        self._wanted_cursor: int | None = None
        self._test: TestPicture | None = None
        self._tested_text = ""

    def make_layout(self) -> TurnsLayout:
        """Return the layout of the programs screen."""
        return TurnsLayout(Context.PROGRAMS, arrange_programs)

    def make_actions(self) -> ProgramActions:
        """Return what runs its actions."""
        self._program_actions = ProgramActions(self)
        return self._program_actions

    async def start_program(self, name: str) -> None:
        """Ask what a new program is to start from; its name is given already, or asked for as well."""
        await self._program_actions.new_program(name)

    @property
    def editor(self) -> EditorPane:
        """The editor."""
        return self.query_one(EditorPane)

    @property
    def unsaved(self) -> str:
        """What would be lost by leaving the desk, in words."""
        names = [self.programs.program_name(program_id) for program_id in sorted(self.drafts.changed)]
        return f"not saved: {', '.join(names)}" if names else ""

    @property
    def listed_program(self) -> Program | None:
        """The program under the cursor of the list."""
        pane = self.pane(Context.PROGRAMS)
        return self.programs.program(pane.cursor_id) if isinstance(pane, ProgramTablePane) else None

    def show_picture(self, view: DeskView) -> None:
        """Hand each visible pane the picture, and let the editor follow the list's cursor."""
        self._reader.changed = self.drafts.changed
        self.programs = self._reader.read(view)
        self.drafts.keep_only(self.programs.programs)
        shown = self.grid.shown_ids() | {Context.PROGRAMS.value}
        for pane in self.query(ProgramPane):
            if pane.id in shown and self._shown.get(pane.id or "") is not self.programs:
                self._shown[pane.id or ""] = self.programs
                pane.show(self.programs)
        self._move_to_wanted()
        self._show_editor()
        self._show_next_test()
        self._read_what_is_new()

    def set_scope(self, program_id: int | None) -> None:
        """Show the executions of one program, or of all."""
        self._reader.scope = program_id
        self.paint_tick()

    def choose_program(self, program_id: int) -> None:
        """Put the cursor of the list on a program, as soon as it is there."""
        self._wanted_cursor = program_id
        self.paint_tick()

    def write(self, program: Program, text: str) -> None:
        """Put a text into the editor of a program, unsaved."""
        self.drafts.write(program, text)
        self.choose_program(program.program_id)

    @on(LiveTable.RowHighlighted)
    def cursor_moved(self) -> None:
        """Show at once what is said about the new row."""
        self._shown.clear()
        self.call_after_refresh(self.paint_tick)

    @on(LiveTable.RowSelected, "#programs LiveTable")
    async def program_chosen(self) -> None:
        """Write in the chosen program."""
        await self.action_perform("program.edit")

    @on(LiveTable.RowSelected, "#bindings LiveTable")
    async def binding_chosen(self) -> None:
        """Show all of the chosen binding."""
        await self.action_perform("binding.show")

    @on(LiveTable.RowSelected, "#executions LiveTable")
    async def execution_chosen(self) -> None:
        """Show all of the chosen run."""
        await self.action_perform("execution.show")

    @on(SourceWritten)
    def source_written(self, event: SourceWritten) -> None:
        """Keep what is written, and check it once it stands."""
        program = self.programs.program(event.program_id)
        if program is None:
            return
        was_changed = self.drafts.changed
        self.drafts.write(program, event.text)
        self._check_soon()
        self._show_test()
        if self.drafts.changed != was_changed:
            self.paint_tick()

    def _move_to_wanted(self) -> None:
        wanted = self._wanted_cursor
        if wanted is not None and self.programs.program(wanted) is not None:
            self._wanted_cursor = None
            self.pane(Context.PROGRAMS).query_one(LiveTable).move_cursor_to(str(wanted))

    def _show_editor(self) -> None:
        program, editor = self.listed_program, self.editor
        before = editor.program
        if program != before:
            editor.edit(program, self.drafts.text(program) if program else "")
            if program is None or before is None or program.program_id != before.program_id:
                editor.show_report(self.programs.reports.get(program.program_id) if program else None)
                self._check_soon()
        elif program is not None and self.drafts.text(program) != editor.text:
            editor.edit(program, self.drafts.text(program))
        editor.show_changed(is_changed=program is not None and program.program_id in self.drafts.changed)

    def _check_soon(self) -> None:
        if self._checking is not None:
            self._checking.stop()
        self._checking = self.set_timer(CHECK_DELAY_S, self._check)

    def _check(self) -> None:
        program = self.editor.program
        if program is not None:
            work = self._show_report(program.program_id, self.editor.text)
            self.run_worker(work, group="check", exclusive=True, exit_on_error=False)

    async def _show_report(self, program_id: int, text: str) -> None:
        try:
            report = await self.bridge.desk.programs.check(text)
        except DeskError as error:
            self.say(refusal_text(error), "warning")
            return
        editor = self.editor
        if editor.program is not None and (editor.program.program_id, editor.text) == (program_id, text):
            editor.show_report(report)

    def _read_what_is_new(self) -> None:
        """Ask for what takes a while: reports on saved sources, and the log when a binding has run."""
        missing = [
            item
            for item in self.programs.programs
            if item.program_id not in self.programs.reports
            and (item.program_id, item.code) not in self._asked_about
        ]
        if missing:
            self._asked_about |= {(item.program_id, item.code) for item in missing}
            self.run_worker(self._read_reports(missing), group="reports", exit_on_error=False)
        stamp = runs_stamp(self.programs)
        if stamp != self._runs_read and not self.view.is_starting:
            self._runs_read = stamp
            self.run_worker(self._read_executions(), group="executions", exclusive=True, exit_on_error=False)

    async def _read_reports(self, programs: list[Program]) -> None:
        for program in programs:
            try:
                report = await self.bridge.desk.programs.check(program.code)
            except DeskError as error:
                report = SourceReport()
                self.say(refusal_text(error), "warning")
            self._reader.reports[program.program_id, program.code] = report
        self.paint_tick()

    async def _read_executions(self) -> None:
        try:
            self._reader.executions = await self.bridge.desk.programs.executions(limit=EXECUTIONS_SHOWN)
        except DeskError as error:
            self.say(refusal_text(error), "warning")
            return
        self.paint_tick()

    def _show_next_test(self) -> None:
        trader = self.view.trader
        self.query_one(TestPane).show_next(trader.name if trader else "", self.selection.symbol)

    def test(self) -> None:
        """Run what is in the editor once, as the selected trader on the selected symbol."""
        program, trader = self.editor.program, self.view.trader
        if program is None or trader is None:
            self.say("no program to test" if program is None else "the desk is still starting", "warning")
            return
        self._test = TestPicture(
            program_id=program.program_id,
            name=program.name,
            trader=trader.name,
            symbol=self.selection.symbol,
        )
        self._tested_text = self.editor.text
        self._show_test()
        work = self._run_test(self._test, program, self._tested_text, trader.trader_id)
        self.run_worker(work, group="test", exclusive=True, exit_on_error=False)
        if Context.TEST_RUN.value not in self.grid.shown_ids():
            self.go_to(Context.TEST_RUN)

    async def _run_test(self, asked: TestPicture, program: Program, text: str, trader_id: int) -> None:
        desk = self.bridge.desk.programs
        try:
            run = await desk.test_run(text, trader_id, asked.symbol, program.params)
            self._test = msgspec.structs.replace(asked, run=run)
        except DeskError as error:
            self._test = msgspec.structs.replace(asked, problem=refusal_text(error))
        except Exception as error:  # an engine fault must not leave the pane waiting for ever
            self._test = msgspec.structs.replace(asked, problem=f"unexpected {type(error).__name__}: {error}")
        self._show_test()

    def _show_test(self) -> None:
        test, editor = self._test, self.editor
        if test is None:
            return
        is_same = editor.program is not None and editor.program.program_id == test.program_id
        is_stale = is_same and editor.text != self._tested_text
        self.query_one(TestPane).show_test(msgspec.structs.replace(test, is_stale=is_stale))
        error = test.run.error if test.run else None
        editor.mark_failure(error.line if error and is_same and not is_stale else None)
