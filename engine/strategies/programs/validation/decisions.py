"""Decisions whose fields are written out: what the desk would refuse at run time is said here."""

from __future__ import annotations

import ast
from collections.abc import Collection

from engine.strategies.programs.api_table.decision import (
    ACTION_TYPES,
    DECISION_FIELDS,
    FORM_A_OPERATIONS,
    GUARD_OF_OPERATION,
    OPERATIONS,
    SIZE_FIELDS,
    TRIGGER_FIELDS,
    DecisionField,
)
from engine.strategies.programs.validation.findings import Findings, did_you_mean, error
from engine.strategies.programs.validation.source import UNKNOWN, Literal, ProgramSource

FIELDS = {field.name: field for field in DECISION_FIELDS}
POSITIONAL = tuple(field.name for field in DECISION_FIELDS if not field.keyword_only)


class WrittenDecision:
    """A call that makes a decision: the fields it names, and whether there may be more.

    With `**fields` or `*fields` in the call `is_complete` is false, and nothing is missing for sure.
    """

    def __init__(self, call: ast.Call, program: ProgramSource, names: tuple[str, ...]) -> None:
        self.call = call
        self.nodes: dict[str, ast.expr] = {}
        self.is_complete = True
        for place, argument in enumerate(call.args):
            if isinstance(argument, ast.Starred):
                self.is_complete = False
                break
            if place < len(names):
                self.nodes[names[place]] = argument
        for keyword in call.keywords:
            if keyword.arg is None:
                self.is_complete = False
            else:
                self.nodes[keyword.arg] = keyword.value
        self.values: dict[str, Literal] = {name: program.literal(node) for name, node in self.nodes.items()}

    def has(self, *names: str) -> bool:
        """Return whether any of the fields is given a value, None not being one."""
        return any(name in self.values and self.values[name] is not None for name in names)

    @property
    def operation(self) -> str:
        """The operation in lower case, empty where only a run can tell."""
        value = self.values.get("operation", self.values.get("action", UNKNOWN))
        return value.lower() if isinstance(value, str) else ""


def check_decisions(program: ProgramSource) -> Findings:
    """Report what is wrong with every `Decision(...)` as far as it is written out."""
    if program.bound["Decision"]:
        return
    for node in program.nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="ActionType"), attr=name) if name not in ACTION_TYPES:
                there_are = "there are " + ", ".join(ACTION_TYPES)
                yield error(
                    node, f"ActionType.{name} does not exist", did_you_mean(name, ACTION_TYPES, there_are)
                )
            case ast.Call(func=ast.Name(id="Decision")):
                yield from _check_decision(WrittenDecision(node, program, POSITIONAL))


def check_fields(written: WrittenDecision, label: str, allowed: Collection[str]) -> Findings:
    """Report fields that are not `allowed`, and values that are not."""
    for name, node in written.nodes.items():
        if name not in allowed:
            advice = did_you_mean(name, allowed, "there are " + ", ".join(allowed))
            yield error(node, f"{label} has no field {name}", advice)
        elif written.values[name] is not UNKNOWN:
            yield from _check_value(FIELDS[name], written.values[name], node, label)


def _check_decision(written: WrittenDecision) -> Findings:
    call = written.call
    if len(call.args) > len(POSITIONAL):
        yield error(
            call, f"Decision takes {len(POSITIONAL)} fields, this has {len(call.args)}", "name the fields"
        )
    yield from check_fields(written, "Decision", FIELDS)
    if written.is_complete and not {"operation", "action"} & set(written.nodes):
        yield error(call, "Decision has no operation", 'begin with one, as in Decision("hold")')
    match written.operation:
        case "buy" | "sell" | "long" | "short":
            yield from _check_entry(written)
        case "close":
            yield from _check_close(written)


def _check_entry(written: WrittenDecision) -> Findings:
    operation = written.operation
    yield from _check_symbol_and_size(written)
    guard = GUARD_OF_OPERATION.get(operation)
    if guard and written.is_complete and not written.has(guard, "size_pct"):
        limit = "the most to pay" if guard == "max_price" else "the least to take"
        factor = "1.002" if guard == "max_price" else "0.998"
        yield error(
            written.call, f"a {operation} needs {guard}, {limit}", f"add `{guard}=price * {factor}` or nearer"
        )
    yield from _check_triggers(written)


def _check_close(written: WrittenDecision) -> Findings:
    yield from _check_symbol_and_size(written)
    if written.is_complete and not written.has("max_price", "min_price"):
        message = "a close needs min_price (for a long) or max_price (for a short)"
        yield error(written.call, message, "add `min_price=price * 0.998`, or `max_price=price * 1.002`")
    for name in TRIGGER_FIELDS:
        if written.has(name):
            yield error(written.nodes[name], f"a close takes no {name}", "leave it out")


def _check_symbol_and_size(written: WrittenDecision) -> Findings:
    if not written.is_complete:
        return
    operation = written.operation
    if not written.has("symbol"):
        yield error(written.call, f"a {operation} needs a symbol", 'add `symbol="BTC"` or `symbol=symbol`')
    if operation not in FORM_A_OPERATIONS and not written.has(*SIZE_FIELDS):
        of = "of the position" if operation == "close" else "of the available balance"
        yield error(
            written.call,
            f"a {operation} needs target_portion_of_balance",
            f"add `target_portion_of_balance=` with a share {of}, above 0 up to 1",
        )


def _check_triggers(written: WrittenDecision) -> Findings:
    """Report a stop and a take-profit on the wrong sides of each other, where both are numbers."""
    stop, target = written.values.get("stop_loss_price"), written.values.get("take_profit_price")
    if not isinstance(stop, int | float) or not isinstance(target, int | float):
        return
    rises = written.operation in ("buy", "long")
    if stop == target or (stop < target) != rises:
        side = "below" if rises else "above"
        yield error(
            written.nodes["stop_loss_price"],
            f"stop_loss_price {stop:g} must be {side} take_profit_price {target:g} for a {written.operation}",
            "exchange the two",
        )


def _check_value(field: DecisionField, value: Literal, node: ast.expr, label: str) -> Findings:
    where = f"{label}: {field.name}"
    if value is None:
        return
    if field.choices:
        words = {choice.lower() for choice in field.choices}
        if not isinstance(value, str) or value.lower() not in words:
            choices = OPERATIONS if field.name in ("operation", "action") else field.choices
            allowed = "allowed is " + ", ".join(choices)
            yield error(node, f"{where} {value!r} is not allowed", did_you_mean(str(value), choices, allowed))
    elif field.positive:
        yield from _check_number(field, value, node, where)
    elif not isinstance(value, str):
        yield error(node, f"{where} {value!r} is not a text", "put it in quotes")


def _check_number(field: DecisionField, value: Literal, node: ast.expr, where: str) -> Findings:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield error(node, f"{where} {value!r} is not a number", f"it is {field.rule}")
    elif value == 0 and field.name in SIZE_FIELDS:
        yield error(node, f"{where} is 0", f"it is {field.rule}")
    elif not value > 0 or (field.highest is not None and value > field.highest):
        allowed = f"above 0 up to {field.highest:g}" if field.highest is not None else "above 0"
        yield error(node, f"{where} {value:g} is out of range", f"allowed is {allowed}")
    elif field.whole and value != int(value):
        yield error(node, f"{where} {value:g} is not a whole number", f"write {int(value) or 1}")
