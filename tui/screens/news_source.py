"""The editor of a news source: its address, how it writes, and how often it is read."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import DeskError, InvalidInput
from engine.model.news import NewsFormat, NewsSource
from tui.bridge import DeskBridge
from tui.news_view import FORMAT_WORDS
from tui.numbers import read_number
from tui.screens.signal_fields import MAX_NAME_LENGTH, YES_NO, TextField
from tui.screens.signal_form import FormScreen
from tui.screens.ticket_fields import ChoiceField
from tui.signal_view import duration
from tui.widgets.number_field import NumberField
from tui.widgets.wrapped_text import WrappedText

INTERVAL_STEP_S = Decimal(60)
SHORTEST_STEP_S = Decimal(60)
MAX_URL_LENGTH = 2000


class SourceForm(msgspec.Struct, frozen=True):
    """What the fields hold; `interval` is as it was typed."""

    source: NewsSource
    interval: str


class NewsSourceEditor(FormScreen):
    """Edits one source, new (None) or kept; a new one is off until a person turns it on."""

    DEFAULT_CSS = """
    NewsSourceEditor #said { height: 2; margin-left: 13; padding: 0 1; }
    """
    first_field = "name"
    field_of_detail: ClassVar[dict[str, str]] = {"interval_seconds": "interval", "items_path": "path"}
    _names: ClassVar[dict[str, str]] = {
        "interval_seconds": "interval",
        "items_path": "items path",
        "url": "address",
    }

    def __init__(self, bridge: DeskBridge, source: NewsSource | None) -> None:
        super().__init__()
        self._bridge = bridge
        self._source = source or NewsSource(source_id=0, name="", url="", enabled=False)
        self.heading = f"News source {source.name}" if source is not None else "New news source"

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields."""
        source = self._source
        with self.row():
            yield self.label("name", "name")
            yield TextField(source.name, placeholder="Example wire", max_length=MAX_NAME_LENGTH, id="name")
        with self.row():
            yield self.label("url", "address")
            yield TextField(
                source.url, placeholder="https://news.example/feed.xml", max_length=MAX_URL_LENGTH, id="url"
            )
        with self.row():
            yield self.label("format", "written as")
            formats = [(item.value, words) for item, words in FORMAT_WORDS.items()]
            yield ChoiceField(formats, source.format.value, id="format")
            yield self.label("path", "items path", "-second")
            yield TextField(source.items_path, placeholder="data.items", id="path")
        with self.row():
            yield self.label("interval", "every (s)")
            interval = NumberField(step=INTERVAL_STEP_S, low=SHORTEST_STEP_S, id="interval")
            interval.value = str(source.interval_seconds)
            yield interval
            yield self.label("enabled", "is on", "-second")
            yield ChoiceField(YES_NO, "yes" if source.enabled else "no", id="enabled")
        yield WrappedText(id="said")

    @property
    def values(self) -> SourceForm:
        """The source as the fields have it."""
        interval = self._text("interval")
        seconds = read_number(interval)
        source = msgspec.structs.replace(
            self._source,
            name=self._text("name"),
            url=self._text("url"),
            format=NewsFormat(self.query_one("#format", ChoiceField).value),
            items_path=self._text("path"),
            interval_seconds=int(seconds) if seconds is not None else 0,
            enabled=self.query_one("#enabled", ChoiceField).value == "yes",
        )
        return SourceForm(source, interval)

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    async def save(self) -> str:
        """Keep the source; raises `DeskError`."""
        form = self.values
        seconds = read_number(form.interval)
        if seconds is None or seconds != seconds.to_integral_value():
            shown = form.interval or "an empty field"
            raise InvalidInput.of("interval_seconds", shown, "give whole seconds, such as 300")
        saved = await self._bridge.desk.intelligence.save_source(form.source)
        if saved.enabled:
            return f"{saved.name} is kept and read every {duration(saved.interval_seconds)}"
        return f"{saved.name} is kept and off: v turns it on, y tests it"

    def blame(self, error: DeskError) -> None:
        """Show what was refused under the field's name on the screen."""
        super().blame(error)
        field = error.details.get("field", "")
        if field in self._names:
            verdict = self.query_one("#verdict", WrappedText)
            verdict.show(verdict.text.replace(f"{field}:", f"{self._names[field]}:", 1), "warning")

    def changed(self) -> None:
        """Say what the fields amount to."""
        form = self.values
        is_json = form.source.format is NewsFormat.JSON
        said = (
            "the items path says where the list of articles is, empty for the whole answer"
            if is_json
            else "the kind of feed is found out by reading it; it needs no items path"
        )
        read = f"read every {duration(form.source.interval_seconds)}" if form.source.enabled else "off"
        self.query_one("#said", WrappedText).show(f"{said} · {read}", "muted")
