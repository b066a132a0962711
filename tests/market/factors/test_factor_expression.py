"""The factor language: what it means, and that everything outside it is refused at its place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.market.factors.expression import MOST_CHARACTERS, Call, Name, Number, parse_expression
from engine.market.factors.library import FactorLibrary
from engine.model.factor import FactorCategory, FactorDefinition
from tests.market.factors.factor_markets import recorded

LIBRARY = FactorLibrary()


def custom(name: str, expression: str) -> FactorDefinition:
    return FactorDefinition(name=name, category=FactorCategory.CUSTOM, expression=expression, meaning="mine")


def test_a_text_becomes_a_tree_of_values() -> None:
    tree = parse_expression("1.5 + sma(close, 20)")
    average = Call("sma", (Name("close", 10), Number(20.0, 17)), 6)
    assert tree == Call("+", (Number(1.5, 0), average), 4)
    assert hash(tree) == hash(parse_expression("1.5 + sma(close, 20)"))


def arithmetic_texts() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["open", "high", "low", "close", "2", "0.5", "30"])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from([" + ", "-", " *", "/ "]), inner).map("".join),
            inner.map(lambda text: f"({text})"),
            inner.map(lambda text: f"-{text}"),
        ),
        max_leaves=12,
    )


@given(arithmetic_texts())
def test_operators_bind_as_in_mathematics(text: str) -> None:
    series = recorded().slice(0, 50)
    columns = {name: getattr(series, name) for name in ("open", "high", "low", "close")}
    try:
        with np.errstate(all="ignore"):
            # Python binds these operators in the same way, so it is the independent reading.
            wanted = eval(text, {"__builtins__": {}}, columns) + np.zeros(50)
    except ZeroDivisionError:
        wanted = np.full(50, np.nan)
    wanted = np.where(np.isfinite(wanted), wanted, np.nan)
    found = FactorLibrary([custom("mine", text)]).array("mine", series)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "a number, a name or ( is wanted"),
        ("close +", 7, "a number, a name or ( is wanted"),
        ("close 2", 6, "an operator or the end is wanted"),
        ("sma(close, 20", 13, "an operator, a comma or ) is wanted"),
        ("sma(close, 20))", 14, "an operator or the end is wanted"),
        ("sma(close, 20,)", 14, "another argument is wanted"),
        ("1 < close < 2", 10, "comparisons are not chained"),
        ("close + clse", 8, "no such column or factor; the nearest are close"),
        ("smaa(close, 20)", 0, "no such function; the nearest are sma"),
        ("RSI(close, 14)", 0, "the nearest are rsi"),
        ("rsi", 0, "a function is written rsi(x, n)"),
        ("returns(2)", 0, "no such function"),
        ("2 * rsi(close)", 4, "it is written rsi(x, n)"),
        ("rsi(close, 1)", 11, "n of rsi(x, n) is a whole number from 2 to 500"),
        ("rsi(close, 501)", 11, "is a whole number from 2 to 500"),
        ("rsi(close, 2.5)", 11, "is a whole number"),
        ("rsi(close, volume)", 11, "is a whole number"),
        ("rsi(close, 7 + 7)", 13, "is a whole number"),
        ("power(close, 99)", 13, "from 2 to 8"),
        ("close.__class__", 5, "made of numbers, names"),
        ("__import__(1)", 0, "no such function"),
        ("_ + 1", 0, "no such column or factor"),
        ("'close'", 0, "made of numbers, names"),
        ("[close]", 0, "made of numbers, names"),
        ("lambda: close", 6, "made of numbers, names"),
        ("close if open else low", 6, "an operator or the end"),
        ("2 ** 9", 3, "a number, a name or ("),
        ("close == open", 6, "made of numbers, names"),
        ("1e99", 1, "an operator or the end"),
        ("1234567890123", 0, "at most 12 digits"),
        ("close ＋ 1", 6, "made of numbers, names"),
        ("close\x1b[31m", 5, "made of numbers, names"),
        ("1 + " * 200, MOST_CHARACTERS, "at most 500"),
        ("(" * 40 + "1" + ")" * 40, 24, "nested at most 24 deep"),
        ("-" * 300 + "1", 150, "at most 150 words"),
    ],
)
def test_what_is_not_of_the_language_is_refused_at_its_place(text: str, position: int, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        LIBRARY.check_expression(text)
    assert refused.value.details["position"] == str(position)
    assert refused.value.details["field"] == "expression"
    assert says in refused.value.details["allowed"]
    assert "\x1b" not in refused.value.message


@given(st.text(max_size=60) | st.text("closeRS(),.+-*/<=> 1290_\n'", max_size=60))
def test_any_text_is_read_or_refused_at_a_place_inside_it(text: str) -> None:
    refused = refusal(text)
    assert refused is None or 0 <= int(refused.details["position"]) <= len(text)


def refusal(text: str, library: FactorLibrary = LIBRARY) -> InvalidInput | None:
    try:
        library.check_expression(text)
    except InvalidInput as refused:
        return refused
    return None


def test_work_is_bounded_however_factors_refer_to_each_other() -> None:
    library = LIBRARY
    for count in range(1, 12):
        more = " + ".join(f"zscore(volume, {20 * count + length})" for length in range(2, 12))
        next_one = custom(f"f{count}", f"f{count - 1} + {more}" if count > 1 else more)
        refused = refusal(next_one.expression, library)
        if refused is not None:
            break
        library = library.with_factor(next_one)
    assert refused is not None
    assert "at most 300 steps" in refused.details["allowed"]
    assert 0 <= int(refused.details["position"]) < len(next_one.expression)
    with pytest.raises(InvalidInput) as again:
        library.with_factor(next_one)
    assert again.value.details == {**refused.details, "factor": next_one.name}


def test_doubling_through_factors_costs_one_step_each() -> None:
    library = LIBRARY.with_factor(custom("f0", "close / 1000000"))
    for count in range(1, 15):
        library = library.with_factor(custom(f"f{count}", f"f{count - 1} + f{count - 1}"))
    series = recorded().slice(0, 10)
    assert np.array_equal(library.array("f14", series), series.close / 1_000_000 * 2**14)
    longest = library.with_factor(custom("f15", "f14"))
    with pytest.raises(InvalidInput, match="over at most 16 steps"):
        longest.with_factor(custom("f16", "f15"))
