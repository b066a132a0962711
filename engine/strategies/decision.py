"""One validated decision, whatever wrote it: a program's return value or a language model's reply.

A reply is one JSON document, nothing before it and nothing after it: a decision object, an array of
them, or `{"decisions": [...]}`; one code fence around the whole reply is tolerated. It is accepted
as a whole or refused as a whole: no part of a damaged reply trades, no value is clamped or replaced.

============================  =======================================================================
field                         rule
============================  =======================================================================
operation                     `buy`, `sell`, `close` or `hold`, in any case; always required
symbol                        one of the trader's symbols; required unless the operation is `hold`
target_portion_of_balance     above 0 up to 1; for `close` the share of the position
quantity                      above 0, in the base currency; stands in place of the portion
leverage                      integer from 1 up to the trader's limit; required for `buy` and `sell`
max_price, min_price          `buy` needs max_price, `sell` min_price, `close` either of them
time_in_force                 `Ioc` (default), `Gtc` or `Alo` (post-only), in any case
take_profit_price             above the stop for a buy, below it for a sell; not with `close`
stop_loss_price               below max_price for a buy, above min_price for a sell; not with `close`
tp_execution, sl_execution    `market` or `limit`; read and set aside: triggers fill as market orders
reason, trading_strategy      texts, made safe and cut
============================  =======================================================================

The documented short form is turned into the same record, where the mark prices are known:

============================  =======================================================================
field                         rule
============================  =======================================================================
operation                     `long` is a buy, `short` a sell; the price guard may then be left out and
                              is the mark price and 0.5 % beyond
size_pct                      above 0 up to 100; stands in place of the portion
take_profit_pct               above 0; percent from the mark price, in place of take_profit_price
stop_loss_pct                 above 0; percent from the mark price, in place of stop_loss_price
reasoning                     stands in place of reason
============================  =======================================================================

`null` means the same as leaving a field out. Numbers are JSON numbers and keep their exact decimal
value. A `hold` needs nothing else, and whatever else it says is ignored; so is a `close`'s leverage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import msgspec

from engine.errors import ReplyUnusable
from engine.model.decision import Decision, Operation
from engine.model.order import TimeInForce
from engine.text import safe_line, safe_text

MAX_REPLY_BYTES = 32 * 1024
MAX_DECISIONS = 16
MAX_REASON = 400
MAX_STRATEGY = 400

_ABSENT = msgspec.Raw(b"null")
_FENCE = "```"
_SMALLEST = Decimal("1e-12")
_LARGEST = Decimal("1e12")
_LONGEST_NUMBER = 40

_DOCUMENTED_SLIPPAGE = Decimal("0.005")
_HUNDRED = Decimal(100)

_OPERATIONS = {str(operation): operation for operation in Operation}
_DOCUMENTED_OPERATIONS = _OPERATIONS | {"long": Operation.BUY, "short": Operation.SELL}
_TIMES_IN_FORCE = {"ioc": TimeInForce.IOC, "gtc": TimeInForce.GTC, "alo": TimeInForce.POST_ONLY}
_EXECUTIONS = {"market": "market", "limit": "limit"}

_Choice = TypeVar("_Choice")


class _WireDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision as it arrives: every field still the exact JSON that was written."""

    operation: msgspec.Raw = _ABSENT
    symbol: msgspec.Raw = _ABSENT
    target_portion_of_balance: msgspec.Raw = _ABSENT
    quantity: msgspec.Raw = _ABSENT
    leverage: msgspec.Raw = _ABSENT
    max_price: msgspec.Raw = _ABSENT
    min_price: msgspec.Raw = _ABSENT
    time_in_force: msgspec.Raw = _ABSENT
    take_profit_price: msgspec.Raw = _ABSENT
    stop_loss_price: msgspec.Raw = _ABSENT
    tp_execution: msgspec.Raw = _ABSENT
    sl_execution: msgspec.Raw = _ABSENT
    reason: msgspec.Raw = _ABSENT
    trading_strategy: msgspec.Raw = _ABSENT
    size_pct: msgspec.Raw = _ABSENT
    take_profit_pct: msgspec.Raw = _ABSENT
    stop_loss_pct: msgspec.Raw = _ABSENT
    reasoning: msgspec.Raw = _ABSENT


class _WireReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    decisions: list[_WireDecision]


