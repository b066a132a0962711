"""The dialogs of the vault's passphrase: choose it, give it, change it. What is typed is never shown."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import DeskError, InvalidInput
from engine.model.vault import VaultState
from engine.secrecy.secret import Secret
from tui.bridge import DeskBridge
from tui.screens.signal_fields import TextField
from tui.screens.signal_form import FormScreen

NEW_ADVICE = "at least 12 characters"


class PassphraseForm(FormScreen):
    """Asks for passphrases and hands them to the vault; a wrong one is asked for again."""

    DEFAULT_CSS = """
    PassphraseForm .dialog { width: 68; }
    PassphraseForm .row Static { width: 17; }
    """

    def __init__(self, bridge: DeskBridge, state: VaultState, *, is_change: bool = False) -> None:
        super().__init__()
        self._bridge = bridge
        self._asks_old = state is not VaultState.ABSENT
        self._asks_new = is_change or not self._asks_old
        self.first_field = "passphrase" if self._asks_old else "new"
        self.heading = "Change the passphrase" if is_change else "Open the vault"
        if not self._asks_old:
            self.heading = "Choose the vault's passphrase"

    def compose_fields(self) -> ComposeResult:
        """Build the masked fields."""
        fields = [("passphrase", "passphrase", "")] if self._asks_old else []
        if self._asks_new:
            fields += [("new", "new passphrase", NEW_ADVICE), ("again", "once more", "")]
        for name, label, advice in fields:
            with self.row():
                yield self.label(name, label)
                field = TextField("", placeholder=advice, id=name)
                field.password = True
                yield field

    @property
    def values(self) -> tuple[bool, ...]:
        """Whether anything is typed, field by field; the texts themselves stay in the fields."""
        return tuple(bool(field.value) for field in self.query(Input))

    def action_submit(self) -> None:
        """Go to the field that is still empty, if there is another one; else save."""
        empty = next((field for field in self.query(Input) if not field.value), self.focused)
        if empty is not self.focused:
            self.set_focus(empty)
            return
        super().action_submit()

    def blame(self, error: DeskError) -> None:
        """Say what was wrong, and let it be typed anew."""
        for field in self.query(Input):
            with field.prevent(Input.Changed):
                field.value = ""
        super().blame(error)
        self.set_focus(self.query_one(f"#{self.first_field}"))

    async def save(self) -> str:
        """Open, make or reseal the vault; raises `DeskError`."""
        vault = self._bridge.desk.vault
        old = self._secret("passphrase") if self._asks_old else None
        if not self._asks_new:
            await vault.unlock(old or Secret(""))
            return "the vault is open"
        new = self._secret("new")
        if new.reveal() != self._secret("again").reveal():
            raise InvalidInput("passphrase: the two entries differ; nothing was done", field="again")
        if old is None:
            await vault.create(new)
            return "the vault is made, and open"
        await vault.change_passphrase(old, new)
        return "the vault has its new passphrase"

    def _secret(self, name: str) -> Secret:
        return Secret(self.query_one(f"#{name}", Input).value)
