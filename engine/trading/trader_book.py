"""What a human may configure about a trader, checked before it is kept.

Pure: the configuration as it would be kept is returned. One table of ranges says what each figure may
be; whatever else must exist is asked of the desk through `DeskNames`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from engine.errors import Conflict, InvalidInput, NotFound
from engine.market.periods import parse_period
from engine.model.account import ModelPolicy, RiskLimits, TraderConfig, TraderKind, TradingMode
from engine.names import checked_name
from engine.text import safe_line, safe_text
from engine.trading.default_traders import RULES_MODEL

MAX_DESCRIPTION = 1_000
MAX_MODEL_NAME = 200
MAX_SCHEDULE_SECONDS = 7 * 86_400
MAX_CAPITAL = Decimal(1_000_000_000)

type Range = tuple[Decimal | int | float, Decimal | int | float]

LIMIT_RANGES: Mapping[str, Range] = {
    "max_leverage": (1, 125),
    "default_leverage": (1, 125),
    "max_notional": (Decimal(1), MAX_CAPITAL),
    "max_positions": (1, 100),
    "max_open_orders": (1, 200),
    "max_orders_per_minute": (1, 600),
    "price_collar": (Decimal("0.0001"), Decimal("0.5")),
    "max_slippage": (Decimal("0.0001"), Decimal("0.5")),
    "max_quote_age_ms": (100, 600_000),
}
POLICY_RANGES: Mapping[str, Range] = {
    "daily_usd": (Decimal(0), Decimal(100_000)),
    "daily_tokens": (0, 10**10),
    "max_concurrent": (1, 16),
    "repairs": (0, 1),
    "temperature": (0.0, 2.0),
    "max_output_tokens": (16, 1_000_000),
}
"""The least and the most of each figure; one of a policy may also be left out (None)."""


class DeskNames(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration may name: each `check` returns or raises `NotFound` saying what there is."""

    symbols: tuple[str, ...]
    check_prompt: Callable[[str], object]
    check_connection: Callable[[int], object]
    check_pool: Callable[[int], object]


def new_trader(
    config: TraderConfig, trader_id: int, others: Iterable[TraderConfig], names: DeskNames
) -> TraderConfig:
    """Return a trader as it would be made; raises `InvalidInput`, `Conflict` or `NotFound`."""
    capital = config.initial_capital
    if not (capital.is_finite() and 0 < capital <= MAX_CAPITAL):
        raise InvalidInput.of(
            "initial_capital", capital, f"allowed is a number above 0, at most {MAX_CAPITAL:,}"
        )
    if config.mode is not TradingMode.REPLAY:
        raise InvalidInput.of("mode", config.mode, "this desk plays a recorded market: allowed is replay")
    made = msgspec.structs.replace(config, trader_id=trader_id, deleted=False)
    return _checked(made, others, names)


def edited_trader(
    before: TraderConfig,
    config: TraderConfig,
    others: Iterable[TraderConfig],
    names: DeskNames,
    held_symbols: Iterable[str],
) -> TraderConfig:
    """Return a trader as it would be changed; raises `InvalidInput`, `Conflict` or `NotFound`.

    `held_symbols` are those with a position or an open order, which must stay.
    """
    for field in ("kind", "mode", "initial_capital"):
        kept, wanted = getattr(before, field), getattr(config, field)
        if kept != wanted:
            raise Conflict(
                f"{field}: {before.name} keeps {kept} as long as it lives; make another trader for {wanted}",
                field=field,
                value=str(wanted),
            )
    if dropped := sorted(set(held_symbols) - set(config.symbols)):
        raise Conflict(
            f"symbols: {', '.join(dropped)} has a position or an open order; close it first",
            field="symbols",
            value=", ".join(config.symbols),
        )
    return _checked(msgspec.structs.replace(config, deleted=before.deleted), others, names)


def checked_limits(limits: RiskLimits) -> RiskLimits:
    """Return limits whose every figure is in its range; raises `InvalidInput`."""
    _check_ranges("limits", limits, LIMIT_RANGES)
    if limits.default_leverage > limits.max_leverage:
        raise InvalidInput.of(
            "limits.default_leverage",
            limits.default_leverage,
            f"allowed is 1 to the highest leverage, {limits.max_leverage}",
        )
    return limits


def checked_policy(policy: ModelPolicy) -> ModelPolicy:
    """Return a policy whose every figure is in its range or left out; raises `InvalidInput`."""
    _check_ranges("policy", policy, POLICY_RANGES)
    return policy


def _checked(config: TraderConfig, others: Iterable[TraderConfig], names: DeskNames) -> TraderConfig:
    taken = (each.name for each in others if each.trader_id != config.trader_id and not each.deleted)
    for pool_id in config.pool_ids:
        names.check_pool(pool_id)
    if not 0 <= config.schedule_seconds <= MAX_SCHEDULE_SECONDS:
        raise InvalidInput.of(
            "schedule_seconds", config.schedule_seconds, f"allowed is 0 (none) to {MAX_SCHEDULE_SECONDS}"
        )
    checked = msgspec.structs.replace(
        config,
        name=checked_name("name", config.name, taken),
        symbols=_checked_symbols(config.symbols, names.symbols),
        period=str(parse_period(config.period)),
        pool_ids=tuple(dict.fromkeys(config.pool_ids)),
        limits=checked_limits(config.limits),
        policy=checked_policy(config.policy),
        description=safe_text(config.description, MAX_DESCRIPTION),
    )
    if config.kind is TraderKind.PROMPT:
        return _checked_prompt_trader(checked, names)
    return msgspec.structs.replace(
        checked,
        strategy=safe_line(config.strategy) if config.kind is TraderKind.PROGRAM else "",
        model="",
        connection_id=0,
        schedule_seconds=0,
        pool_ids=(),
    )


def _checked_prompt_trader(config: TraderConfig, names: DeskNames) -> TraderConfig:
    names.check_prompt(config.strategy)
    if not config.connection_id:
        return msgspec.structs.replace(config, model=RULES_MODEL)
    names.check_connection(config.connection_id)
    model = safe_line(config.model).strip()
    if not 1 <= len(model) <= MAX_MODEL_NAME:
        raise InvalidInput.of("model", repr(model[:20]), f"allowed are 1 to {MAX_MODEL_NAME} characters")
    return msgspec.structs.replace(config, model=model)


def _checked_symbols(wanted: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    if not wanted:
        raise InvalidInput.of("symbols", "none", f"allowed are one or more of {', '.join(known)}")
    for symbol in wanted:
        if symbol not in known:
            raise NotFound(
                f"symbols: {safe_line(symbol, 40)} is not traded here; allowed: {', '.join(known)}",
                field="symbols",
                value=safe_line(symbol, 40),
            )
    return tuple(dict.fromkeys(wanted))


def _check_ranges(path: str, values: msgspec.Struct, ranges: Mapping[str, Range]) -> None:
    for field, (least, most) in ranges.items():
        value = getattr(values, field)
        if value is None:
            continue
        is_number = value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)
        if not is_number or not least <= value <= most:
            raise InvalidInput.of(f"{path}.{field}", value, f"allowed is {least:,} to {most:,}")
