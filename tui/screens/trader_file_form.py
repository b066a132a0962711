"""The dialogs of a trader's file: where it is written, and where one is taken in from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import InvalidInput
from engine.model.account import TraderSummary
from engine.model.trader_file import ImportPreview, TraderFile
from engine.text import count
from tui.bridge import DeskBridge
from tui.screens.signal_fields import MAX_NAME_LENGTH, TextField
from tui.screens.signal_form import FormScreen
from tui.trader_files import check_free, path_of, read_trader, suggested_path, write_trader


class TraderExportForm(FormScreen):
    """Asks where a trader's file goes, and writes it."""

    first_field = "path"
    hint = "Enter writes the file · Esc leaves"

    def __init__(self, bridge: DeskBridge, trader: TraderSummary) -> None:
        super().__init__()
        self._bridge = bridge
        self._trader = trader
        self.heading = f"Export {trader.name}"

    def compose_fields(self) -> ComposeResult:
        """Build the one field."""
        with self.row():
            yield self.label("path", "file")
            yield TextField(suggested_path(self._trader.name), id="path")

    @property
    def values(self) -> str:
        """Where the file goes."""
        return self.query_one("#path", Input).value

    async def save(self) -> str:
        """Write the file; raises `DeskError`, and then there is none."""
        path = path_of(self.values)
        check_free(path)
        file = await self._bridge.desk.roster.export(self._trader.trader_id)
        await asyncio.to_thread(write_trader, path, file)
        return (
            f"{self._trader.name} is in {path}: {count(len(file.decisions), 'decision')},"
            f" {count(len(file.orders), 'order')}, {count(len(file.fills), 'fill')}; no key is in it"
        )


Found = Callable[[TraderFile, ImportPreview, str], None]


class TraderImportForm(FormScreen):
    """Asks for a trader's file and the name to give; `found` is told what importing it would do."""

    first_field = "path"
    hint = "tab next · Enter shows what it would do · Esc leaves"
    field_of_detail: ClassVar[dict[str, str]] = {"file": "path"}

    def __init__(self, bridge: DeskBridge, found: Found) -> None:
        super().__init__()
        self._bridge = bridge
        self._found = found
        self.heading = "Import a trader"

    def compose_fields(self) -> ComposeResult:
        """Build the two fields."""
        with self.row():
            yield self.label("path", "file")
            yield TextField("", placeholder="~/Rules.trader.json", id="path")
        with self.row():
            yield self.label("name", "as")
            yield TextField("", placeholder="the name in the file", max_length=MAX_NAME_LENGTH, id="name")

    @property
    def values(self) -> tuple[str, ...]:
        """The path and the name."""
        return tuple(field.value.strip() for field in self.query(Input))

    async def save(self) -> str:
        """Read the file and pass on what importing would do; raises `DeskError` where it cannot be done."""
        typed, name = self.values
        file = await asyncio.to_thread(read_trader, path_of(typed))
        preview = await self._bridge.desk.roster.preview_import(file)
        if preview.problems:
            raise InvalidInput.of("path", typed, preview.problems[0])
        self._found(file, preview, name)
        return ""
