"""The dialogs of a connection: where and how a model is asked, its key, and a test of it.

A key goes in and is never read back. Another scheme, host or port clears what was typed as the key, so
that no key is sent to a place it was not meant for.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import InvalidInput, ModelFailed
from engine.model.language_model import ConnectionState, KeySource, ModelConnection
from engine.secrecy.secret import Secret
from tui.bridge import DeskBridge
from tui.model_view import ModelView, origin_of
from tui.numbers import read_number
from tui.screens.signal_fields import MAX_NAME_LENGTH, TextField
from tui.screens.signal_form import FormScreen
from tui.screens.ticket_fields import ChoiceField
from tui.trader_figures import figure_text
from tui.widgets.wrapped_text import WrappedText

KEY_SOURCES = (
    (KeySource.VAULT.value, "the vault"),
    (KeySource.ENVIRONMENT.value, "environment"),
    (KeySource.NONE.value, "no key"),
)


def number_of(text: str, field: str) -> Decimal | None:
    """Return the number a field says, None for an empty one; raises `InvalidInput` naming the field."""
    typed = text.strip()
    number = read_number(typed)
    if typed and number is None:
        raise InvalidInput.of(field, typed, "type a number such as 12.5, or leave it empty")
    return number


def whole_number_of(text: str, field: str) -> int | None:
    """Return the whole number a field says, None for an empty one; raises `InvalidInput`."""
    number = number_of(text, field)
    if number is not None and number != int(number):
        raise InvalidInput.of(field, text.strip(), "type a whole number")
    return None if number is None else int(number)


class ConnectionForm(FormScreen):
    """Asks for all of a connection; the vendor's row fills in its address."""

    DEFAULT_CSS = """
    ConnectionForm #key-said { margin: 0 0 1 13; padding: 0 1; width: 1fr; }
    """
    first_field = "name"

    def __init__(self, bridge: DeskBridge, view: ModelView, state: ConnectionState | None) -> None:
        super().__init__()
        self._bridge = bridge
        self._view = view
        self._state = state
        vendor = view.vendors[0] if view.vendors else None
        self._connection = (
            state.connection
            if state
            else ModelConnection(
                connection_id=0,
                name="",
                vendor=vendor.name if vendor else "",
                base_url=vendor.base_url if vendor else "",
            )
        )
        self._vendor = self._connection.vendor
        self._origin = origin_of(self._connection.base_url)
        self._has_key = False
        self.heading = f"Connection {state.connection.name}" if state else "New connection"

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields."""
        kept = self._connection
        with self.row():
            yield self.label("name", "name")
            yield TextField(kept.name, placeholder="my models", max_length=MAX_NAME_LENGTH, id="name")
            yield self.label("vendor", "vendor", "-second")
            yield ChoiceField([(row.name, row.title) for row in self._view.vendors], kept.vendor, id="vendor")
        with self.row():
            yield self.label("base_url", "base URL")
            yield TextField(kept.base_url, placeholder="https://host/v1", id="base_url")
        with self.row("-joined"):
            yield self.label("key", "key")
            key = TextField("", id="key")
            key.password = True
            yield key
            yield self.label("key_source", "kept in", "-second")
            yield ChoiceField(KEY_SOURCES, kept.key_source.value, id="key_source")
        yield WrappedText(id="key-said")
        for pair in (
            (("daily_usd", "USD a day", "no bound"), ("daily_tokens", "tokens/day", "no bound")),
            (("input_price", "$/M in", "vendor's"), ("output_price", "$/M out", "vendor's")),
            (("first_token_seconds", "first token s", "usual"), ("total_seconds", "total s", "usual")),
        ):
            with self.row():
                for place, (name, label, empty) in enumerate(pair):
                    yield self.label(name, label, "-second" if place else "")
                    yield TextField(figure_text(getattr(kept, name)), placeholder=empty, id=name)
        with self.row():
            yield self.label("max_concurrent", "calls at once")
            yield TextField(str(kept.max_concurrent), id="max_concurrent")

    @property
    def values(self) -> tuple[object, ...]:
        """The fields as they are; of the key only whether one is typed."""
        texts = [bool(field.value) if field.id == "key" else field.value for field in self.query(Input)]
        return (*texts, *(field.value for field in self.query(ChoiceField)))

    def changed(self) -> None:
        """Fill in a new vendor's address, and drop a key that was typed for another place."""
        vendor = self._choice("vendor")
        if vendor != self._vendor:
            self._vendor = vendor
            row = self._view.vendor(vendor)
            if row is not None:
                self.query_one("#base_url", Input).value = row.base_url
                if not row.needs_key:
                    self.query_one("#key_source", ChoiceField).value = KeySource.NONE.value
                elif self._choice("key_source") == KeySource.NONE.value:
                    self.query_one("#key_source", ChoiceField).value = KeySource.VAULT.value
                self.query_one("#key_source", ChoiceField).refresh()
        origin = origin_of(self._text("base_url"))
        if origin != self._origin:
            self._origin = origin
            self.query_one("#key", Input).value = ""
        self._keep_what_is_typed()
        self.query_one("#key-said", WrappedText).show(*self._key_words(origin))

    def _keep_what_is_typed(self) -> None:
        """Choose the vault for a key that somebody begins to type."""
        has_key = bool(self.query_one("#key", Input).value)
        if has_key and not self._has_key:
            self.query_one("#key_source", ChoiceField).value = KeySource.VAULT.value
            self.query_one("#key_source", ChoiceField).refresh()
        self._has_key = has_key

    def _key_words(self, origin: str) -> tuple[str, str]:
        source = self._choice("key_source")
        if source != KeySource.VAULT.value and self._has_key:
            return "what is typed here is not kept: only the vault keeps a key", "warning"
        if source == KeySource.NONE.value:
            return "no key is sent", "muted"
        if source == KeySource.ENVIRONMENT.value:
            return "read from NIGHTDESK_KEY_<HOST> or the vendor's variable, which others may see", "warning"
        if self.query_one("#key", Input).value:
            return "goes into the vault, and is never shown again", "muted"
        kept = self._state
        if kept is not None and kept.has_key and origin == origin_of(kept.connection.base_url):
            return "a key is in the vault; leave this empty to keep it", "gain"
        if kept is not None and kept.has_key:
            return "another host: the key of the old one is dropped, give it again", "warning"
        return "paste the key here; nothing of it is shown", "muted"

    async def save(self) -> str:
        """Keep the connection and its key; raises `DeskError`."""
        typed = self.query_one("#key", Input).value.strip()
        source = KeySource(self._choice("key_source"))
        first, total = self._number("first_token_seconds"), self._number("total_seconds")
        connection = msgspec.structs.replace(
            self._connection,
            name=self._text("name"),
            vendor=self._choice("vendor"),
            base_url=self._text("base_url"),
            key_source=source,
            max_concurrent=whole_number_of(self._text("max_concurrent"), "max_concurrent") or 1,
            daily_usd=self._number("daily_usd"),
            daily_tokens=whole_number_of(self._text("daily_tokens"), "daily_tokens"),
            input_price=self._number("input_price"),
            output_price=self._number("output_price"),
            first_token_seconds=None if first is None else float(first),
            total_seconds=None if total is None else float(total),
        )
        key = Secret(typed) if typed and source is KeySource.VAULT else None
        saved = await self._bridge.desk.models.save_connection(connection, key)
        return f"connection {saved.connection.name} is kept{' with its key' if key else ''}"

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _choice(self, name: str) -> str:
        return self.query_one(f"#{name}", ChoiceField).value

    def _number(self, name: str) -> Decimal | None:
        return number_of(self._text(name), name)


class ConnectionTestForm(FormScreen):
    """Asks which model to test a connection with; stays open, with the reason, while the test fails."""

    first_field = "model"
    hint = "Enter asks for one word · Esc leaves"

    def __init__(self, bridge: DeskBridge, state: ConnectionState, model: str) -> None:
        super().__init__()
        self._bridge = bridge
        self._state = state
        self._model = model
        self.heading = f"Test {state.connection.name}"

    def compose_fields(self) -> ComposeResult:
        """Build the one field."""
        with self.row():
            yield self.label("model", "model")
            yield TextField(self._model, placeholder="the name its server knows", id="model")

    @property
    def values(self) -> str:
        """Nothing is lost by leaving."""
        return ""

    async def save(self) -> str:
        """Ask the model; raises `ModelFailed` saying in words what is wrong."""
        model = self.query_one("#model", Input).value.strip()
        result = await self._bridge.desk.models.test_connection(self._state.connection, model)
        if not result.success:
            raise ModelFailed(result.message, field="model")
        return f"{self._state.connection.name}: {result.message}"
