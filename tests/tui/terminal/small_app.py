"""A small Textual app on the desk's driver, run by a test in a pseudo terminal."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.events import Resize
from textual.widgets import Static

from tui.terminal.driver import desk_driver


class SmallApp(App[None]):
    """Shows how many keys were pressed, and how wide the terminal is."""

    ENABLE_COMMAND_PALETTE = False
    keys = 0

    def compose(self) -> ComposeResult:
        """One line of text."""
        yield Static("keys 0", id="keys", markup=False)
        yield Static("", id="size", markup=False)

    def on_resize(self, event: Resize) -> None:
        """Show the size."""
        self.query_one("#size", Static).update(f"size {event.size.width}x{event.size.height}")

    def on_key(self, event: object) -> None:
        """Count."""
        self.keys += 1
        self.query_one("#keys", Static).update(f"keys {self.keys} 漢字")
        if self.keys == 4:
            self.exit()


if __name__ == "__main__":
    SmallApp(driver_class=desk_driver()).run(mouse=False)
