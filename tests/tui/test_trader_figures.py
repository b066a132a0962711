"""The figures of a trader's form: what is shown reads back as itself, and what is no figure is named."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.model.account import ModelPolicy, RiskLimits
from tui.trader_figures import LIMIT_FIGURES, POLICY_FIGURES, Figure, figure_text, read_figure, read_figures

WHOLE = Figure("n", "n", int)
MONEY = Figure("m", "m", Decimal, "no bound")


@given(st.decimals(0, 10**9, places=6))
def test_an_amount_reads_back_as_it_was(amount: Decimal) -> None:
    assert read_figure(figure_text(amount), MONEY, "m") == amount


@given(st.integers(0, 10**10))
def test_a_whole_number_reads_back_as_it_was(number: int) -> None:
    read = read_figure(figure_text(number), WHOLE, "n")
    assert read == number
    assert isinstance(read, int)


@given(
    st.builds(
        ModelPolicy,
        daily_usd=st.none() | st.decimals(0, 1000, places=2),
        daily_tokens=st.none() | st.integers(0, 10**9),
        max_concurrent=st.integers(1, 16),
        repairs=st.integers(0, 1),
        temperature=st.none() | st.sampled_from([0.0, 0.2, 0.7, 1.5]),
        max_output_tokens=st.none() | st.integers(16, 10**6),
    )
)
def test_a_policy_is_read_back_whole(policy: ModelPolicy) -> None:
    shown = {name: figure_text(getattr(policy, name)) for name in policy.__struct_fields__}
    assert read_figures(ModelPolicy(), "policy", POLICY_FIGURES, shown.__getitem__) == policy


def test_the_usual_limits_are_read_back_whole() -> None:
    limits = RiskLimits()
    shown = {name: figure_text(getattr(limits, name)) for name in limits.__struct_fields__}
    assert read_figures(limits, "limits", LIMIT_FIGURES, shown.__getitem__) == limits


@pytest.mark.parametrize("text", ["", "x", "-1", "0,5", "1.5", "1e9", "NaN", "9" * 30])
def test_what_is_no_whole_number_is_named(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"limits\.n: ") as error:
        read_figure(text, WHOLE, "limits.n")
    assert error.value.details["field"] == "limits.n"


def test_only_a_bound_that_may_be_missing_may_be_empty() -> None:
    assert read_figure("  ", MONEY, "m") is None
