"""Then and now side by side, and what asking again may cost."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.model.decision import Decision, Operation
from engine.model.language_model import ModelConnection
from engine.model.prompt_backtest import ReplayItem, ReplayItemStatus
from tests.tui.recorded_books import DECISIONS
from tests.tui.recorded_models import CONNECTIONS
from tests.tui.recorded_prompt_backtests import RUNS
from tests.tui.recorded_stories import stories_of
from tui.replay_view import expected_cost, item_paragraphs, run_words, side_by_side
from tui.view import DeskView

D = Decimal
STORY = stories_of(DECISIONS)["d-2"]
SAME: ModelConnection = CONNECTIONS[0].connection
OTHER: ModelConnection = CONNECTIONS[1].connection


def test_the_same_model_may_cost_what_it_cost_then() -> None:
    assert expected_cost(STORY, SAME, "gpt-5-mini") == D("0.0031")


def test_another_model_costs_by_its_connections_prices_or_nobody_knows() -> None:
    priced = msgspec.structs.replace(OTHER, input_price=D(2), output_price=D(10))
    assert expected_cost(STORY, priced, "deepseek-chat") == (1_204 * D(2) + 96 * D(10)) / 1_000_000
    assert expected_cost(STORY, OTHER, "deepseek-chat") is None
    assert expected_cost(STORY, SAME, "gpt-5") is None


CELLS = st.text(alphabet="ab 世[", min_size=1, max_size=50)


@given(st.lists(st.tuples(st.just("symbol"), CELLS, CELLS), max_size=4), st.integers(40, 120))
def test_no_line_is_wider_than_the_screen_and_what_differs_is_marked(
    rows: list[tuple[str, str, str]], width: int
) -> None:
    lines = list(side_by_side(iter(rows), width))
    assert all(cell_len(line.text) <= width for line in lines)
    assert sum("≠" in line.text for line in lines) == sum(then != now for _, then, now in rows)


def test_decisions_of_one_symbol_stand_beside_each_other() -> None:
    def of(symbol: str, operation: Operation) -> Decision:
        return Decision(operation=operation, symbol=symbol, portion=D("0.5"))

    item = ReplayItem(
        decision_id="d-7",
        status=ReplayItemStatus.COMPLETED,
        original=(of("BTC", Operation.BUY), of("ETH", Operation.SELL)),
        changed=(of("ETH", Operation.SELL), of("SOL", Operation.BUY)),
        changes=("operation",),
        change_type="buy+sell_to_buy+sell",
    )
    lines = [paragraph.text.split() for paragraph in item_paragraphs(DeskView(), item, None, 80)]
    operations = [line[-2:] for line in lines if "operation" in line[:2]]
    assert operations == [["buy", "none"], ["sell", "sell"], ["none", "buy"]]


def test_a_run_says_what_it_took() -> None:
    assert run_words(RUNS[0]) == "64 of 120 asked, 2 failed, 201,400 tokens, 5.0012 USD"
    assert "1 from the record" in run_words(RUNS[1])
