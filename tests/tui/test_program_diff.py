from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.tui.recorded_programs import RSI_V2, RSI_V3
from tui.program_diff import difference

SOURCES = st.lists(st.sampled_from(["a = 1", "b = 2", "", "    return", "# note"]), max_size=12).map(
    "\n".join
)


def test_the_lines_that_changed_stand_with_their_signs_and_roles() -> None:
    changed = difference(RSI_V2, RSI_V3)
    assert changed.summary == "+2 -1"
    told = {(line.text, line.role) for line in changed.lines}
    assert ("-OVERSOLD = 30", "loss") in told
    assert ("+OVERSOLD = 28", "gain") in told
    assert ("+                stop_loss_price=price * 0.98,", "gain") in told


def test_equal_sources_do_not_differ() -> None:
    assert difference(RSI_V3, RSI_V3).lines == ()
    assert difference(RSI_V3, RSI_V3).summary == "the same"


@given(SOURCES, SOURCES)
def test_added_and_removed_account_for_the_difference_in_length(before: str, after: str) -> None:
    changed = difference(before, after)
    assert changed.added - changed.removed == len(after.splitlines()) - len(before.splitlines())
    assert sum(1 for line in changed.lines if line.role == "gain") == changed.added
