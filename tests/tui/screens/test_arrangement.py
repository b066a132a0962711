from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.actions import PANE_TITLES, Context
from tui.screens.arrangement import MEDIUM_SIZE, TABS, arrange

_contexts = st.sampled_from(list(PANE_TITLES))


@given(
    st.integers(20, 300),
    st.integers(6, 120),
    _contexts,
    st.none() | _contexts,
    st.integers(0, 30),
    st.integers(0, 60),
)
def test_every_cell_belongs_to_exactly_one_pane(
    width: int, height: int, lower: Context, zoomed: Context | None, traders: int, symbols: int
) -> None:
    regions = arrange(width, height, lower, zoomed, traders, symbols)
    assert sum(region.area for region in regions.values()) == width * height
    for name, region in regions.items():
        assert region.x >= 0
        assert region.y >= 0
        assert region.right <= width
        assert region.bottom <= height
        for other_name, other in regions.items():
            assert other_name == name or not region.overlaps(other)


@given(st.integers(20, 300), st.integers(6, 120), _contexts)
def test_the_wanted_pane_is_always_shown_and_large_enough_to_read(
    width: int, height: int, lower: Context
) -> None:
    regions = arrange(width, height, lower, None)
    assert regions[lower.value].height >= 5


def test_a_large_enough_terminal_shows_every_pane() -> None:
    for width, height in [(MEDIUM_SIZE.width, MEDIUM_SIZE.height), (120, 38), (200, 58), (400, 150)]:
        assert set(arrange(width, height, Context.CHAT, None)) == {context.value for context in PANE_TITLES}


def test_a_small_terminal_shows_the_traders_and_one_pane() -> None:
    assert set(arrange(80, 22, Context.CHAT, None)) == {TABS, "traders", "chat"}
