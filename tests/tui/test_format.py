"""Numbers, times and text as the screen shows them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui import format as shown

D = Decimal


@pytest.mark.parametrize(
    ("value", "tick", "text"),
    [
        (D("67000.1"), D("0.10"), "67,000.1"),
        (D("67000"), D("0.10"), "67,000.0"),
        (D("0.00001234"), D("0.00000001"), "0.00001234"),
        (D("1234.5"), None, "1,234.5"),
        (None, D("1"), "–"),
        (D("NaN"), D("1"), "–"),
    ],
)
def test_prices_have_the_decimals_of_their_tick(
    value: Decimal | None, tick: Decimal | None, text: str
) -> None:
    assert shown.price(value, tick) == text


def test_quantities() -> None:
    assert shown.quantity(D("0.500"), D("0.001")) == "0.500"
    assert shown.quantity(D("0.500")) == "0.5"
    assert shown.quantity(D("1E+3")) == "1,000"


def test_money() -> None:
    assert shown.money(D("12345.605")) == "12,345.60"
    assert shown.money(D("-0.001")) == "0.00"


def test_what_a_model_took_is_never_nothing_while_it_is_something() -> None:
    assert [shown.model_cost(D(text)) for text in ("0", "0.0047", "0.01", "1204.5")] == [
        "$0.00",
        "$0.0047",
        "$0.01",
        "$1,204.50",
    ]


def test_a_profit_or_loss_is_told_by_glyph_and_sign() -> None:
    assert shown.profit(D("1204.5")) == "▲ +1,204.50"
    assert shown.profit(D("-3.2")) == "▼ -3.20"
    assert shown.profit(D("-0.001")) == "· 0.00"
    assert [shown.trend_role(value) for value in (D(1), D(-1), D(0), None)] == [
        "gain",
        "loss",
        "muted",
        "muted",
    ]


def test_percentages() -> None:
    assert shown.percent(D("0.0123")) == "+1.23%"
    assert shown.percent(0.5, 0, signed=False) == "50%"
    assert shown.percent(float("nan")) == "–"
    assert shown.change(-0.0123) == "▼ -1.23%"
    assert shown.change(0.000001) == "· 0.00%"


@pytest.mark.parametrize(
    ("age_ms", "text"),
    [
        (0, "0.0s"),
        (-5, "0.0s"),
        (430, "0.4s"),
        (9_990, "9.9s"),
        (12_400, "12s"),
        (61_000, "1m"),
        (7_200_000, "2h"),
        (200_000_000, "2d"),
        (None, "–"),
    ],
)
def test_the_age_of_data(age_ms: int | None, text: str) -> None:
    assert shown.age(age_ms) == text


def test_market_time_is_utc_unless_told_otherwise() -> None:
    assert shown.market_time(1_772_374_407_000) == "14:13:27"
    assert shown.market_date_time(1_772_374_407_000) == "2026-03-01 14:13"
    assert shown.short_date_time(1_772_374_407_000) == "03-01 14:13"


def test_a_time_says_its_day_when_it_is_not_today() -> None:
    now_ms = 1_772_374_407_000
    assert shown.time_or_day(now_ms - 60_000, now_ms) == "14:12:27"
    assert shown.time_or_day(now_ms - 86_400_000, now_ms) == "02-28 14:13"
    assert shown.time_or_day(None, now_ms) == "–"


@given(st.decimals(0, 10**9, places=2).map(lambda value: f"{value:,}"), st.integers(1, 20))
def test_a_number_is_shown_whole_or_not_at_all(number: str, width: int) -> None:
    shown_text = shown.fit_whole(number, width)
    assert cell_len(shown_text) == width
    assert shown_text.strip() in (number, "…")


def test_words_are_kept_whole() -> None:
    assert shown.fit_words("SL 79,000 TP 100,000", 20) == "SL 79,000 TP 100,000"
    assert shown.fit_words("SL 79,000 TP 100,000", 18) == "SL 79,000 TP …".ljust(18)
    assert shown.fit_words("SL 79,000", 3) == "…  "


@given(st.text("ab 漢字é🙂▲", max_size=30), st.integers(0, 20), st.sampled_from(["left", "right", "center"]))
def test_a_fitted_text_has_exactly_its_width_in_cells(text: str, width: int, align: shown.Align) -> None:
    assert cell_len(shown.fit(text, width, align)) == width


def test_a_text_that_is_cut_says_so() -> None:
    assert shown.fit("liquidation", 6) == "liqui…"
    assert shown.fit("ok", 4, "right") == "  ok"
    assert shown.fit("ok", 5, "center") == " ok  "
