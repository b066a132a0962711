"""The contract of the one decision validator."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ReplyUnusable
from engine.model.decision import Decision, Operation
from engine.model.order import TimeInForce
from engine.strategies.decision import MAX_DECISIONS, MAX_REPLY_BYTES, validate_decisions
from engine.text import safe_line

SYMBOLS = ("BTC", "ETH", "SOL")
MAX_LEVERAGE = 5

BUY: dict[str, object] = {
    "operation": "buy",
    "symbol": "BTC",
    "target_portion_of_balance": 0.25,
    "leverage": 3,
    "max_price": 67000.5,
    "take_profit_price": 70000,
    "stop_loss_price": 66000,
    "reason": "trend",
    "trading_strategy": "momentum",
}
SELL: dict[str, object] = {
    "operation": "sell",
    "symbol": "ETH",
    "target_portion_of_balance": 1,
    "leverage": 1,
    "min_price": 2500,
    "take_profit_price": 2400,
    "stop_loss_price": 2600,
}
CLOSE: dict[str, object] = {
    "operation": "close",
    "symbol": "SOL",
    "target_portion_of_balance": 0.5,
    "min_price": 150,
}


def validate(raw: str | bytes) -> tuple[Decision, ...]:
    return validate_decisions(raw, symbols=SYMBOLS, max_leverage=MAX_LEVERAGE)


def one(**fields: object) -> Decision:
    (decision,) = validate(json.dumps(fields))
    return decision


def refusal(raw: str | bytes) -> ReplyUnusable:
    with pytest.raises(ReplyUnusable) as caught:
        validate(raw)
    return caught.value


def test_every_field_arrives_in_the_decision() -> None:
    assert one(**BUY) == Decision(
        operation=Operation.BUY,
        symbol="BTC",
        portion=Decimal("0.25"),
        leverage=3,
        max_price=Decimal("67000.5"),
        take_profit=Decimal(70000),
        stop_loss=Decimal(66000),
        time_in_force=TimeInForce.IOC,
        reason="trend",
        trading_strategy="momentum",
    )


@pytest.mark.parametrize(
    "shape",
    [
        "{0}",
        "[{0}]",
        '{{"decisions": [{0}]}}',
        "  \n{0}\n\n",
        "```json\n{0}\n```",
        "```\n[{0}]\n```",
        "```JSON\r\n{0}\r\n```\n",
    ],
)
def test_the_three_shapes_and_one_fence_are_understood(shape: str) -> None:
    assert validate(shape.format(json.dumps(BUY))) == (one(**BUY),)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "   ",
        "I would buy BTC here.",
        "Sure! " + json.dumps(BUY),
        json.dumps(BUY) + "\nGood luck!",
        json.dumps(BUY)[:-20],
        "```json\n" + json.dumps(BUY),
        "```json\n" + json.dumps(BUY) + "\n```\nDone.",
        "```python\n" + json.dumps(BUY) + "\n```",
        json.dumps(BUY) + json.dumps(BUY),
        "null",
        "17",
        '"buy"',
        "[]",
        '{"decisions": []}',
        '{"decisions": {}}',
        '{"decisions": [null]}',
        "[[{}]]",
        "{}",
        "[" * 30_000,
        '{"operation":' * 2000,
        '{"operation":' + "[" * 10_000 + "]" * 10_000 + "}",
        b"\xff\xfe{}",
        "\ud800",
        json.dumps(BUY).replace("67000.5", "NaN"),
        json.dumps(BUY).replace("67000.5", "Infinity"),
        json.dumps(BUY).replace("67000.5", "067000.5"),
        json.dumps(BUY).replace("67000.5", "67_000.5"),
        json.dumps(BUY).replace('"', "“"),
        json.dumps({"decisions": [BUY], "operation": "buy"}),
        '{"operation": "hold", "operation": "hold"}',
        '{"decisions": [{"operation": "hold"}], "decisions": [{"operation": "hold"}]}',
        json.dumps([{"operation": "hold"}] * (MAX_DECISIONS + 1)),
        json.dumps([BUY, BUY]),
        json.dumps([BUY, {"operation": "hold", "symbol": "BTC"}]),
        json.dumps(BUY | {"reason": "x" * MAX_REPLY_BYTES}),
    ],
)
def test_anything_else_is_refused_as_a_whole(reply: str | bytes) -> None:
    error = refusal(reply)
    assert error.code == "reply_unusable"
    assert "is not allowed; allowed is" in error.message
    assert len(error.message) < 1000
    assert_shows_safely(error.message)


@pytest.mark.parametrize(
    ("base", "field", "value"),
    [
        (BUY, "operation", "long"),
        (BUY, "operation", None),
        (BUY, "operation", 1),
        (BUY, "symbol", "DOGE"),
        (BUY, "symbol", "btc"),
        (BUY, "symbol", None),
        (BUY, "symbol", ["BTC"]),
        (BUY, "target_portion_of_balance", 0),
        (BUY, "target_portion_of_balance", -0.1),
        (BUY, "target_portion_of_balance", 1.0000001),
        (BUY, "target_portion_of_balance", "0.5"),
        (BUY, "target_portion_of_balance", True),
        (BUY, "target_portion_of_balance", None),
        (BUY, "leverage", 0),
        (BUY, "leverage", -1),
        (BUY, "leverage", MAX_LEVERAGE + 1),
        (BUY, "leverage", 2.5),
        (BUY, "leverage", 2.0),
        (BUY, "leverage", "2"),
        (BUY, "leverage", True),
        (BUY, "leverage", None),
        (BUY, "leverage", 10**300),
        (BUY, "max_price", None),
        (BUY, "max_price", 0),
        (BUY, "max_price", -1),
        (BUY, "max_price", "67000"),
        (BUY, "max_price", 1e300),
        (BUY, "max_price", 1e-300),
        (BUY, "max_price", {"price": 1}),
        (BUY, "min_price", 0),
        (BUY, "time_in_force", "Fok"),
        (BUY, "time_in_force", 5),
        (BUY, "take_profit_price", 0),
        (BUY, "take_profit_price", False),
        (BUY, "stop_loss_price", 67000.5),
        (BUY, "stop_loss_price", -5),
        (BUY, "tp_execution", "later"),
        (BUY, "reason", 5),
        (BUY, "trading_strategy", ["a"]),
        (SELL, "min_price", None),
        (SELL, "stop_loss_price", 2500),
        (CLOSE, "min_price", None),
        (CLOSE, "target_portion_of_balance", 2),
        (CLOSE, "stop_loss_price", 140),
        (CLOSE, "take_profit_price", 160),
    ],
)
def test_a_bad_value_is_refused_by_field_and_value(
    base: dict[str, object], field: str, value: object
) -> None:
    error = refusal(json.dumps([{"operation": "hold"}, base | {field: value}]))
    assert error.details["field"] == f"decisions[1].{field}"
    assert error.message.startswith(f"decisions[1].{field}: ")
    shown = "missing" if value is None else json.dumps(value)[:60]
    assert shown in error.details["value"]
    assert error.details["allowed"] in error.message


@pytest.mark.parametrize("extra", ["account", "size", "Operation", "stopLoss"])
def test_an_unknown_field_is_refused_by_name(extra: str) -> None:
    assert f"`{extra}`" in refusal(json.dumps(BUY | {extra: 1})).message


@pytest.mark.parametrize(("base", "take_profit"), [(BUY, 65000), (BUY, 66000), (SELL, 2700), (SELL, 2600)])
def test_take_profit_and_stop_loss_lie_on_opposite_sides(base: dict[str, object], take_profit: float) -> None:
    assert "take_profit_price" in refusal(json.dumps(base | {"take_profit_price": take_profit})).message


def test_words_may_be_in_any_case() -> None:
    decision = one(**BUY | {"operation": "BUY", "time_in_force": "ALO"})
    assert (decision.operation, decision.time_in_force) == (Operation.BUY, TimeInForce.POST_ONLY)
    assert one(**BUY | {"time_in_force": "Gtc"}).time_in_force is TimeInForce.GTC


def test_execution_hints_are_read_and_set_aside() -> None:
    assert one(**BUY | {"tp_execution": "limit", "sl_execution": "Market"}) == one(**BUY)


def test_a_close_takes_either_price_and_no_leverage() -> None:
    assert one(**CLOSE).min_price == 150
    assert one(**CLOSE | {"min_price": None, "max_price": 151}).max_price == 151
    assert one(**CLOSE | {"leverage": 10}).leverage == 1


def test_a_hold_needs_nothing_and_does_nothing() -> None:
    assert one(operation="HOLD") == Decision(operation=Operation.HOLD)
    held = one(**BUY | {"operation": "hold", "leverage": 1000, "max_price": "none"})
    assert held == Decision(
        operation=Operation.HOLD, symbol="BTC", reason="trend", trading_strategy="momentum"
    )


def test_a_hold_names_only_known_symbols() -> None:
    assert refusal('{"operation": "hold", "symbol": "DOGE"}').details["field"] == "decisions[0].symbol"


def test_texts_become_safe_and_short() -> None:
    decision = one(**BUY | {"reason": "\x1b[2J\u202egood" + "x" * 1000, "trading_strategy": "[/foo]\x07"})
    assert decision.reason.startswith("good")
    assert len(decision.reason) == 400
    assert decision.trading_strategy == "[/foo]"


def test_errors_quote_hostile_values_safely() -> None:
    error = refusal(json.dumps(BUY | {"symbol": "\x1b]0;owned\x07" + "y" * 5000}, ensure_ascii=False))
    assert_shows_safely(error.message)
    assert len(error.message) < 300


@given(integer=st.integers(0, 10**9), fraction=st.text("0123456789", min_size=1, max_size=11))
@settings(max_examples=100)
def test_a_price_keeps_every_digit_as_written(integer: int, fraction: str) -> None:
    literal = f"{integer + 1}.{fraction}"
    reply = json.dumps(BUY | {"max_price": 0, "stop_loss_price": None, "take_profit_price": None})
    (decision,) = validate(reply.replace('"max_price": 0', f'"max_price": {literal}'))
    assert str(decision.max_price) == literal


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["buy", "sell", "close", "hold", "BTC", "Ioc", 0.5, 1, 3, 66000, 67000]),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = [*BUY, "min_price", "time_in_force", "tp_execution", "sl_execution", "quantity"]
NEARLY_DECISIONS = st.builds(
    lambda base, changes: base | changes,
    st.sampled_from([BUY, SELL, CLOSE, {"operation": "hold"}]),
    st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES, max_size=3),
)
REPLIES = (
    st.text(max_size=200)
    | st.binary(max_size=200)
    | JSON_VALUES.map(json.dumps)
    | NEARLY_DECISIONS.map(json.dumps)
    | st.lists(NEARLY_DECISIONS, max_size=4).map(lambda items: json.dumps({"decisions": items}))
    | st.tuples(NEARLY_DECISIONS.map(json.dumps), st.integers(0, 200)).map(lambda cut: cut[0][: cut[1]])
)


@given(reply=REPLIES)
@settings(max_examples=300)
def test_whatever_comes_only_valid_decisions_get_through(reply: str | bytes) -> None:
    check_reply(reply)


def check_reply(reply: str | bytes) -> None:
    """The validator raises `ReplyUnusable` and nothing else, or returns valid decisions."""
    try:
        decisions = validate(reply)
    except ReplyUnusable as error:
        assert_shows_safely(error.message)
        return
    named = [decision.symbol for decision in decisions if decision.symbol]
    assert len(named) == len(set(named))
    assert 1 <= len(decisions) <= MAX_DECISIONS
    for decision in decisions:
        assert_valid(decision)


def assert_shows_safely(message: str) -> None:
    assert safe_line(message, 2000) == message


def assert_valid(decision: Decision) -> None:
    """The rules of the contract, stated once more and independently."""
    assert len(decision.reason) <= 400
    if decision.operation is Operation.HOLD:
        assert decision == Decision(
            operation=Operation.HOLD,
            symbol=decision.symbol,
            reason=decision.reason,
            trading_strategy=decision.trading_strategy,
        )
        return
    assert decision.symbol in SYMBOLS
    assert 0 < decision.portion <= 1
    assert 1 <= decision.leverage <= MAX_LEVERAGE
    prices = [decision.max_price, decision.min_price, decision.take_profit, decision.stop_loss]
    assert all(price.is_finite() and price > 0 for price in prices if price is not None)
    stop, profit = decision.stop_loss, decision.take_profit
    if decision.operation is Operation.BUY:
        assert decision.max_price is not None
        assert stop is None or stop < decision.max_price
        assert stop is None or profit is None or stop < profit
    elif decision.operation is Operation.SELL:
        assert decision.min_price is not None
        assert stop is None or stop > decision.min_price
        assert stop is None or profit is None or stop > profit
    else:
        assert decision.max_price is not None or decision.min_price is not None
        assert (stop, profit) == (None, None)


MARKS = {"BTC": Decimal(60_000), "ETH": Decimal(3_000)}
LONG: dict[str, object] = {
    "operation": "long",
    "symbol": "BTC",
    "leverage": 3,
    "size_pct": 20,
    "take_profit_pct": 4,
    "stop_loss_pct": 2.5,
    "reasoning": "trend",
}


def documented(**fields: object) -> Decision:
    (decision,) = validate_decisions(
        json.dumps(fields), symbols=SYMBOLS, max_leverage=MAX_LEVERAGE, marks=MARKS
    )
    return decision


def test_the_documented_form_becomes_the_one_record() -> None:
    assert documented(**LONG) == Decision(
        operation=Operation.BUY,
        symbol="BTC",
        portion=Decimal("0.2"),
        leverage=3,
        max_price=Decimal(60_300),
        take_profit=Decimal(62_400),
        stop_loss=Decimal(58_500),
        reason="trend",
    )
    short = documented(**LONG | {"operation": "short", "symbol": "ETH"})
    assert (short.operation, short.min_price) == (Operation.SELL, Decimal(2_985))
    assert (short.take_profit, short.stop_loss) == (Decimal(2_880), Decimal(3_075))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"size_pct": 101}, "size_pct"),
        ({"size_pct": 0}, "size_pct"),
        ({"target_portion_of_balance": 0.1}, "size_pct"),
        ({"size_pct": None}, "target_portion_of_balance"),
        ({"take_profit_pct": -1}, "take_profit_pct"),
        ({"stop_loss_pct": 100}, "stop_loss_pct"),
        ({"take_profit_price": 61_000}, "take_profit_pct"),
        ({"reason": "both"}, "reasoning"),
        ({"symbol": "SOL"}, "take_profit_pct"),
    ],
)
def test_the_documented_form_is_as_strict(changes: dict[str, object], field: str) -> None:
    with pytest.raises(ReplyUnusable) as caught:
        documented(**LONG | changes)
    assert caught.value.details["field"] == f"decisions[0].{field}"


@pytest.mark.parametrize("field", ["size_pct", "take_profit_pct", "stop_loss_pct", "max_price", "quantity"])
@pytest.mark.parametrize(
    "number", ["1e999", "1e9999999", "1e-9999999", "1e99999999999999999999", "-1e-9999999999"]
)
def test_a_number_beyond_any_decimal_is_refused_by_its_field(field: str, number: str) -> None:
    rest = {name: value for name, value in LONG.items() if name != field}
    with pytest.raises(ReplyUnusable) as caught:
        validate_decisions(
            json.dumps(rest)[:-1] + f', "{field}": {number}}}',
            symbols=SYMBOLS,
            max_leverage=MAX_LEVERAGE,
            marks=MARKS,
        )
    assert caught.value.details["field"] == f"decisions[0].{field}"


def test_without_marks_there_is_no_documented_form() -> None:
    assert refusal(json.dumps(LONG)).details["field"] == "decisions[0].operation"
