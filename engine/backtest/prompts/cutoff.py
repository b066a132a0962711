"""Training that may contain the period: a model that has read what happened next decides by memory."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.language_models.prices import facts_of

RULES_CONNECTION_ID = 0
"""The connection of the built-in rules model, which was not trained on anything."""


def cutoff_warnings(connection_id: int, model: str, start_ms: int, end_ms: int) -> tuple[str, ...]:
    """Return what to say of a model about a period from `start_ms` to `end_ms`, UTC milliseconds.

    Looking ahead in the data is impossible; what a model remembers of it cannot be taken from it.
    """
    if connection_id == RULES_CONNECTION_ID:
        return ()
    facts = facts_of(model)
    first, last = _day(start_ms), _day(end_ms)
    period = first if first == last else f"{first} to {last}"
    if facts is None:
        return (
            f"until when {model} was trained is not known: its training may contain {period}, and then"
            " these results say nothing about the future",
        )
    cutoff_ms = _end_of_month_ms(facts.trained_until)
    if cutoff_ms <= start_ms:
        return ()
    share = "all" if cutoff_ms >= end_ms else "a part"
    return (
        f"{model} was trained on texts up to {facts.trained_until}, which may contain {share} of {period}:"
        " its results there may be memory and not judgement",
    )


def _end_of_month_ms(month: str) -> int:
    """Return when a month such as `2024-06` is over."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    year, number = divmod(first.year * 12 + first.month, 12)
    return int(datetime(year, number + 1, 1, tzinfo=UTC).timestamp()) * 1000


def _day(ts_ms: int) -> str:
    return f"{datetime.fromtimestamp(ts_ms / 1000, UTC):%Y-%m-%d}"
