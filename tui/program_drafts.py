"""What is written in the editor and not saved yet, for every program that was looked at."""

from __future__ import annotations

from engine.model.program import Program


class Drafts:
    """Sources that differ from the saved ones, by program id; equal ones are not kept."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}

    @property
    def changed(self) -> frozenset[int]:
        """The programs with something unsaved."""
        return frozenset(self._texts)

    def text(self, program: Program) -> str:
        """Return what the editor shows of a program: its draft, or else its saved source."""
        return self._texts.get(program.program_id, program.code)

    def write(self, program: Program, text: str) -> None:
        """Note what is written now."""
        if text == program.code:
            self._texts.pop(program.program_id, None)
        else:
            self._texts[program.program_id] = text

    def forget(self, program_id: int) -> None:
        """Drop a draft: it was saved, or its program is gone."""
        self._texts.pop(program_id, None)

    def keep_only(self, programs: tuple[Program, ...]) -> None:
        """Drop the drafts of deleted programs, and those that have been saved meanwhile."""
        saved = {program.program_id: program.code for program in programs}
        for program_id in tuple(self._texts):
            if saved.get(program_id) in (None, self._texts[program_id]):
                del self._texts[program_id]
