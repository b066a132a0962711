from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.recorded_programs import CONTEXT, KLINES
from tui.panes.span_line import Span
from tui.program_outline import Node, Path, is_open, json_nodes, node_at, outline_lines, section, text_nodes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)


def texts(nodes: tuple[Node, ...], *toggled: Path, width: int = 60) -> list[str]:
    lines = outline_lines(nodes, frozenset(toggled), width)
    return ["".join(span.text for span in line.spans).rstrip() for line in lines]


def test_members_stand_below_their_name_and_deep_ones_are_folded() -> None:
    lines = texts(section("market context", json_nodes(CONTEXT)))
    assert lines[0] == "▾ market context"
    assert "    trigger_symbol  BTC" in lines
    assert '  ▸ positions  {1}  {"BTC": {"side": "long", "size": 0.15, …' in lines
    assert not any(line.strip().startswith("side ") for line in lines)


def test_a_fold_opens_and_says_how_much_is_in_it() -> None:
    nodes = json_nodes(json.dumps({"candles": json.loads(KLINES)}))
    assert texts(nodes)[0].startswith("▸ candles  [24]  [{")
    opened = texts(nodes, (0,))
    assert opened[0] == "▾ candles  [24]"
    assert len(opened) == 25
    assert opened[1] == '    0  {"timestamp": 1772370000, "close": 67000.5}'


def test_what_is_no_json_is_shown_as_it_is() -> None:
    assert texts(json_nodes("Traceback …\n  line 2")) == ["Traceback …", "  line 2"]


def test_the_lines_of_a_long_value_hang_below_its_first() -> None:
    nodes = (Node((Span("reason  ", "muted"), Span("one two three four five six"))),)
    assert texts(nodes, width=20) == ["reason  one two", "        three four", "        five six"]


def test_code_is_cut_where_a_sentence_is_broken() -> None:
    assert texts(text_nodes("    return ctx.buy(symbol, 0.01)", is_code=True), width=16) == [
        "    return ctx.…"
    ]


def test_an_escaped_control_character_does_not_come_back_to_life() -> None:
    hostile = json.dumps({"\x1b[2Jkey": "\x1b[31mred\u202e", "deep": [["\x9b1m" * 30]]})
    nodes = json_nodes(hostile)
    shown = "\n".join(texts(nodes, (0,), (1,), (1, 0)))
    assert "key" in shown
    assert "red" in shown
    assert not any(unsafe in shown for unsafe in ("\x1b", "\x9b", "\u202e"))


def test_a_text_too_deep_to_be_read_is_shown_as_it_is() -> None:
    assert texts(json_nodes("[" * 100_000), width=20)[0] == "[" * 20


@given(JSON, st.integers(8, 100))
def test_no_line_is_wider_than_asked_and_every_path_leads_to_its_node(value: Any, width: int) -> None:
    nodes = json_nodes(json.dumps(value))
    lines = outline_lines(nodes, frozenset(), width)
    for line in lines:
        node = node_at(nodes, line.path)
        assert line.is_foldable == bool(node.children)
        if len(line.spans) < 2:
            assert sum(cell_len(span.text) for span in line.spans) <= max(width, 1)


@given(JSON)
def test_toggling_twice_changes_nothing(value: Any) -> None:
    nodes = json_nodes(json.dumps(value))
    for line in outline_lines(nodes, frozenset(), 60):
        node = node_at(nodes, line.path)
        assert is_open(node, line.path, frozenset({line.path})) != is_open(node, line.path, frozenset())
