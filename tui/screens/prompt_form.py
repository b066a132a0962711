"""The dialog of a prompt's name and description; a new one starts as a short template."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from engine.model.prompt import Prompt
from tui.bridge import DeskBridge
from tui.screens.signal_fields import MAX_NAME_LENGTH, TextField
from tui.screens.signal_form import FormScreen

FIRST_TEXT = "{trigger_context}\n\n{market_prices}\n\n{open_positions}\n\n{output_format}\n"


class PromptForm(FormScreen):
    """Asks for a prompt's name and description; `saved` is told the prompt that was kept."""

    first_field = "name"

    def __init__(self, bridge: DeskBridge, prompt: Prompt | None, saved: Callable[[Prompt], None]) -> None:
        super().__init__()
        self._bridge = bridge
        self._prompt = prompt or Prompt(prompt_id=0, name="", text=FIRST_TEXT)
        self._saved = saved
        self.heading = f"Prompt {prompt.name}" if prompt else "New prompt"

    def compose_fields(self) -> ComposeResult:
        """Build the two rows."""
        with self.row():
            yield self.label("name", "name")
            yield TextField(self._prompt.name, max_length=MAX_NAME_LENGTH, id="name")
        with self.row():
            yield self.label("description", "description")
            yield TextField(self._prompt.description, id="description")

    @property
    def values(self) -> tuple[str, ...]:
        """The fields as they are."""
        return tuple(field.value.strip() for field in self.query(Input))

    async def save(self) -> str:
        """Keep the prompt; raises `DeskError`."""
        name, description = self.values
        kept = await self._bridge.desk.prompts.save_prompt(
            msgspec.structs.replace(self._prompt, name=name, description=description)
        )
        self._saved(kept)
        return f"prompt {kept.name} is kept; its traders follow its name"
