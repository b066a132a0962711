"""Carries out `program …` of the command line, from whichever workspace it was typed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import NotFound
from tui.action import Context
from tui.commands import ProgramTask, WorkOnProgram

if TYPE_CHECKING:
    from tui.screens.surface import WorkspaceSurface

_ACTIONS = {
    ProgramTask.OPEN: "program.edit",
    ProgramTask.BIND: "program.bind",
    ProgramTask.RUN: "program.test",
}


async def work_on_program(screen: WorkspaceSurface, command: WorkOnProgram) -> None:
    """Show the programs and do with the named one what was asked; raises `NotFound` when it has gone."""
    from tui.screens.programs import ProgramsScreen

    await screen.host.open_workspace(Context.PROGRAM_DESK)
    shown = screen.app.screen
    if not isinstance(shown, ProgramsScreen):
        return
    if command.task is ProgramTask.NEW:
        await shown.start_program(command.program)
    elif command.task is not None:
        program = next((item for item in shown.programs.programs if item.name == command.program), None)
        if program is None:
            raise NotFound(f"program: there is no {command.program} any more", field="program")
        shown.choose_program(program.program_id)
        await shown.action_perform(_ACTIONS[command.task])
