"""The one mapping between the model's values and the rows that keep them.

A row has one column per field of the value, under the field's name: enums as their text, nested
values as JSON text, `Decimal` untouched (the column type keeps it exact on either database). Knows
neither SQLAlchemy nor a driver, so that a restart can read before either is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from engine.model.assistant import Proposal
from engine.model.language_model import ModelCall
from engine.model.program import ProgramExecution
from engine.model.prompt_backtest import PromptRun
from engine.secrecy.redaction import EXACT_FIELDS, TEXT_FIELDS, redact_field

_JSON_COLUMNS = frozenset(
    {
        "symbols",
        "limits",
        "trigger",
        "decisions",
        "order_ids",
        "pool_ids",
        "signal_ids",
        "signals",
        "deliveries",
        "params",
        "reads",
        "progress",
        "summary",
        "policy",
        "usage",
        "tool_calls",
        "warnings",
    }
)
_REDACTED_COLUMNS = TEXT_FIELDS | EXACT_FIELDS
_JSON_COLUMNS_OF: dict[type[msgspec.Struct], frozenset[str]] = {
    ProgramExecution: _JSON_COLUMNS | {"error"},
    Proposal: frozenset(),
}
"""Kinds with a nested value under a name that is plain text elsewhere, or the other way round."""

_BOOLEAN_COLUMNS = frozenset(
    {
        "reduce_only",
        "enabled",
        "deleted",
        "met",
        "active",
        "failed",
        "success",
        "trading_enabled",
        "hidden",
        "interrupted",
    }
)
_BOOLEAN_COLUMNS_OF: dict[type[msgspec.Struct], frozenset[str]] = {
    ModelCall: frozenset({"cached"}),
    PromptRun: frozenset({"deleted"}),
}


def to_row(value: msgspec.Struct) -> dict[str, object]:
    """Return the row that keeps `value`: column name to database value, its texts without any secret."""
    row: dict[str, object] = msgspec.to_builtins(value, builtin_types=(Decimal,))
    for column in _json_columns(type(value)) & row.keys():
        if row[column] is not None:
            row[column] = msgspec.json.encode(row[column]).decode()
    for column in _REDACTED_COLUMNS & row.keys():
        text = row[column]
        if isinstance(text, str):
            row[column] = redact_field(column, text)
    return row


def from_row[T: msgspec.Struct](kind: type[T], row: Mapping[str, object]) -> T:
    """Return the value a row keeps; columns that are no field of `kind` are ignored.

    Takes decimals as `Decimal` or text and truth values as `bool` or 0 and 1, as the drivers give
    them. Raises `msgspec.ValidationError` naming the field that does not fit.
    """
    fields: dict[str, object] = {}
    json_columns = _json_columns(kind)
    boolean_columns = _BOOLEAN_COLUMNS_OF.get(kind, _BOOLEAN_COLUMNS)
    for column, raw in row.items():
        if column in json_columns:
            fields[column] = None if raw is None else msgspec.json.decode(str(raw))
        elif column in boolean_columns:
            fields[column] = None if raw is None else bool(raw)
        else:
            fields[column] = raw
    return msgspec.convert(fields, kind)


def from_tuple[T: msgspec.Struct](kind: type[T], columns: Sequence[str], values: Sequence[object]) -> T:
    """Return the value kept by a plain driver's row, whose `values` stand in the order of `columns`."""
    return from_row(kind, dict(zip(columns, values, strict=True)))


def _json_columns(kind: type[msgspec.Struct]) -> frozenset[str]:
    return _JSON_COLUMNS_OF.get(kind, _JSON_COLUMNS)
