"""What the calls of language models took, added up by UTC day, trader and connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from engine.clock import DAY_MS
from engine.model.language_model import Spending, TokenUsage

_USAGE = msgspec.json.Decoder(TokenUsage)


def spending_of(calls: Iterable[Sequence[Any]]) -> tuple[Spending, ...]:
    """Return what calls took, newest day first.

    A call is `(started_ms, trader_id, connection_id, error, usage, cost_usd)` as a row keeps it.
    """
    days: dict[tuple[int, int, int], Spending] = {}
    for started_ms, trader_id, connection_id, error, usage, cost_usd in calls:
        key = (started_ms - started_ms % DAY_MS, trader_id, connection_id)
        day = days.get(key) or Spending(day_ms=key[0], trader_id=trader_id, connection_id=connection_id)
        days[key] = msgspec.structs.replace(
            day,
            calls=day.calls + 1,
            failed_calls=day.failed_calls + bool(error),
            tokens=day.tokens + _USAGE.decode(usage).total,
            cost_usd=day.cost_usd + Decimal(cost_usd or 0),
        )
    return tuple(days[key] for key in sorted(days, key=lambda key: (-key[0], key[1], key[2])))
