"""The decision format as a JSON schema, for vendors that can hold a model to one.

A schema only makes replies more often right: what comes back is validated all the same. It is the
strict dialect, in which every field is required and null stands for one that is left out.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from engine.model.decision import Operation
from engine.strategies.decision import MAX_REASON, MAX_STRATEGY


def decision_schema(symbols: Collection[str], max_leverage: int) -> str:
    """Return the schema of `{"decisions": [...]}` for a trader, as JSON text; equal for equal traders."""
    number: dict[str, Any] = {"type": ["number", "null"]}
    fields: dict[str, Any] = {
        "operation": {"type": "string", "enum": [operation.value for operation in Operation]},
        "symbol": {"type": ["string", "null"], "enum": [*sorted(symbols), None]},
        "target_portion_of_balance": number | {"description": "above 0 up to 1"},
        "leverage": {"type": ["integer", "null"], "description": f"1 to {max_leverage}"},
        "max_price": number,
        "min_price": number,
        "time_in_force": {"type": ["string", "null"], "enum": ["Ioc", "Gtc", "Alo", None]},
        "take_profit_price": number,
        "stop_loss_price": number,
        "reason": {"type": ["string", "null"], "description": f"at most {MAX_REASON} characters"},
        "trading_strategy": {"type": ["string", "null"], "description": f"at most {MAX_STRATEGY} characters"},
    }
    decision = {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
    schema = {
        "type": "object",
        "properties": {"decisions": {"type": "array", "items": decision}},
        "required": ["decisions"],
        "additionalProperties": False,
    }
    return msgspec.json.encode(schema).decode()
