"""A warning where a model's training may contain the period, and none where it cannot."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.backtest.prompts.cutoff import RULES_CONNECTION_ID, cutoff_warnings


def _ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("2023-10-31", "2023-12-01", "may contain a part of 2023-10-31 to 2023-12-01"),
        ("2023-05-01", "2023-06-01", "may contain all of 2023-05-01 to 2023-06-01"),
    ],
)
def test_a_period_before_the_end_of_training_is_warned_of(start: str, end: str, says: str) -> None:
    (warning,) = cutoff_warnings(1, "gpt-4o-2024-08-06", _ms(start), _ms(end))
    assert "up to 2023-10" in warning
    assert says in warning


def test_a_period_after_the_month_of_the_cutoff_is_not() -> None:
    assert cutoff_warnings(1, "gpt-4o", _ms("2023-11-01"), _ms("2023-12-01")) == ()


def test_december_ends_with_the_year() -> None:
    assert cutoff_warnings(1, "gpt-4-turbo", _ms("2024-01-01"), _ms("2024-02-01")) == ()
    assert cutoff_warnings(1, "gpt-4-turbo", _ms("2023-12-31"), _ms("2024-02-01"))


def test_an_unknown_model_is_not_trusted() -> None:
    (warning,) = cutoff_warnings(1, "my-own-model", _ms("2025-01-01"), _ms("2025-02-01"))
    assert "not known" in warning


def test_rules_were_not_trained() -> None:
    assert cutoff_warnings(RULES_CONNECTION_ID, "nightdesk-rules", 0, _ms("2025-02-01")) == ()
