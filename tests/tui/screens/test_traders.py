"""The traders of the desk from the keyboard: made, changed, put away, and moved as files."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.model.account import TraderConfig, TraderKind, TraderStatus
from engine.model.decision import DecisionStatus
from engine.model.trader_file import TraderFile
from tests.tui.peek import desk_screen, screen_lines, text_of
from tests.tui.recorded_books import DECISIONS, TRADERS
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled, until
from tui.app import DeskApp
from tui.screens.choices import ChoiceScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.desk import DeskScreen
from tui.screens.signal_form import LEAVE_WARNING
from tui.screens.ticket_fields import ChoiceField
from tui.screens.trader_file_form import TraderExportForm, TraderImportForm
from tui.screens.trader_form import TraderForm, read_symbols
from tui.trader_figures import LIMIT_FIGURES, POLICY_FIGURES, figures_of

RULES, MANUAL = 2, 3
SIZE = (120, 40)


def shown(app: DeskApp) -> str:
    return "\n".join(screen_lines(app))


async def opened(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(pilot)


async def fill(app: DeskApp, pilot: Pilot[None], **values: str) -> None:
    for name, value in values.items():
        app.screen.query_one(f"#{name}", Input).value = value
    await settled(pilot)


def config_of(desk: RecordedDesk, trader_id: int) -> TraderConfig:
    return next(each for each in desk.roster.configs(include_deleted=True) if each.trader_id == trader_id)


def test_every_figure_of_the_limits_and_the_policy_has_a_field() -> None:
    config = TraderConfig(trader_id=1, name="", kind=TraderKind.MANUAL, initial_capital=Decimal(1))
    for rows, values in ((LIMIT_FIGURES, config.limits), (POLICY_FIGURES, config.policy)):
        assert {figure.name for figure in figures_of(rows)} == set(values.__struct_fields__)


def test_symbols_are_read_with_commas_or_blanks() -> None:
    assert read_symbols(" btc, ETH  sol,") == ("BTC", "ETH", "SOL")


async def test_a_prompt_trader_is_made_paused(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "N", *"Ada")
        await fill(app, pilot, initial_capital="5,000", symbols="btc", schedule="5m", daily_usd="2.5")
        await opened(pilot, "enter")
        assert isinstance(app.screen, DeskScreen)
        made = config_of(desk, 4)
        assert (made.name, made.kind, made.initial_capital) == ("Ada", TraderKind.PROMPT, Decimal(5000))
        assert (made.strategy, made.connection_id, made.model) == ("default", 0, "nightdesk-rules")
        assert (made.symbols, made.schedule_seconds) == (("BTC",), 300)
        assert made.policy.daily_usd == Decimal("2.5")
        assert desk.trader_list[-1].status is TraderStatus.PAUSED
        assert "▸ Ada" in shown(app)
        await opened(pilot, "p")
        assert desk.calls[-1] == ("start_trader", 4)


@pytest.mark.parametrize(("steps", "kind"), [(1, TraderKind.PROGRAM), (2, TraderKind.MANUAL)])
async def test_the_other_kinds_have_rows_of_their_own(
    app: DeskApp, desk: RecordedDesk, steps: int, kind: TraderKind
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "N", *"Bob", "tab", *["right"] * steps)
        assert app.screen.query_one("#kind", ChoiceField).value == kind
        assert "USD a day" not in shown(app)
        # What is not shown is not read either.
        await fill(app, pilot, schedule="nonsense")
        await opened(pilot, "enter")
        assert config_of(desk, 4).kind is kind
        assert config_of(desk, 4).connection_id == 0


async def test_everything_of_a_trader_can_be_changed_but_its_kind_and_capital(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "k", "k", "j", "o")
        assert isinstance(app.screen, TraderForm)
        assert not app.screen.query("#kind, #initial_capital")
        values = {
            "name": "Rules II",
            "description": "follows the trend",
            "period": "1h",
            "symbols": "ETH SOL",
            "model": "gpt-5",
            "schedule": "1h 30m",
            "daily_tokens": "1000",
            "repairs": "1",
            "temperature": "0.5",
            "max_leverage": "10",
            "default_leverage": "3",
            "max_notional": "5000.5",
            "price_collar": "0.01",
            "max_quote_age_ms": "2000",
        }
        await fill(app, pilot, **values)
        await opened(pilot, "enter")
        kept = config_of(desk, RULES)
        assert (kept.name, kept.description, kept.period) == ("Rules II", "follows the trend", "1h")
        assert (kept.symbols, kept.model, kept.schedule_seconds) == (("ETH", "SOL"), "gpt-5", 5400)
        assert (kept.policy.daily_tokens, kept.policy.repairs, kept.policy.temperature) == (1000, 1, 0.5)
        assert kept.policy.daily_usd is None
        assert (kept.limits.max_leverage, kept.limits.default_leverage) == (10, 3)
        assert kept.limits.max_notional == Decimal("5000.5")
        assert kept.limits.max_quote_age_ms == 2000


async def test_an_untouched_form_keeps_the_trader_as_it_is(app: DeskApp, desk: RecordedDesk) -> None:
    before = config_of(desk, RULES)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "k", "k", "j", "o", "enter")
        assert isinstance(app.screen, DeskScreen)
        assert desk.calls == [("edit_trader", RULES)]
        assert config_of(desk, RULES) == before


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "name"),
        ("symbols", "", "one or more of BTC, ETH, SOL"),
        ("symbols", "DOGE", "DOGE is not traded here; allowed: BTC, ETH, SOL"),
        ("period", "7m", "7m"),
        ("schedule", "soon", "soon is not allowed; give a span such as 5m"),
        ("max_leverage", "500", "limits.max_leverage: 500 is not allowed; allowed is 1 to 125"),
        ("max_positions", "1.5", "1.5 is not allowed; type a whole number"),
        ("max_notional", "much", "much is not allowed; type a number"),
        ("max_slippage", "", "nothing is not allowed; type a number"),
        ("default_leverage", "9", "1 to the highest leverage, 5"),
        ("repairs", "2", "policy.repairs: 2 is not allowed; allowed is 0 to 1"),
        ("temperature", "-1", "leave it empty for the model's"),
        ("model", "", "1 to 200 characters"),
    ],
)
async def test_a_wrong_value_is_named_marked_and_nothing_is_changed(
    app: DeskApp, desk: RecordedDesk, field: str, value: str, said: str
) -> None:
    before = desk.roster.configs()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "k", "k", "j", "o")
        await fill(app, pilot, **{field: value})
        await opened(pilot, "enter")
        assert isinstance(app.screen, TraderForm)
        assert said in " ".join(text_of(app, "#verdict").split())
        assert app.screen.query_one(f"#label-{field}").has_class("-wrong")
        assert app.focused is not None
        assert app.focused.id == field
        assert desk.roster.configs() == before


async def test_a_changed_form_is_left_only_by_a_second_escape(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "N", "x", "escape")
        assert isinstance(app.screen, TraderForm)
        assert text_of(app, "#verdict").startswith(LEAVE_WARNING[:20])
        await opened(pilot, "escape")
        assert isinstance(app.screen, DeskScreen)
        await opened(pilot, "N", "escape")
        assert isinstance(app.screen, DeskScreen)
        assert desk.calls == []


async def test_trading_is_blocked_and_allowed_by_the_same_key(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "v")
        assert desk.calls == [("set_trading", MANUAL, False)]
        assert "◌ no entry" in shown(app)
        await opened(pilot, "v")
        assert desk.calls[-1] == ("set_trading", MANUAL, True)
        assert "◌ no entry" not in shown(app)


async def test_a_hidden_trader_is_named_and_can_be_put_back(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "u")
        assert isinstance(app.screen, DeskScreen)
        await opened(pilot, "h")
        assert [each.name for each in desk.traders()] == ["Reversion", "Rules"]
        assert "1 hidden" in shown(app)
        await opened(pilot, "u")
        assert isinstance(app.screen, ChoiceScreen)
        assert "Manual" in shown(app)
        await opened(pilot, "enter")
        assert [each.name for each in desk.traders()] == ["Reversion", "Rules", "Manual"]


async def test_a_trader_is_deleted_after_a_full_sentence_and_a_yes(app: DeskApp, desk: RecordedDesk) -> None:
    desk.position_list = desk.position_list[:2]
    desk.trader_list = (*TRADERS[:2], msgspec.structs.replace(TRADERS[2], open_positions=0))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "D")
        assert isinstance(app.screen, ConfirmScreen)
        sentence = " ".join(text_of(app, ".sentence").split())
        assert sentence.startswith("Stop Manual, cancel its 1 open order,")
        assert "cannot be started again" in sentence
        # The question stays about the trader it was asked of, whatever is selected by now.
        desk_screen(app).select(trader_id=RULES)
        assert isinstance(app.screen, ConfirmScreen)
        app.screen.keep_current()
        assert "Stop Manual" in text_of(app, ".sentence")
        await opened(pilot, "y")
        assert desk.calls == [("delete_trader", MANUAL)]
        assert [each.name for each in desk.traders()] == ["Reversion", "Rules"]


async def test_a_trader_that_holds_something_is_not_deleted(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "D")
        assert isinstance(app.screen, DeskScreen)
        assert "Manual holds SOL" in shown(app)
        assert desk.calls == []


async def test_a_trader_goes_to_a_file_and_comes_back_under_another_name(
    app: DeskApp, desk: RecordedDesk, tmp_path: Path
) -> None:
    place = tmp_path / "rules.trader.json"
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "k", "k", "j", "E")
        assert isinstance(app.screen, TraderExportForm)
        await fill(app, pilot, path=str(place))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DeskScreen))
        assert place.stat().st_mode & 0o077 == 0
        written = msgspec.json.decode(place.read_bytes(), type=TraderFile)
        assert written.config == config_of(desk, RULES)
        await opened(pilot, "I", *"x")
        await fill(app, pilot, path=str(place), name="Rules again")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "Rules again" in text_of(app, ".sentence")
        assert "built-in rules model stands in" in " ".join(text_of(app, ".warning").split())
        assert "import_trader" not in [call[0] for call in desk.calls]
        await opened(pilot, "y")
        assert desk.calls[-1] == ("import_trader", "Rules again")
        assert config_of(desk, 4).name == "Rules again"


async def test_a_file_is_never_written_over(app: DeskApp, desk: RecordedDesk, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    place.write_text("mine")
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "E")
        for path, said in ((place, "it is there already"), (tmp_path / "no" / "x", "is not there")):
            await fill(app, pilot, path=str(path))
            await opened(pilot, "enter")
            assert isinstance(app.screen, TraderExportForm)
            assert said in " ".join(text_of(app, "#verdict").split())
        assert place.read_text() == "mine"
        assert desk.calls == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"{", "it is no trader's file"),
        (b"\xff\xfe", "it is no trader's file"),
        (b'{"config": {"trader_id": 1}}', "missing required field"),
    ],
)
async def test_what_is_no_traders_file_is_refused_with_its_reason(
    app: DeskApp, desk: RecordedDesk, tmp_path: Path, content: bytes | None, said: str
) -> None:
    place = tmp_path / "file"
    if content is not None:
        place.write_bytes(content)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "I")
        await fill(app, pilot, path=str(place))
        await pilot.press("enter")
        await until(pilot, lambda: bool(text_of(app, "#verdict").strip()))
        assert isinstance(app.screen, TraderImportForm)
        assert said in " ".join(text_of(app, "#verdict").split())
        assert desk.calls == []


async def test_the_problem_of_a_file_stands_before_anything_is_imported(
    app: DeskApp, desk: RecordedDesk, tmp_path: Path
) -> None:
    place = tmp_path / "file"
    lost = msgspec.structs.replace(config_of(desk, RULES), strategy="lost")
    place.write_bytes(msgspec.json.encode(TraderFile(config=lost)))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1", "I")
        await fill(app, pilot, path=str(place))
        await pilot.press("enter")
        await until(pilot, lambda: "lost is neither" in " ".join(text_of(app, "#verdict").split()))
        assert desk.calls == []


async def test_the_cause_of_an_error_is_one_key_away(app: DeskApp, desk: RecordedDesk) -> None:
    failed = msgspec.structs.replace(
        DECISIONS[1], decision_id="d-7", status=DecisionStatus.FAILED, outcome="the reply was cut off"
    )
    desk.decision_list = (*DECISIONS, failed)
    desk.trader_list = tuple(
        msgspec.structs.replace(each, status=TraderStatus.ERROR, status_reason="no answer")
        if each.trader_id == RULES
        else each
        for each in TRADERS
    )
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "1")
        await opened(pilot, "e")
        assert "no decision of Manual has failed" in shown(app)
        await opened(pilot, "k")
        assert "no answer · e cause" in shown(app)
        await opened(pilot, "e")
        assert "d-7" in shown(app)
        await opened(pilot, "escape")
        assert isinstance(app.screen, DeskScreen)
