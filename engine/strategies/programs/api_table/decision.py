"""What a program answers: the fields of a `Decision` with their rules, and the short form's calls."""

from __future__ import annotations

import msgspec

from engine.strategies.programs.api_table.shapes import Method, Parameter

MAX_LEVERAGE = 50
"""The most that any venue grants; an account's own limit may be lower."""

OPERATIONS = ("buy", "sell", "close", "hold")
FORM_A_OPERATIONS = ("long", "short", "hold")
GUARD_OF_OPERATION = {"buy": "max_price", "sell": "min_price"}
ACTION_TYPES = {"BUY": "buy", "SELL": "sell", "HOLD": "hold", "CLOSE": "close"}
TIMES_IN_FORCE = ("Ioc", "Gtc", "Alo")
EXECUTIONS = ("market", "limit")


class DecisionField(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a `Decision`: its type and default as Python text, its rule in words.

    A `positive` number must be above 0, and at most `highest` if that is given. `choices` are the
    words allowed, in any case.
    """

    name: str
    type: str
    rule: str
    default: str = "None"
    positive: bool = False
    highest: float | None = None
    whole: bool = False
    choices: tuple[str, ...] = ()
    keyword_only: bool = False

    @property
    def parameter(self) -> Parameter:
        """The field as a parameter of `Decision(...)`."""
        return Parameter(self.name, self.type, self.default, self.keyword_only)


DECISION_FIELDS = (
    DecisionField(
        name="operation",
        type="str",
        default='""',
        choices=(*OPERATIONS, "long", "short"),
        rule="buy, sell, close or hold; in any case of letters",
    ),
    DecisionField(
        name="symbol", type="str", default='""', rule="one of `data.symbols`; required except for hold"
    ),
    DecisionField(
        name="target_portion_of_balance",
        type="float",
        default="0.0",
        positive=True,
        highest=1,
        rule="above 0 up to 1. Buy and sell: share of the available balance that becomes margin."
        " Close: share of the **position**. Required for all three, unless `quantity` is given",
    ),
    DecisionField(
        name="leverage",
        type="int | None",
        positive=True,
        highest=MAX_LEVERAGE,
        whole=True,
        rule=f"whole number from 1 to {MAX_LEVERAGE} and to `data.max_leverage`;"
        " left out, `data.default_leverage`",
    ),
    DecisionField(
        name="max_price",
        type="float | None",
        positive=True,
        rule="most to pay, USD. Required to buy, and to close a short",
    ),
    DecisionField(
        name="min_price",
        type="float | None",
        positive=True,
        rule="least to take, USD. Required to sell, and to close a long",
    ),
    DecisionField(
        name="time_in_force",
        type="str",
        default='"Ioc"',
        choices=TIMES_IN_FORCE,
        rule="Ioc: fill now, drop the rest. Gtc: rest in the book. Alo: rest, never take",
    ),
    DecisionField(
        name="take_profit_price",
        type="float | None",
        positive=True,
        rule="closes it in profit: above the entry of a long, below that of a short; not with close",
    ),
    DecisionField(
        name="stop_loss_price",
        type="float | None",
        positive=True,
        rule="closes it at a loss: below the entry of a long, above that of a short; not with close",
    ),
    DecisionField(
        name="tp_execution", type="str", default='"limit"', choices=EXECUTIONS, rule="market or limit"
    ),
    DecisionField(
        name="sl_execution", type="str", default='"limit"', choices=EXECUTIONS, rule="market or limit"
    ),
    DecisionField(name="reason", type="str", default='""', rule="why, in a sentence; it is shown and kept"),
    DecisionField(name="trading_strategy", type="str", default='""', rule="name of the idea behind it"),
    DecisionField(
        name="quantity",
        type="float | None",
        positive=True,
        rule="how much, in the coin, in place of the portion",
    ),
    DecisionField(
        name="size_pct",
        type="float | None",
        positive=True,
        highest=100,
        rule="the portion in percent; price guards may then be left out",
    ),
    DecisionField(
        name="take_profit_pct",
        type="float | None",
        positive=True,
        rule="the take-profit in percent from the quote, in place of its price",
    ),
    DecisionField(
        name="stop_loss_pct",
        type="float | None",
        positive=True,
        rule="the stop in percent from the quote, in place of its price",
    ),
    DecisionField(name="reasoning", type="str", default='""', rule="another name of the reason"),
    DecisionField(
        name="action",
        type="str",
        default='""',
        choices=(*OPERATIONS, "long", "short"),
        keyword_only=True,
        rule="another name of the operation",
    ),
    DecisionField(
        name="portion",
        type="float | None",
        positive=True,
        highest=1,
        keyword_only=True,
        rule="another name of the target_portion_of_balance",
    ),
)
SIZE_FIELDS = ("target_portion_of_balance", "portion", "quantity", "size_pct")
TRIGGER_FIELDS = ("take_profit_price", "stop_loss_price", "take_profit_pct", "stop_loss_pct")

_NOT_WITH_CLOSE = ("leverage", *TRIGGER_FIELDS, "tp_execution", "sl_execution")


def _by_keyword(*left_out: str) -> tuple[Parameter, ...]:
    """Return the fields of a Decision that a call of the short form takes by name."""
    names = {"operation", "action", "symbol", "quantity", "portion", "size_pct", "reasoning", *left_out}
    return tuple(
        Parameter(field.name, field.type, field.default, keyword_only=True)
        for field in DECISION_FIELDS
        if field.name not in names
    )


_SYMBOL = Parameter("symbol", "str")
_ENTRY = (_SYMBOL, Parameter("quantity", "float | None", "None"), *_by_keyword())
SHORT_FORM_METHODS = (
    Method(
        name="buy",
        parameters=_ENTRY,
        returns="Decision",
        meaning="Buy `quantity` coins.",
        example='ctx.buy("BTC", 0.01, stop_loss_price=price * 0.98)',
    ),
    Method(
        name="sell",
        parameters=_ENTRY,
        returns="Decision",
        meaning="Sell `quantity` coins.",
        example='ctx.sell("BTC", 0.01, reason="too far above its mean")',
    ),
    Method(
        name="close",
        parameters=(
            _SYMBOL,
            Parameter("portion", "float", "1.0"),
            *_by_keyword("target_portion_of_balance", *_NOT_WITH_CLOSE),
        ),
        returns="Decision",
        meaning="Close the position of a symbol, or a share of it.",
        example='ctx.close("BTC", reason="target reached")',
    ),
    Method(
        name="hold",
        parameters=(Parameter("reason", "str", '""'),),
        returns="Decision",
        meaning="Do nothing, and say why.",
        example='ctx.hold("waiting for the next level")',
    ),
)
"""The calls of `ctx`; price guards that are left out are put 0.5 % beyond the quote."""

SHORT_FORM_NAMES = frozenset(method.name for method in SHORT_FORM_METHODS)
