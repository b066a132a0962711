from __future__ import annotations

from textual.binding import Binding

from tests.tui.peek import handled_actions
from tests.tui.recorded_desk import RecordedDesk
from tui.action import PANE_TITLES, WORKSPACES, Context, Risk, contexts_of
from tui.actions import ACTIONS, actions_in, bindings_for, shown_keys
from tui.app import DeskApp
from tui.screens.desk import PANES, DeskScreen
from tui.screens.help import KEY_WIDTH, help_text
from tui.screens.palette import palette_entries
from tui.widgets.live_table import LiveTable

FORBIDDEN = {
    "ctrl+b",
    "ctrl+s",
    "ctrl+q",
    "ctrl+j",
    "ctrl+z",
    "ctrl+m",
    "ctrl+i",
    "ctrl+a",
    "ctrl+d",
    "ctrl+w",
}


def all_keys(bindings: object) -> set[str]:
    keys: set[str] = set()
    for binding in bindings:  # type: ignore[attr-defined]
        text = binding.key if isinstance(binding, Binding) else binding[0]
        keys |= {key.strip() for key in text.split(",")}
    return keys


def test_no_key_means_two_things_in_one_place() -> None:
    for workspace, panes in WORKSPACES.items():
        for pane in panes:
            # The market's panes hold no list: there the keys that move in one move the chart.
            lists = () if workspace is Context.MARKET else (Context.TABLES,)
            contexts = (pane, workspace, Context.ANYWHERE, *lists)
            keys = [key for action in ACTIONS if action.context in contexts for key in action.keys]
            assert len(keys) == len(set(keys)), pane


def test_no_default_key_belongs_to_tmux_a_terminal_or_flow_control() -> None:
    keys = {key for action in ACTIONS for key in action.keys}
    for node in (DeskApp, DeskScreen, LiveTable, *PANES):
        keys |= all_keys(node.BINDINGS)
    assert not keys & FORBIDDEN


async def test_the_running_app_has_no_forbidden_key(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await pilot.pause()
        assert not set(app.screen.active_bindings) & FORBIDDEN


def test_every_action_of_a_table_is_bound_by_the_table() -> None:
    bound = all_keys(LiveTable.BINDINGS)
    for action in ACTIONS:
        if action.context is Context.TABLES:
            assert set(action.keys) <= bound, action.id


def test_ids_are_unique_and_every_action_says_what_it_does() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert all(action.keys and action.label and action.help for action in ACTIONS)


def test_bindings_come_from_the_table() -> None:
    assert {binding.id for binding in bindings_for(Context.DESK) if isinstance(binding, Binding)} == {
        action.id for action in ACTIONS if action.context is Context.DESK
    }


async def test_every_action_appears_in_help_and_palette_and_has_a_handler(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, DeskScreen)
        text = help_text(app, 110).plain
        titles = [entry.help for entry in palette_entries(screen)]
        for action in ACTIONS:
            assert f"  {shown_keys(action.keys)}" in text, action.id
            assert action.help in text, action.id
        for action in actions_in(*contexts_of(Context.DESK)):
            if action.context is not Context.TABLES:
                assert action.id in handled_actions(screen), action.id
                assert action.help in titles or action.id == "palette.open", action.id


async def test_every_risky_action_asks_before_the_desk_hears_of_it(app: DeskApp, desk: RecordedDesk) -> None:
    for action in actions_in(*contexts_of(Context.DESK)):
        if action.risk is Risk.FREE:
            continue
        desk = RecordedDesk()
        if action.id == "trader.delete":
            desk.position_list = ()
        app = DeskApp(desk, app.settings)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            if action.context in PANE_TITLES:
                await pilot.press(str(list(PANE_TITLES).index(action.context) + 1))
            await pilot.press(action.keys[0])
            await pilot.pause()
            assert desk.calls == [], action.id
            if action.risk is Risk.CONFIRM:
                assert type(app.screen).__name__ == "ConfirmScreen", action.id
                await pilot.press("enter")
                await pilot.pause()
                assert desk.calls == [], f"{action.id}: Enter alone must not confirm"


async def test_help_hangs_its_explanations_below_each_other(app: DeskApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        lines = help_text(app, 70).plain.splitlines()
        assert max(len(line) for line in lines if "QUANTITY" not in line) <= 70
        place = next(index for index, line in enumerate(lines) if line.startswith("  X "))
        assert lines[place + 1].startswith(" " * (KEY_WIDTH + 2))
        assert lines[place + 1][KEY_WIDTH + 2] != " "
