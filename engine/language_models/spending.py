"""What the calls of a UTC day took, and whether the day's caps leave room for another one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from engine.clock import DAY_MS
from engine.errors import DecisionRefused
from engine.model.account import ModelPolicy
from engine.model.language_model import ModelCall, ModelConnection, Spending
from engine.text import safe_line

CAP_REACHED = "cap_reached"
"""The `reason` of a call that a cap refuses, as `engine.strategies.prompts.gate.GateReason` has it."""


def day_of(ts_ms: int) -> int:
    """Return the start of the UTC day of a time."""
    return ts_ms - ts_ms % DAY_MS


def check_unpriced(connection: ModelConnection, trader_id: int, policy: ModelPolicy, model: str) -> None:
    """Refuse a call without a price where a cap in USD alone bounds the day: it would never be reached.

    Raises `DecisionRefused`.
    """
    caps = [(f"connection {connection.name}", connection.daily_usd, connection.daily_tokens)]
    if trader_id:
        caps.append(("this trader", policy.daily_usd, policy.daily_tokens))
    for whose, daily_usd, daily_tokens in caps:
        if daily_usd is not None and daily_tokens is None:
            raise DecisionRefused(
                f"the cap of {daily_usd} USD a day of {whose} cannot be kept: the price of"
                f" {safe_line(model, 60)} is not known; enter the connection's prices, or cap the tokens too",
                reason=CAP_REACHED,
            )


class Taken(msgspec.Struct, frozen=True):
    """How many calls there were and what they took."""

    calls: int = 0
    tokens: int = 0
    cost_usd: Decimal = Decimal(0)

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.calls + other.calls, self.tokens + other.tokens, self.cost_usd + other.cost_usd)


_NOTHING = Taken()


class DayTotals:
    """What today took, by trader and connection; `now_ms` is the wall clock's, and a new day begins at 0.

    What calls under way may come to is held against the caps too, so that many at once do not pass them
    together. A cap is so passed by one call at most, by what that call took more than was expected.
    """

    def __init__(self, spent: Iterable[Spending], now_ms: int) -> None:
        self._day_ms = day_of(now_ms)
        self._taken: dict[tuple[int, int], Taken] = {}
        self._expected: dict[tuple[int, int], Taken] = {}
        for each in spent:
            if each.day_ms == self._day_ms:
                self._count(
                    (each.trader_id, each.connection_id), Taken(each.calls, each.tokens, each.cost_usd)
                )

    def add(self, call: ModelCall) -> None:
        """Count a call on the day it was started; what was started on an earlier day is not today's."""
        self._turn(call.started_ms)
        if day_of(call.started_ms) == self._day_ms and not call.cached:
            taken = Taken(1, call.usage.total, call.cost_usd or Decimal(0))
            self._count((call.trader_id, call.connection_id), taken)

    def of_connection(self, connection_id: int, now_ms: int) -> Taken:
        """Return what today's calls of a connection took."""
        self._turn(now_ms)
        return _sum(self._taken, connection_id=connection_id)

    def why_not(self, connection: ModelConnection, trader_id: int, policy: ModelPolicy, now_ms: int) -> str:
        """Return which cap leaves no room for another call today, in words, or nothing."""
        self._turn(now_ms)
        why = self._beyond(
            f"connection {connection.name}",
            connection.daily_usd,
            connection.daily_tokens,
            connection_id=connection.connection_id,
        )
        if why or not trader_id:
            return why
        return self._beyond("this trader", policy.daily_usd, policy.daily_tokens, trader_id=trader_id)

    @contextlib.contextmanager
    def expecting(
        self, connection: ModelConnection, trader_id: int, policy: ModelPolicy, expected: Taken, now_ms: int
    ) -> Iterator[None]:
        """Hold what a call may come to against the caps while it is under way.

        Raises `DecisionRefused` where a cap is reached.
        """
        why = self.why_not(connection, trader_id, policy, now_ms)
        if why:
            raise DecisionRefused(why, reason=CAP_REACHED)
        key = (trader_id, connection.connection_id)
        self._expected[key] = self._expected.get(key, _NOTHING) + expected
        try:
            yield
        finally:
            less = Taken(-expected.calls, -expected.tokens, -expected.cost_usd)
            self._expected[key] += less

    def _beyond(
        self,
        whose: str,
        daily_usd: Decimal | None,
        daily_tokens: int | None,
        *,
        trader_id: int | None = None,
        connection_id: int | None = None,
    ) -> str:
        taken = _sum(self._taken, trader_id=trader_id, connection_id=connection_id)
        held = taken + _sum(self._expected, trader_id=trader_id, connection_id=connection_id)
        under_way = f" and {held.calls - taken.calls} calls under way" if held.calls > taken.calls else ""
        if daily_usd is not None and held.cost_usd >= daily_usd:
            spent = f"{taken.cost_usd:.4f} USD spent today{under_way}"
            return f"the cap of {daily_usd} USD a day of {whose} is reached: {spent}"
        if daily_tokens is not None and held.tokens >= daily_tokens:
            spent = f"{taken.tokens} tokens taken today{under_way}"
            return f"the cap of {daily_tokens} tokens a day of {whose} is reached: {spent}"
        return ""

    def _count(self, key: tuple[int, int], taken: Taken) -> None:
        self._taken[key] = self._taken.get(key, _NOTHING) + taken

    def _turn(self, now_ms: int) -> None:
        day_ms = day_of(now_ms)
        if day_ms > self._day_ms:
            self._day_ms, self._taken = day_ms, {}


def _sum(
    totals: dict[tuple[int, int], Taken], *, trader_id: int | None = None, connection_id: int | None = None
) -> Taken:
    found = (
        taken
        for (trader, connection), taken in tuple(totals.items())
        if trader_id in (None, trader) and connection_id in (None, connection)
    )
    return sum(found, _NOTHING)
