"""The dialogs of a program's own fields: a new one started from a template, or the settings of a kept one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import DeskError
from engine.model.program import Program
from tui.bridge import DeskBridge
from tui.program_params import PARAMS_ALLOWED, params_text, read_params
from tui.program_templates import TEMPLATES
from tui.program_view import ProgramView
from tui.screens.signal_fields import MAX_NAME_LENGTH, YES_NO, TextField
from tui.screens.signal_form import FormScreen
from tui.screens.ticket_fields import ChoiceField
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

COPY = "copy:"


class ProgramFields(msgspec.Struct, frozen=True):
    """What the dialog holds: texts as they were typed."""

    name: str
    description: str
    params: str
    enabled: bool
    start: str


class ProgramForm(FormScreen):
    """Asks for a program's name, description and parameters; `saved` is told the program that was kept."""

    DEFAULT_CSS = """
    ProgramForm #params-said { margin: 0 0 1 13; padding: 0 1; width: 1fr; }
    """
    first_field = "name"
    field_of_detail: ClassVar[dict[str, str]] = {"code": "start"}

    def __init__(
        self,
        bridge: DeskBridge,
        view: ProgramView,
        program: Program | None,
        saved: Callable[[Program], None],
        name: str = "",
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._view = view
        self._program = program
        self._saved = saved
        self._name_wanted = name
        self.heading = f"Program {program.name}" if program else "New program"

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields."""
        program = self._program or Program(program_id=0, name=self._name_wanted, code="")
        with self.row():
            yield self.label("name", "name")
            yield TextField(program.name, placeholder="RSI reversion", max_length=MAX_NAME_LENGTH, id="name")
        with self.row():
            yield self.label("description", "description")
            yield TextField(program.description, placeholder="what it looks for", id="description")
        with self.row("-joined"):
            yield self.label("params", "parameters")
            yield TextField(params_text(program.params), placeholder="oversold=30, portion=0.25", id="params")
        yield WrappedText(id="params-said")
        with self.row():
            if self._program is None:
                yield self.label("start", "start from")
                copies = [
                    (f"{COPY}{item.program_id}", f"copy of {item.name}") for item in self._view.programs
                ]
                choices = [*((item.key, item.label) for item in TEMPLATES), *copies]
                yield ChoiceField(choices, TEMPLATES[0].key, id="start")
            else:
                yield self.label("enabled", "enabled")
                yield ChoiceField(YES_NO, "yes" if program.enabled else "no", id="enabled")

    @property
    def values(self) -> ProgramFields:
        """The fields as they are."""
        is_new = self._program is None
        return ProgramFields(
            self._text("name"),
            self._text("description"),
            self._text("params"),
            is_new or self.query_one("#enabled", ChoiceField).value == "yes",
            self.query_one("#start", ChoiceField).value if is_new else "",
        )

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def changed(self) -> None:
        """Say how the parameters are understood."""
        said = self.query_one("#params-said", WrappedText)
        try:
            params = read_params(self._text("params"))
        except DeskError as error:
            said.show(refusal_text(error), "danger")
            return
        words = ", ".join(f"{name} = {value!r}" for name, value in params.items())
        said.show(f"✓ {words}" if words else PARAMS_ALLOWED, "gain" if words else "muted")

    async def save(self) -> str:
        """Keep the program; raises `DeskError`."""
        fields = self.values
        program = self._program or Program(program_id=0, name="", code=self._code(fields.start))
        kept = await self._bridge.desk.programs.save_program(
            msgspec.structs.replace(
                program,
                name=fields.name,
                description=fields.description,
                params=read_params(fields.params),
                enabled=fields.enabled,
            )
        )
        self._saved(kept)
        return f"program {kept.name} is {'kept' if self._program else 'yours to write'}"

    def _code(self, start: str) -> str:
        if start.startswith(COPY):
            program = self._view.program(int(start.removeprefix(COPY)))
            return program.code if program else ""
        return next(item.code for item in TEMPLATES if item.key == start)
