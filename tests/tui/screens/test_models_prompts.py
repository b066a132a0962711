"""The models and the prompts screen: what their keys do, what is asked first, and what is never shown."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.model.language_model import ConnectionTest
from engine.model.vault import VaultState
from tests.tui.peek import screen_lines, text_of
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.recorded_models import PASSPHRASE, RecordedModels
from tests.tui.waiting import settled
from tui.app import DeskApp
from tui.screens.confirm import ConfirmScreen
from tui.screens.connection_form import ConnectionForm, ConnectionTestForm
from tui.screens.models import ModelsScreen
from tui.screens.passphrase_form import PassphraseForm
from tui.screens.prompts import PromptsScreen
from tui.screens.ticket_fields import ChoiceField

KEY = "sk-canary-0123456789"
SIZES = [(80, 24), (120, 40), (200, 60)]


def shown(app: DeskApp) -> str:
    return "\n".join(screen_lines(app))


async def opened(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_foreign_names_are_plain_text(app: DeskApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await opened(pilot, "f8")
        assert "[/foo] cheap" in shown(app)
        await opened(pilot, "f7", "j")
        if size[0] > 80:
            assert "[/foo]" in shown(app)


async def test_the_vault_opens_with_its_passphrase_alone(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "f8", "u", *"wrong words")
        assert "wrong" not in shown(app)
        await opened(pilot, "enter")
        assert isinstance(app.screen, PassphraseForm)
        assert "does not open the vault" in text_of(app, "#verdict")
        assert app.screen.query_one("#passphrase", Input).value == ""
        app.screen.query_one("#passphrase", Input).value = PASSPHRASE
        await opened(pilot, "enter")
        assert isinstance(app.screen, ModelsScreen)
        assert desk.vault.status().state is VaultState.OPEN
        await opened(pilot, "l")
        assert desk.vault.status().state is VaultState.LOCKED


async def test_enter_goes_on_to_the_passphrase_that_is_still_empty(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "f8", "w", *"old words", "enter", *"new words that hold", "enter")
        assert isinstance(app.screen, PassphraseForm)
        assert app.screen.focused is app.screen.query_one("#again", Input)
        assert desk.calls == []


async def test_a_key_is_masked_and_dropped_for_another_host(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "f8", "e")
        assert isinstance(app.screen, ConnectionForm)
        assert text_of(app, "#key-said").startswith("a key is in the vault")
        key = app.screen.query_one("#key", Input)
        key.value = KEY
        await settled(pilot)
        assert KEY not in shown(app)
        app.screen.query_one("#base_url", Input).value = "https://elsewhere.example/v1"
        await settled(pilot)
        assert key.value == ""
        assert "give it again" in text_of(app, "#key-said")
        assert desk.calls == []


async def test_a_key_that_is_typed_goes_to_the_vault_or_is_said_to_be_lost(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "f8", "e")
        source = app.screen.query_one("#key_source", ChoiceField)
        source.value = "none"
        app.screen.query_one("#key", Input).value = KEY
        await settled(pilot)
        assert source.value == "vault"
        app.screen.set_focus(source)
        await opened(pilot, "left")
        assert source.value != "vault"
        assert "not kept" in text_of(app, "#key-said")
        assert desk.calls == []


async def test_the_same_host_keeps_what_was_typed_and_saves_it(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "f8", "e")
        app.screen.query_one("#key", Input).value = KEY
        await settled(pilot)
        app.screen.query_one("#base_url", Input).value = "https://api.openai.com/v2"
        await opened(pilot, "enter")
        assert [(call[0], call[2]) for call in desk.calls] == [("save_connection", True)]
        assert KEY not in repr(desk.calls) + shown(app)


async def test_a_failed_test_says_why_and_stays_open(app: DeskApp, desk: RecordedDesk) -> None:
    assert isinstance(desk.models, RecordedModels)
    desk.models.test = ConnectionTest(success=False, message="the server does not know this model")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "f8", "y")
        assert desk.calls == []
        await opened(pilot, "enter")
        assert isinstance(app.screen, ConnectionTestForm)
        assert "does not know this model" in text_of(app, "#verdict")


@pytest.mark.parametrize("keys", [("f8", "D"), ("f8", "2", "D"), ("f7", "D"), ("f7", "r")])
async def test_what_cannot_be_undone_asks_first(
    app: DeskApp, desk: RecordedDesk, keys: tuple[str, ...]
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, *keys)
        assert isinstance(app.screen, ConfirmScreen)
        await opened(pilot, "enter")
        assert desk.calls == []


async def test_a_template_is_written_completed_checked_and_saved(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "f7", "j", "e", "ctrl+end", "left_curly_bracket", *"avail")
        assert "tab writes {available_cash}" in shown(app)
        await opened(pilot, "tab")
        assert "tab writes" not in shown(app)
        screen = app.screen
        assert isinstance(screen, PromptsScreen)
        assert screen.template.area.text.endswith("{available_cash}")
        await opened(pilot, *"{nosuch}")
        assert "nosuch is no variable" in text_of(app, "#template-problems")
        assert "unknown: nosuch" in text_of(app, "#preview-said")
        assert "trend" in screen.unsaved
        await opened(pilot, "ctrl+o")
        assert [call[0] for call in desk.calls] == ["save_prompt"]
        assert desk.prompts.prompts()[1].version == 3
        assert screen.unsaved == ""


async def test_a_variable_found_by_its_meaning_goes_into_the_template(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "f7", "j", "3", "slash", *"candles", "enter", "enter")
        screen = app.screen
        assert isinstance(screen, PromptsScreen)
        assert screen.template.area.text.startswith("{BTC_klines_15m}")


async def test_a_trader_is_bound_by_choosing_it(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "f7", "w", "enter")
        assert desk.calls == [("bind", 2, 1)]