def validate_decisions(
    raw: str | bytes, *, symbols: Collection[str], max_leverage: int, marks: Mapping[str, Decimal] = {}
) -> tuple[Decision, ...]:
    """Return the decisions of a reply, one to sixteen and at most one per symbol.

    `symbols` are the trader's symbols, `max_leverage` its leverage limit, `marks` the mark prices that
    the documented form counts from; without any, that form is refused. Raises `ReplyUnusable`
    whose message names the field, the value and what is allowed; it raises nothing else.
    """
    usual = _usual_decision(raw, symbols, max_leverage)
    if usual is not None:
        return (usual,)
    document = _json_document(raw)
    wire = _decode(document)
    if not 1 <= len(wire) <= MAX_DECISIONS:
        raise _refusal("decisions", f"a list of {len(wire)}", f"1 to {MAX_DECISIONS} decisions")
    _refuse_repeated_names(document)
    decisions = tuple(
        _Reading(item, f"decisions[{index}].", symbols, max_leverage, marks).decision()
        for index, item in enumerate(wire)
    )
    named = [decision.symbol for decision in decisions if decision.symbol]
    for symbol in named:
        if named.count(symbol) > 1:
            raise _refusal("symbol", symbol, "at most one decision per symbol")
    return decisions


class _UsualDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision as most are: every word in its usual letters, no stop and no target."""

    operation: Operation
    symbol: str
    target_portion_of_balance: Decimal
    leverage: int
    max_price: Decimal | None = None
    min_price: Decimal | None = None
    reason: str = ""


_USUAL = msgspec.json.Decoder(_UsualDecision, strict=True)
_LONGEST_USUAL = 600


def _usual_decision(raw: str | bytes, symbols: Collection[str], max_leverage: int) -> Decision | None:
    """Return a decision that keeps every rule at first sight, None for all that must be looked at.

    A backtest reads tens of thousands. Whatever is not plainly right goes the way that can say what is
    wrong with it; this one never refuses anything.
    """
    if isinstance(raw, bytes) or len(raw) > _LONGEST_USUAL or not raw.isascii() or "\\" in raw:
        return None
    try:
        found = _USUAL.decode(raw)
    except msgspec.MsgspecError:
        return None
    names = 4 + (found.max_price is not None) + (found.min_price is not None) + bool(found.reason)
    texts = 2 + bool(found.reason)
    if raw.count('"') != 2 * (names + texts):
        return None  # a name given twice or with nothing, or a number written as a text
    portion, low, high = found.target_portion_of_balance, found.min_price, found.max_price
    if found.symbol not in symbols or not 1 <= found.leverage <= max_leverage:
        return None
    if not _SMALLEST <= portion <= 1 or len(found.reason) > MAX_REASON:
        return None
    if low is not None and not _SMALLEST <= low <= _LARGEST:
        return None
    if high is not None and not _SMALLEST <= high <= _LARGEST:
        return None
    match found.operation:
        case Operation.BUY if high is not None:
            leverage = found.leverage
        case Operation.SELL if low is not None:
            leverage = found.leverage
        case Operation.CLOSE if low is not None or high is not None:
            leverage = 1
        case _:
            return None
    return Decision(
        operation=found.operation,
        symbol=found.symbol,
        portion=portion,
        leverage=leverage,
        max_price=high,
        min_price=low,
        reason=found.reason,
    )


def _json_document(raw: str | bytes) -> bytes:
    """Return the reply's bytes without the one code fence that may surround it."""
    try:
        text = raw if isinstance(raw, str) else raw.decode()
        size = len(text.encode())
    except UnicodeError as error:
        raise _refusal("reply", "text that is not UTF-8", "UTF-8 text") from error
    if size > MAX_REPLY_BYTES:
        raise _refusal("reply", f"{size} bytes", f"up to {MAX_REPLY_BYTES} bytes")
    text = text.strip()
    if not text:
        raise _refusal("reply", "an empty text", "one JSON document")
    first_line, _, rest = text.partition("\n")
    if first_line.rstrip().lower() in (_FENCE, _FENCE + "json") and rest.endswith(_FENCE):
        text = rest.removesuffix(_FENCE).strip()
    return text.encode()


def _decode(document: bytes) -> list[_WireDecision]:
    try:
        if document.startswith(b"["):
            return msgspec.json.decode(document, type=list[_WireDecision])
        if "decisions" in msgspec.json.decode(document, type=dict[str, msgspec.Raw]):
            return msgspec.json.decode(document, type=_WireReply).decisions
        return [msgspec.json.decode(document, type=_WireDecision)]
    except msgspec.ValidationError as error:
        allowed = "a decision object, an array of them or {decisions: [...]}, with the fields "
        allowed += ", ".join(_WireDecision.__struct_fields__)
        raise _refusal("reply", safe_line(str(error), 200), allowed) from error
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        excerpt = safe_line(document[:200].decode(errors="replace"), 60)
        broken = f"broken JSON ({safe_line(str(error), 120)}), “{excerpt}”,"
        raise _refusal("reply", broken, "one JSON document and nothing else") from error


