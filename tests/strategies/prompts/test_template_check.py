"""What an editor says about templates."""

from __future__ import annotations

import pytest

from engine.model.prompt import TemplateReport
from engine.strategies.prompts.check import check_template
from engine.strategies.prompts.render import MAX_TEMPLATE_CHARACTERS
from engine.strategies.prompts.templates import STOCK_TEMPLATES, stock_template
from tests.strategies.prompts.recorded_context import SYMBOLS


def check(text: str) -> TemplateReport:
    return check_template(text, SYMBOLS)


@pytest.mark.parametrize("name", STOCK_TEMPLATES)
def test_nothing_is_wrong_with_the_stock_templates(name: str) -> None:
    report = check(stock_template(name).text)
    assert report.ok
    assert report.warnings == ()
    assert report.unknown == ()
    assert "output_format" in report.variables


def test_variables_are_told_in_order_and_once() -> None:
    report = check("{symbol} {{BTC_RSI14_15m}} {symbol} {moon} {output_format} {moon}")
    assert report.variables == ("symbol", "BTC_RSI14_15m", "output_format")
    assert report.unknown == ("moon",)


def test_an_unknown_name_has_its_place_and_the_nearest_name() -> None:
    (warning,) = check("Prices:\n  {market_price} and\n{output_format}").warnings
    assert (warning.line, warning.column) == (2, 3)
    assert warning.message == "{market_price} is no variable and becomes N/A"
    assert warning.advice == "did you mean {market_prices}?"


def test_a_missing_output_format_is_a_warning() -> None:
    report = check("hold\nalways")
    (warning,) = report.warnings
    assert report.ok
    assert (warning.line, warning.column) == (2, 7)
    assert "{output_format}" in warning.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{ market_prices }", "because of the spaces"),
        ("{market_prices }", "because of the spaces"),
        ("{market_prices and more", "nothing closes the brace"),
        ("{market_prices", "nothing closes the brace"),
    ],
)
def test_slips_of_known_names_are_told(text: str, said: str) -> None:
    (warning,) = check(f"{text}\n{{output_format}}").warnings
    assert said in warning.message
    assert warning.advice == "write {market_prices}"
    assert (warning.line, warning.column) == (1, 1)


@pytest.mark.parametrize("text", ['{"a": {}}', "{", "}}{{", "{ moon }", "{1}", "{a b c}"])
def test_other_braces_are_literal_text(text: str) -> None:
    assert check(f"{text}\n{{output_format}}").warnings == ()


@pytest.mark.parametrize("text", ["", " \n\t", "x" * (MAX_TEMPLATE_CHARACTERS + 1), "{" * 1_000_000])
def test_what_cannot_be_used_is_an_error(text: str) -> None:
    report = check(text)
    assert not report.ok
    assert len(report.errors) == 1


def test_warnings_have_a_bound_and_no_escapes() -> None:
    report = check("".join(f"{{name_{number}}}\n" for number in range(3000)))
    assert len(report.warnings) == 50
    assert len(report.unknown) == 3000
