"""The variables reference, and the page of it that ships."""

from __future__ import annotations

from importlib import resources

from engine.strategies.prompts.reference import variable_rows, variables_reference
from engine.strategies.prompts.variables.table import VARIABLES
from engine.strategies.prompts.view import PromptView
from tests.strategies.prompts.recorded_context import context


def test_the_page_is_made_from_the_table() -> None:
    page = resources.files("engine.strategies.prompts").joinpath("variables.md").read_text("utf-8")
    assert page == variables_reference(None), "write it anew: nightdesk prompt variables"


def test_every_row_is_in_it_with_an_example() -> None:
    page = variables_reference(None)
    for row in VARIABLES:
        assert f"`{{{row.pattern}}}`" in page
        assert row.meaning in page
    assert "Example: `{BTC_klines_15m}`." in page
    assert "**`{market_prices}`**" in page


def test_rows_have_the_values_of_a_view() -> None:
    rows = {row.name: row for row in variable_rows(PromptView(context=context()))}
    assert rows["available_cash"].value == "9000.50"
    assert rows["<SYMBOL>_klines_<PERIOD>"].value == "N/A"
    assert len(rows) == len(VARIABLES)
    assert {row.value for row in variable_rows(None)} == {""}
    assert "      9000.50\n" in variables_reference(PromptView(context=context()))
