"""The question before anything risky: about now, and never answered by accident."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from textual.pilot import Pilot

from engine.errors import DeskError, NotFound
from tests.tui.peek import text_of
from tests.tui.recorded_desk import RecordedDesk
from tui.app import DeskApp
from tui.proposals import Proposal
from tui.screens.confirm import MOVED, ConfirmScreen


async def _nothing() -> str:
    return ""


@dataclass
class Market:
    """Makes the proposal of a close at a price that a test moves."""

    price: Decimal = Decimal(100)
    problem: DeskError | None = None

    def make(self) -> Proposal:
        if self.problem is not None:
            raise self.problem
        return Proposal("Close", f"Close at {self.price}.", "Close", _nothing, price=self.price)


async def asked(app: DeskApp, pilot: Pilot[None], market: Market) -> tuple[ConfirmScreen, list[object]]:
    await pilot.pause()
    answers: list[object] = []
    screen = ConfirmScreen(market.make(), market.make)
    await app.push_screen(screen, answers.append)
    await pilot.pause()
    return screen, answers


@pytest.mark.parametrize(
    ("keys", "is_yes"),
    [
        ("y", True),
        ("n", False),
        ("escape", False),
        ("enter", False),
        ("tab enter", True),
        ("l h enter", False),
    ],
)
async def test_only_a_deliberate_yes_confirms(app: DeskApp, keys: str, is_yes: bool) -> None:
    async with app.run_test() as pilot:
        _, answers = await asked(app, pilot, Market())
        await pilot.press(*keys.split())
        await pilot.pause()
        assert [answer is not None for answer in answers] == [is_yes]


async def test_the_sentence_follows_the_market_and_a_large_move_asks_again(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        market = Market()
        screen, answers = await asked(app, pilot, market)
        await pilot.press("tab")
        market.price = Decimal("100.2")
        screen.keep_current()
        assert text_of(app, ".sentence") == "Close at 100.2."
        market.price = Decimal(102)
        screen.keep_current()
        assert text_of(app, ".warning") == MOVED
        await pilot.press("enter")
        await pilot.pause()
        assert answers == [None]


async def test_what_has_become_impossible_cannot_be_confirmed(app: DeskApp) -> None:
    async with app.run_test() as pilot:
        market = Market()
        screen, answers = await asked(app, pilot, market)
        market.problem = NotFound("position: Manual has none in BTC")
        screen.keep_current()
        assert "has none" in text_of(app, ".warning")
        await pilot.press("y")
        await pilot.pause()
        assert answers == [None]


async def test_the_answers_are_in_view_on_the_smallest_terminal(app: DeskApp, desk: RecordedDesk) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("2", "x")
        await pilot.pause()
        region = app.screen.query_one("#answers").region
        assert region.height == 1
        assert region.bottom <= 19
