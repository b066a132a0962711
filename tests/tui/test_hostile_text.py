"""Text from models, programs and venues is only ever text on this screen."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from textual.widget import Widget

from engine.model.event import Alert, ReasoningEvent, Severity, Topic
from engine.settings import Settings
from engine.text import safe_text
from tests.tui.recorded_books import DECISIONS, NOW_MS, PAST_ORDERS, TICKERS, instrument
from tests.tui.recorded_desk import RecordedDesk
from tests.tui.waiting import settled
from tui.app import DeskApp

HOSTILE = (
    "[bold red]x[/] [@click=app.quit]quit[/] [/nope] [link=http://x]y",
    "\x1b[2J\x1b]0;title\x07\x1b[31mred\x9b1m",
    "\u202eevil\u202c \u2066a\u2069 \u200b\ufeff",
    "$error [$error]] {{x}} \\[b]",
    "🧨" * 40 + "\u0301" * 30,
)


def every_strip(app: DeskApp) -> str:
    lines: list[str] = []
    for screen in app.screen_stack:
        lines += [strip.text for strip in screen._compositor.render_strips()]
        for widget in screen.walk_children(Widget):
            lines += [widget.render_line(y).text for y in range(widget.size.height)] if widget.size else []
    return "\n".join(lines)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_shown_inert(text: str) -> None:
    desk = RecordedDesk()
    kept = safe_text(text)
    record = msgspec.structs.replace(DECISIONS[1], reasoning=kept, outcome=kept)
    desk.decision_list = (record, DECISIONS[2])
    desk.trader_list = tuple(
        msgspec.structs.replace(trader, name=kept, status_reason=kept) for trader in desk.trader_list
    )
    symbol = safe_text(text, 12)
    quote = msgspec.structs.replace(TICKERS[0].quote, symbol=symbol)
    desk.ticker_list = (msgspec.structs.replace(TICKERS[0], quote=quote),)
    desk.instrument_list = (instrument(symbol, "0.1", "0.001"),)
    desk.open_orders = tuple(msgspec.structs.replace(order, status_reason=kept) for order in PAST_ORDERS)
    app = DeskApp(desk, Settings())
    async with app.run_test(size=(200, 60)) as pilot:
        await settled(pilot)
        desk.publish(Topic.REASONING, ReasoningEvent(2, "d-3", kept, 11))
        desk.publish(Topic.ALERTS, Alert(Severity.ERROR, kept, NOW_MS))
        app.screen.paint_tick()  # type: ignore[attr-defined]
        await settled(pilot)
        shown = every_strip(app)
        for key in ("K", "escape", "ctrl+p", "escape", "b", "escape", "3", "x", "escape"):
            await pilot.press(key)
            await pilot.pause()
            shown += every_strip(app)
        assert app.is_running
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]", shown)


async def test_markup_is_printed_as_it_is() -> None:
    desk = RecordedDesk()
    text = "[bold red]x[/bold red] [@click=app.quit]y[/]"
    desk.decision_list = (msgspec.structs.replace(DECISIONS[1], reasoning=text),)
    app = DeskApp(desk, Settings())
    async with app.run_test(size=(200, 60)) as pilot:
        await settled(pilot)
        assert text in every_strip(app)


async def test_prices_of_any_size_stay_in_their_cells() -> None:
    desk = RecordedDesk()
    huge = Decimal("123456789012345678.9")
    desk.position_list = tuple(
        msgspec.structs.replace(position, entry_price=huge, mark_price=huge, quantity=huge)
        for position in desk.position_list
    )
    app = DeskApp(desk, Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        lines = [strip.cell_length for strip in app.screen._compositor.render_strips()]
        assert set(lines) == {80}


def test_no_source_of_the_screen_reads_text_as_markup() -> None:
    root = Path(__file__).parents[2] / "tui"
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = f"{path}:{node.lineno}"
            assert name not in ("from_markup", "from_ansi"), place
            markup = [keyword.value for keyword in node.keywords if keyword.arg == "markup"]
            is_off = [getattr(value, "value", None) for value in markup] == [False]
            if name == "notify":
                assert is_off, place
            if name in ("Static", "Label") and node.args:
                builds_text = isinstance(node.args[0], ast.Call)
                says_nothing_foreign = _is_own_text(node.args[0])
                assert is_off or builds_text or says_nothing_foreign, place


def _is_own_text(node: ast.expr) -> bool:
    """Tell whether an argument is a literal or comes from a table of labels."""
    return isinstance(node, ast.Constant) or ast.unparse(node).startswith("LABELS[")
