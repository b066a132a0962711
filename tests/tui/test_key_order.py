"""Keys act one after the other, each after all that the one before it set off."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tests.tui.waiting import settled
from tui.key_order import KeyOrder


class Listener(Widget, can_focus=True):
    """Says what it is told; `o` opens another listener that takes the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("o", "open")]

    async def action_open(self) -> None:
        self.app.post_message(Opened())

    def on_key(self, event: events.Key) -> None:
        self.app.heard.append(f"{self.id}:{event.key}")  # type: ignore[attr-defined]  # a KeyedApp


class Opened(events.Event):
    """The second listener is wanted."""


class KeyedApp(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.order = KeyOrder(self, super().on_event)

    def compose(self) -> list[Widget]:
        return [Listener(id="first")]

    async def on_opened(self) -> None:
        await self.screen.mount(second := Listener(id="second"))
        self.screen.set_focus(second)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self.order.take(event)
        else:
            await super().on_event(event)


async def test_a_burst_goes_to_what_its_keys_open() -> None:
    app = KeyedApp()
    async with app.run_test() as pilot:
        app.query_one(Listener).focus()
        await pilot.pause()
        for key in "aoxy":
            app.post_message(events.Key(key, key))
        await settled(pilot)
        assert app.heard == ["first:a", "first:o", "second:x", "second:y"]


async def test_keys_that_wait_are_forgotten_at_the_end() -> None:
    app = KeyedApp()
    async with app.run_test() as pilot:
        app.query_one(Listener).focus()
        await pilot.pause()
        for key in "abc":
            app.post_message(events.Key(key, key))
        await app.order.take(events.Key("d", "d"))
        app.order.close()
        await settled(pilot)
        assert app.heard.count("first:d") <= 1
