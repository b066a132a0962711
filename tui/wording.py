"""The desk's own words for what the engine names: order types, statuses, fields and refusals."""

from __future__ import annotations

import re
from decimal import Decimal

from engine.errors import DeskError
from engine.model.order import OrderStatus, OrderType, TimeInForce

ORDER_TYPE_LABELS = {
    OrderType.MARKET: "market",
    OrderType.LIMIT: "limit",
    OrderType.STOP_MARKET: "stop",
    OrderType.TAKE_PROFIT_MARKET: "take profit",
}
TIME_IN_FORCE_LABELS = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.POST_ONLY: "post-only",
}
STATUS_LABELS = {
    OrderStatus.INTENT: "intent",
    OrderStatus.SENT: "sent",
    OrderStatus.UNKNOWN: "unknown",
    OrderStatus.ACCEPTED: "open",
    OrderStatus.PARTIALLY_FILLED: "partial",
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.REJECTED: "rejected",
    OrderStatus.DENIED: "denied",
    OrderStatus.EXPIRED: "expired",
}
FIELD_LABELS = {
    "side": "side",
    "symbol": "symbol",
    "type": "type",
    "quantity": "quantity",
    "notional": "notional",
    "fraction": "share",
    "price": "price",
    "trigger_price": "trigger price",
    "time_in_force": "in force",
    "stop_loss": "stop",
    "take_profit": "take profit",
    "leverage": "leverage",
    "reduce_only": "reduce-only",
    "max_price": "highest price",
    "min_price": "lowest price",
    "trader_id": "trader",
    "client_order_id": "order",
}
"""What each field of an order is called on the screen."""

_INTERNAL = {
    "reduce_only: true": "reduce-only:",
    "take_profit_market": "take profit",
    "stop_market": "stop",
    "post_only": "post-only",
    "take-profit": "take profit",
    "stop-loss": "stop",
}
_INTERNAL_WORDS = re.compile("|".join(re.escape(word) for word in _INTERNAL))
_FIELD_IN_FRONT = re.compile(rf"(?<![^\s;(])({'|'.join(FIELD_LABELS)}):(?=\s)")
_LONG_NUMBER = re.compile(r"(?<![\w.,:/#-])([0-9]{4,})(\.[0-9]+)?(?![\w,:/-]|\.[0-9])")


def plain_words(sentence: str) -> str:
    """Return a sentence of the engine with the screen's names for fields and order types."""
    sentence = _INTERNAL_WORDS.sub(lambda found: _INTERNAL[found.group()], sentence)
    return _FIELD_IN_FRONT.sub(lambda found: f"{FIELD_LABELS[found.group(1)]}:", sentence)


def refusal_text(error: DeskError) -> str:
    """Return why the desk refused, in the screen's words and with its way of writing numbers."""
    return _LONG_NUMBER.sub(_grouped, plain_words(error.message))


def _grouped(found: re.Match[str]) -> str:
    whole, decimals = found.group(1), (found.group(2) or "").rstrip("0").rstrip(".")
    return f"{Decimal(whole):,f}{decimals}"
