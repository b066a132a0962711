"""What a program answers: its decision, and the plain fields that leave the sandbox.

Shipped as text and executed in the guest after `guest_records.py`; the engine never imports it.
"""

from __future__ import annotations

import math
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.strategies.programs.guest_batch import Batch

MAX_REASON = 400
DEFAULT_SLIPPAGE = 0.005
"""How far beyond the quote an order of the short or documented form may fill, unless it says."""

_DOCUMENTED = {"long": "buy", "short": "sell"}
_OPERATIONS = {**{each: each for each in ("buy", "sell", "close", "hold")}, **_DOCUMENTED}
_NUMBERS = (
    *("target_portion_of_balance", "quantity", "leverage", "max_price", "min_price"),
    *("take_profit_price", "stop_loss_price"),
)
_TEXTS = ("symbol", "time_in_force", "tp_execution", "sl_execution", "trading_strategy")
_DEFAULTS = {"time_in_force": "Ioc", "tp_execution": "limit", "sl_execution": "limit"}


class ProgramError(Exception):
    """Something about the program that no line of it raised."""


class ActionType:
    """The four operations by name; plain words work as well."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"
    CLOSE = "close"


class Decision:
    """What a program wants done; `hold` needs nothing but the operation.

    `target_portion_of_balance` is the share of the available balance to use as margin (buy, sell),
    or the share of the position to close; `quantity` in the base currency stands in its place.
    `leverage` left out is the account's default leverage. `max_price` is required to buy, `min_price`
    to sell; closing a long takes `min_price`, closing a short `max_price`. `take_profit_price` and
    `stop_loss_price` are trigger prices. The documented words work too: `long` and `short`, `action`,
    `portion`, `size_pct`, `take_profit_pct`, `stop_loss_pct` (from the entry) and `reasoning`.
    """

    def __init__(
        self,
        operation: str = "",
        symbol: str = "",
        target_portion_of_balance: float = 0.0,
        leverage: int | None = None,
        max_price: float | None = None,
        min_price: float | None = None,
        time_in_force: str = "Ioc",
        take_profit_price: float | None = None,
        stop_loss_price: float | None = None,
        tp_execution: str = "limit",
        sl_execution: str = "limit",
        reason: str = "",
        trading_strategy: str = "",
        quantity: float | None = None,
        size_pct: float | None = None,
        take_profit_pct: float | None = None,
        stop_loss_pct: float | None = None,
        reasoning: str = "",
        *,
        action: str = "",
        portion: float | None = None,
    ) -> None:
        self.operation = action if operation == "" else operation
        self.symbol = symbol
        self.target_portion_of_balance = target_portion_of_balance if portion is None else portion
        self.leverage = leverage
        self.max_price = max_price
        self.min_price = min_price
        self.time_in_force = time_in_force
        self.take_profit_price = take_profit_price
        self.stop_loss_price = stop_loss_price
        self.tp_execution = tp_execution
        self.sl_execution = sl_execution
        self.reason = reason or reasoning
        self.trading_strategy = trading_strategy
        self.quantity = quantity
        self.size_pct = size_pct
        self.take_profit_pct = take_profit_pct
        self.stop_loss_pct = stop_loss_pct
        self.reasoning = reasoning


def operation_of(decision: Any) -> str:
    """Return buy, sell, close, hold or whatever it says; refuse what is no decision at all."""
    if not isinstance(decision, Decision):
        raise ProgramError(f"a Decision must be returned; the program returned {type(decision).__name__}")
    operation = decision.operation
    if not isinstance(operation, str):
        raise ProgramError(f"Decision.operation must be text, not {type(operation).__name__}")
    usual = _OPERATIONS.get(operation)
    if usual is not None:
        return usual
    if not operation:
        raise ProgramError("Decision.operation is missing: write buy, sell, close or hold")
    word = operation.strip().lower()
    return _OPERATIONS.get(word, word)


def reason_of(decision: Decision) -> str:
    """Return why, cut."""
    reason = decision.reason or decision.reasoning
    if not reason:
        return ""
    if not isinstance(reason, str):
        raise ProgramError(f"Decision.reason must be text, not {type(reason).__name__}")
    return reason[:MAX_REASON]


def order_fields(decision: Decision, operation: str, batch: Batch, row: int) -> dict[str, Any]:
    """Return what an order says, field by field; the desk judges whether it may."""
    fields: dict[str, Any] = {"operation": operation}
    for name in _TEXTS:
        value = getattr(decision, name)
        if not isinstance(value, str):
            raise ProgramError(f"Decision.{name} must be text, not {type(value).__name__}")
        if value and value != _DEFAULTS.get(name):
            fields[name] = value[:MAX_REASON]
    for name in _NUMBERS:
        value = getattr(decision, name)
        if value is not None:
            fields[name] = _number(name, value)
    reason = reason_of(decision)
    if reason:
        fields["reason"] = reason
    _settle_size(decision, fields)
    _settle_leverage(fields, batch)
    _settle_guard(decision, fields, batch, row)
    _settle_percents(decision, fields, batch, row)
    return fields


def json_of(fields: dict[str, Any]) -> str:
    """Return fields as JSON; texts and numbers are all there is in them."""
    text = ""
    for name, value in fields.items():
        shown = encode_basestring_ascii(value) if isinstance(value, str) else repr(value)
        text += f', "{name}": {shown}'
    return "{" + text[2:] + "}"


def _number(name: str, value: Any) -> Any:
    kind = type(value)
    if kind is float:
        if value - value == 0.0:
            return value
    elif kind is int and -(10**18) < value < 10**18:
        return value
    elif isinstance(value, float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise ProgramError(f"Decision.{name} must be a finite number, not {str(value)[:40]}")


def _settle_size(decision: Decision, fields: dict[str, Any]) -> None:
    """Leave one size: a quantity, the documented per cent, or a portion."""
    if decision.size_pct is not None:
        fields["target_portion_of_balance"] = _number("size_pct", decision.size_pct) / 100
    if "quantity" in fields and not fields["target_portion_of_balance"]:
        del fields["target_portion_of_balance"]


def _settle_leverage(fields: dict[str, Any], batch: Batch) -> None:
    leverage = fields.setdefault("leverage", batch.default_leverage)
    if isinstance(leverage, float) and leverage.is_integer():
        fields["leverage"] = int(leverage)


def _settle_guard(decision: Decision, fields: dict[str, Any], batch: Batch, row: int) -> None:
    """Put the price that the short and the documented form leave out near the quote."""
    if batch.order is not decision and decision.size_pct is None:
        if decision.operation in ("buy", "sell", "close"):
            return
        if decision.operation.strip().lower() not in _DOCUMENTED:
            return
    side = fields["operation"]
    if side == "close":
        if "max_price" in fields or "min_price" in fields:
            return
        side = "sell" if batch.books.sides.get(decision.symbol) == "long" else "buy"
    guard, quotes, sign = ("max_price", batch.asks, 1) if side == "buy" else ("min_price", batch.bids, -1)
    if guard not in fields and decision.symbol in quotes:
        quote = quotes[decision.symbol][row]
        if quote == quote:
            fields[guard] = _readable(quote * (1 + sign * DEFAULT_SLIPPAGE))


def _settle_percents(decision: Decision, fields: dict[str, Any], batch: Batch, row: int) -> None:
    """Turn the documented per cents into prices; the entry is taken to be the quote."""
    if decision.take_profit_pct is None and decision.stop_loss_pct is None:
        return
    quotes, sign = (batch.asks, 1) if fields["operation"] == "buy" else (batch.bids, -1)
    if decision.symbol not in quotes:
        return
    quote = quotes[decision.symbol][row]
    for name, percent, way in (
        ("take_profit_price", decision.take_profit_pct, sign),
        ("stop_loss_price", decision.stop_loss_pct, -sign),
    ):
        if percent is not None:
            fields[name] = _readable(quote * (1 + way * _number(name, percent) / 100))


def _readable(price: float) -> float:
    return float(f"{price:.10g}")
