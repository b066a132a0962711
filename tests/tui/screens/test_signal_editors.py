"""The editors of signals and pools: read as typed, saved whole or not at all, left only knowingly."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from engine.errors import Conflict, InvalidInput
from engine.model.signal import PoolLogic, SignalPool
from tests.tui.peek import text_of
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.screens.test_signals import changes, notices, open_signals
from tests.tui.waiting import NEVER_S, settled
from tui.app import DeskApp
from tui.screens.signal_editor import SignalEditor
from tui.screens.signal_fields import ConditionField, PickList
from tui.screens.signal_form import LEAVE_WARNING
from tui.screens.signal_pool_editor import PoolEditor


def editor(app: DeskApp) -> SignalEditor:
    assert isinstance(app.screen, SignalEditor)
    return app.screen


def pool_editor(app: DeskApp) -> PoolEditor:
    assert isinstance(app.screen, PoolEditor)
    return app.screen


async def test_a_new_signal_is_typed_tried_and_saved(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "N", *"Low", "tab", *"rsi14 ", *"crosses ", *"b", "tab")
        assert editor(app).query_one(ConditionField).value == "rsi14 crosses below"
        await pilot.press(*" 25 on 15m")
        await settled(pilot)
        assert "✓ rsi14 crosses below 25 on 15m" in text_of(app, "#said")
        assert text_of(app, "#tried").startswith("would have fired 3 times in 7d on BTC")
        await pilot.press("enter")
        await pilot.pause()
        saved = changes(desk)[0][1]
        assert (saved.signal_id, saved.name, saved.condition) == (  # type: ignore[attr-defined]  # a signal
            0,
            "Low",
            "rsi14 crosses below 25 on 15m",
        )
        assert notices(app) == ["signal Low: rsi14 crosses below 25 on 15m"]


async def test_the_wrong_word_is_pointed_at_as_it_is_typed(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "N", "tab", *"abs nosuch > 3")
        field = editor(app).query_one(ConditionField)
        assert field.error_span == (4, 10)
        assert text_of(app, "#said").splitlines()[0] == "    ^^^^^^"
        assert "did you mean rsi14?" in text_of(app, "#said")
        assert text_of(app, "#tried") == ""


async def test_tab_leaves_the_condition_when_there_is_nothing_to_complete(app: DeskApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "e", "tab")
        assert app.focused is not None
        assert app.focused.id == "description"


async def test_only_the_last_of_several_texts_is_tried(
    app: DeskApp, desk: RecordedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.signal_trial.DELAY_S", NEVER_S)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_signals(pilot, "e", "backspace", "backspace", "backspace", *"30")
        monkeypatch.setattr("tui.screens.signal_trial.DELAY_S", 0.05)
        await pilot.press("m")
        await settled(pilot)
        asked = [call[1] for call in desk.calls if call[0] == "preview_signal"]
        assert asked == ["rsi14 crosses below 30 on 30m"]


async def test_a_refusal_stands_at_its_field_and_nothing_is_lost(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "N", *"Takers sell", "tab", *"rsi14 < 5 on 1h", "enter")
        await pilot.pause()
        assert text_of(app, "#verdict") == "name: Takers sell is taken"
        assert editor(app).query_one("#label-name").has_class("-wrong")
        assert app.focused is not None
        assert app.focused.id == "name"
        assert editor(app).values.condition == "rsi14 < 5 on 1h"
        assert len(desk.signals.definition_list) == 4
        await pilot.press("x")
        await pilot.pause()
        assert text_of(app, "#verdict") == ""


async def test_escape_loses_typed_text_only_the_second_time(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "N", "escape")
        assert not isinstance(app.screen, SignalEditor), "nothing was typed"
        await pilot.press("N", "x", "escape")
        await pilot.pause()
        assert text_of(app, "#verdict") == LEAVE_WARNING
        await pilot.press("y", "escape")
        await pilot.pause()
        assert isinstance(app.screen, SignalEditor), "a change asks anew"
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, SignalEditor)
        assert changes(desk) == []


async def test_a_pool_is_put_together_and_saved_with_its_listeners(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "2", "N", *"Both", "tab", "right", "tab", "tab", *"300", "tab")
        assert text_of(app, "#cooldown-said") == "5m of silence after a fire"
        assert text_of(app, "#tried") == "space picks its signals"
        await pilot.press("space", "j", "j", "space", "tab", "space", "tab", "j", "space", "enter")
        await pilot.pause()
        assert changes(desk) == [
            (
                "save_pool",
                SignalPool(
                    pool_id=0,
                    name="Both",
                    signal_ids=(1, 3),
                    logic=PoolLogic.OR,
                    symbols=("BTC",),
                    cooldown_seconds=300,
                ),
            ),
            ("listen", 2, (1, 2, 100)),
        ]
        assert notices(app) == ["pool Both wakes Rules"]


async def test_a_pool_is_tried_on_one_of_its_own_symbols(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "2", "e")
        pool_editor(app).query_one("#symbols", PickList).focus()
        await pilot.press("space")
        await settled(pilot)
        assert ("preview_pool", "Reversal", "ETH") in desk.calls


async def test_a_cooldown_is_whole_seconds(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "2", "e")
        pool_editor(app).query_one("#cooldown", Input).value = "1.5"
        await pilot.press("enter")
        await pilot.pause()
        assert "give whole seconds" in text_of(app, "#verdict")
        assert pool_editor(app).query_one("#label-cooldown").has_class("-wrong")
        assert changes(desk) == []


async def test_listeners_that_are_refused_are_said_to_be_what_is_not_saved(
    app: DeskApp, desk: RecordedDesk
) -> None:
    async def refuse(trader_id: int, pool_ids: tuple[int, ...]) -> None:
        raise Conflict("trader: Rules is being deleted", field="trader_id")

    desk.signals.listen = refuse  # type: ignore[method-assign]  # one command that fails
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "2", "e")
        pool_editor(app).query_one("#listeners", PickList).focus()
        await pilot.press("space", "enter")
        await pilot.pause()
        assert "the pool is saved, who listens is not" in text_of(app, "#verdict")
        assert pool_editor(app).query_one("#label-listeners").has_class("-wrong")


async def test_a_pool_that_is_refused_is_not_saved_by_half(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_signals(pilot, "2", "e")
        pool_editor(app).query_one("#listeners", PickList).focus()
        desk.failure = InvalidInput("signal_ids: name at least one", field="signal_ids")
        await pilot.press("space", "enter")
        await pilot.pause()
        assert pool_editor(app).query_one("#label-members").has_class("-wrong")
        assert [call[0] for call in changes(desk)] == ["save_pool"]


async def test_all_of_a_pool_fits_the_smallest_terminal(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await open_signals(pilot, "2", "e")
        for name in ("name", "logic", "cooldown", "members", "symbols", "listeners", "tried", "verdict"):
            region = pool_editor(app).query_one(f"#{name}").region
            assert region.y > 0, name
            assert region.bottom < 24, name
            assert region.height > 0, name
