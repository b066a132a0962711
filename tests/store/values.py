"""Values to store: a few plain ones, and a hypothesis strategy for any value of a given kind."""

from __future__ import annotations

import enum
import types
import typing
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

from engine.model.account import TraderConfig, TraderKind
from engine.model.fill import Fill, Liquidity
from engine.model.order import Order, OrderStatus, OrderType, Side

EXACT_DECIMALS = st.builds(
    lambda digits, exponent: Decimal(f"{digits}E{exponent}"),
    st.integers(-(10**60), 10**60),
    st.integers(-40, 40),
)
"""Amounts with far more digits than a float or the default decimal context can hold."""

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_SCALARS: dict[type, st.SearchStrategy[Any]] = {
    Decimal: EXACT_DECIMALS,
    str: _TEXTS,
    int: _INTEGERS,
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
}


def values_of(kind: Any, **fixed: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for any value of a type; `fixed` pins fields of a Struct."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind is type(None):
        return st.none()
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from(list(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind)
        fields = {name: values_of(hint) for name, hint in hints.items() if name in kind.__struct_fields__}
        return st.builds(kind, **fields | {name: st.just(value) for name, value in fixed.items()})
    if isinstance(kind, typing.TypeAliasType):
        return values_of(kind.__value__)
    if typing.get_origin(kind) is dict:
        key, value = typing.get_args(kind)
        return st.dictionaries(values_of(key), values_of(value), max_size=3)
    if typing.get_origin(kind) is tuple:
        return st.lists(values_of(typing.get_args(kind)[0]), max_size=3).map(tuple)
    if isinstance(kind, types.UnionType):
        return st.one_of([values_of(member) for member in typing.get_args(kind)])
    raise TypeError(f"no strategy for {kind}")


def trader(trader_id: int = 1) -> TraderConfig:
    return TraderConfig(
        trader_id=trader_id,
        name=f"trader {trader_id}",
        kind=TraderKind.MANUAL,
        initial_capital=Decimal(10_000),
    )


def order(client_order_id: str, status: OrderStatus = OrderStatus.INTENT, created_ms: int = 1) -> Order:
    return Order(
        client_order_id=client_order_id,
        trader_id=1,
        symbol="BTC",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal("0.5"),
        price=Decimal("67000.10"),
        created_ms=created_ms,
        updated_ms=created_ms,
        status=status,
    )


def fill(trade_id: str, ts_ms: int = 1, quantity: str = "0.1") -> Fill:
    return Fill(
        trade_id=trade_id,
        client_order_id="entry",
        trader_id=1,
        symbol="BTC",
        side=Side.BUY,
        price=Decimal("67000.10"),
        quantity=Decimal(quantity),
        fee=Decimal("3.350005"),
        liquidity=Liquidity.TAKER,
        realized_pnl=Decimal(0),
        ts_ms=ts_ms,
    )