def _refuse_repeated_names(document: bytes) -> None:
    """Refuse an object that says the same field twice: which of the two it means is a guess."""

    def unique(pairs: list[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _refusal(safe_line(name, 60), "given twice", "each field once")
            seen.add(name)

    try:
        json.loads(document, object_pairs_hook=unique, parse_int=len, parse_float=len)
    except (ValueError, RecursionError) as error:
        raise _refusal("reply", safe_line(str(error), 120), "one plain JSON document") from error


def _refusal(field: str, value: str, allowed: str) -> ReplyUnusable:
    return ReplyUnusable(
        f"{field}: {value} is not allowed; allowed is {allowed}", field=field, value=value, allowed=allowed
    )


class _Reading:
    """Reads one wire decision, field by field, by the table above."""

    def __init__(
        self,
        wire: _WireDecision,
        path: str,
        symbols: Collection[str],
        max_leverage: int,
        marks: Mapping[str, Decimal],
    ) -> None:
        self._wire = wire
        self._path = path
        self._symbols = symbols
        self._max_leverage = max_leverage
        self._marks = marks

    def decision(self) -> Decision:
        operation = self._choice("operation", _DOCUMENTED_OPERATIONS if self._marks else _OPERATIONS)
        if operation is None:
            raise self._refuse("operation", ", ".join(_OPERATIONS))
        symbol = self._symbol(required=operation is not Operation.HOLD)
        reason, strategy = self._reason(), self._text("trading_strategy", MAX_STRATEGY)
        if operation is Operation.HOLD:
            return Decision(operation=operation, symbol=symbol, reason=reason, trading_strategy=strategy)
        quantity = self._quantity()
        return self._checked_prices(
            Decision(
                operation=operation,
                symbol=symbol,
                portion=self._portion(quantity),
                quantity=quantity,
                leverage=1 if operation is Operation.CLOSE else self._leverage(),
                max_price=self._guard("max_price", operation, symbol),
                min_price=self._guard("min_price", operation, symbol),
                time_in_force=self._choice("time_in_force", _TIMES_IN_FORCE) or TimeInForce.IOC,
                take_profit=self._take_profit(operation, symbol),
                stop_loss=self._stop_loss(operation, symbol),
                reason=reason,
                trading_strategy=strategy,
            )
        )

    def _checked_prices(self, decision: Decision) -> Decision:
        """Return `decision` if it has the guard price it needs and its triggers lie on their sides."""
        take_profit, stop_loss = decision.take_profit, decision.stop_loss
        match decision.operation:
            case Operation.CLOSE:
                if decision.max_price is None and decision.min_price is None:
                    raise self._refuse("min_price", "a price above 0: min_price or max_price for a close")
                if take_profit is not None:
                    raise self._refuse("take_profit_price", "none with a close")
                if stop_loss is not None:
                    raise self._refuse("stop_loss_price", "none with a close")
                return decision
            case Operation.BUY:
                guard_name, guard, relation = "max_price", decision.max_price, "below"
                in_order: Callable[[Decimal, Decimal], bool] = Decimal.__lt__
            case _:
                guard_name, guard, relation = "min_price", decision.min_price, "above"
                in_order = Decimal.__gt__
        if guard is None:
            raise self._refuse(guard_name, f"a price above 0 for a {decision.operation}")
        if stop_loss is not None and not in_order(stop_loss, guard):
            raise self._refuse(
                "stop_loss_price", f"{relation} {guard_name} {guard} for a {decision.operation}"
            )
        if stop_loss is not None and take_profit is not None and not in_order(stop_loss, take_profit):
            raise self._refuse(
                "stop_loss_price", f"{relation} take_profit_price {take_profit} for a {decision.operation}"
            )
        return decision

    def _symbol(self, *, required: bool) -> str:
        allowed = "one of " + ", ".join(sorted(self._symbols))
        symbol = self._string("symbol", allowed)
        if symbol is None and not required:
            return ""
        if symbol is None or symbol not in self._symbols:
            raise self._refuse("symbol", allowed)
        return symbol

    def _quantity(self) -> Decimal | None:
        allowed = f"a number above 0 up to {_LARGEST:f}"
        quantity = self._number("quantity", allowed)
        if quantity is not None and not _SMALLEST <= quantity <= _LARGEST:
            raise self._refuse("quantity", allowed)
        return quantity

    def _portion(self, quantity: Decimal | None) -> Decimal:
        allowed = "a number above 0 up to 1"
        if self._literal("size_pct") is not None:
            return self._size_percent(quantity)
        if quantity is not None:
            if self._literal("target_portion_of_balance") is not None:
                raise self._refuse("target_portion_of_balance", "none beside a quantity")
            return Decimal(0)
        portion = self._number("target_portion_of_balance", allowed)
        if portion is None or not _SMALLEST <= portion <= 1:
            raise self._refuse("target_portion_of_balance", allowed)
        return portion

    def _leverage(self) -> int:
        literal = bytes(self._wire.leverage)
        # The digits as written: 5.0, 5e0 and true are not integers here.
        if not literal.isdigit() or len(literal) > 9 or not 1 <= int(literal) <= self._max_leverage:
            raise self._refuse("leverage", f"an integer from 1 to {self._max_leverage}")
        return int(literal)

    def _price(self, field: str) -> Decimal | None:
        allowed = f"a number above 0 up to {_LARGEST:f}"
        price = self._number(field, allowed)
        if price is not None and not _SMALLEST <= price <= _LARGEST:
            raise self._refuse(field, allowed)
        return price

    def _size_percent(self, quantity: Decimal | None) -> Decimal:
        percent = self._number("size_pct", "a number above 0 up to 100")
        if not self._marks or percent is None or not _SMALLEST * _HUNDRED <= percent <= _HUNDRED:
            raise self._refuse("size_pct", "a number above 0 up to 100, from a model")
        if quantity is not None or self._literal("target_portion_of_balance") is not None:
            raise self._refuse("size_pct", "none beside another size")
        return percent / _HUNDRED

    def _guard(self, field: str, operation: Operation, symbol: str) -> Decimal | None:
        """Return a price guard; one that the documented form leaves out is put near the mark."""
        price = self._price(field)
        word = (self._string("operation", "") or "").lower()
        if price is not None or (word, field) not in (("long", "max_price"), ("short", "min_price")):
            return price
        return self._beside_mark(symbol, _DOCUMENTED_SLIPPAGE * (1 if operation is Operation.BUY else -1))

    def _take_profit(self, operation: Operation, symbol: str) -> Decimal | None:
        self._choice("tp_execution", _EXECUTIONS)
        way = -1 if operation is Operation.SELL else 1
        return self._trigger_price("take_profit_price", "take_profit_pct", way, symbol)

    def _stop_loss(self, operation: Operation, symbol: str) -> Decimal | None:
        self._choice("sl_execution", _EXECUTIONS)
        way = 1 if operation is Operation.SELL else -1
        return self._trigger_price("stop_loss_price", "stop_loss_pct", way, symbol)

    def _trigger_price(self, field: str, percent_field: str, way: int, symbol: str) -> Decimal | None:
        """Return a trigger price, given as such or in percent from the mark in the direction `way`."""
        price = self._price(field)
        allowed = f"a number above 0 and below 100, from a model, in place of {field}"
        percent = self._number(percent_field, allowed)
        if percent is None:
            return price
        if price is not None or not _SMALLEST <= percent < _HUNDRED or symbol not in self._marks:
            raise self._refuse(percent_field, allowed)
        return self._beside_mark(symbol, way * percent / _HUNDRED)

    def _beside_mark(self, symbol: str, share: Decimal) -> Decimal | None:
        mark = self._marks.get(symbol)
        return None if mark is None else mark * (1 + share)

    def _reason(self) -> str:
        if self._literal("reasoning") is None:
            return self._text("reason", MAX_REASON)
        if self._literal("reason") is not None:
            raise self._refuse("reasoning", "none beside a reason")
        return self._text("reasoning", MAX_REASON)

    def _number(self, field: str, allowed: str) -> Decimal | None:
        literal = self._literal(field)
        if literal is None:
            return None
        if literal[0] not in "-0123456789" or len(literal) > _LONGEST_NUMBER:
            raise self._refuse(field, allowed)
        try:
            return Decimal(literal)
        except InvalidOperation as error:  # an exponent beyond any number
            raise self._refuse(field, allowed) from error

    def _choice(self, field: str, choices: dict[str, _Choice]) -> _Choice | None:
        allowed = ", ".join(choices)
        word = self._string(field, allowed)
        if word is None:
            return None
        if word.lower() not in choices:
            raise self._refuse(field, allowed)
        return choices[word.lower()]

    def _text(self, field: str, limit: int) -> str:
        return safe_text(self._string(field, "a text") or "", limit)

    def _string(self, field: str, allowed: str) -> str | None:
        literal = self._literal(field)
        if literal is None:
            return None
        if not literal.startswith('"'):
            raise self._refuse(field, allowed)
        try:
            return msgspec.json.decode(literal, type=str)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise self._refuse(field, allowed) from error

    def _literal(self, field: str) -> str | None:
        """Return the JSON written for `field`, or None where it is absent or null."""
        literal = bytes(getattr(self._wire, field)).decode()
        return None if literal == "null" else literal

    def _refuse(self, field: str, allowed: str) -> ReplyUnusable:
        literal = self._literal(field)
        value = "a missing value" if literal is None else safe_line(literal, 80)
        return _refusal(self._path + field, value, allowed)
