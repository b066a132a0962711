"""What the sandbox forecasts of the account while it runs ahead, and what is learnt where it was wrong.

The guest's half of the same rules is `ordered` in `engine/strategies/programs/guest_books.py`: a buy
makes a symbol long, a sell short, a whole close flat. An order of which the last one alike had no
effect, because it was refused or met nothing, is forecast to have none again, until another order
changes something.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.model.decision import Decision, Operation
from engine.model.order import Side

type OrderKind = tuple[str, str]
"""Operation and symbol."""


class Forecast:
    """What the guest believes: which way each symbol stands, and which orders have no effect."""

    def __init__(self) -> None:
        self.sides: dict[str, Side] = {}
        self._futile: set[OrderKind] = set()
        self._found_futile: set[OrderKind] = set()

    @property
    def found_futile(self) -> tuple[OrderKind, ...]:
        """The orders that had no effect since one had: what the guest is told with true books."""
        return tuple(sorted(self._found_futile))

    def begin(self, sides: Mapping[str, Side]) -> None:
        """Take the true books, as the guest does that is sent them."""
        self.sides = dict(sides)
        self._futile = set(self._found_futile)

    def is_futile(self, decision: Decision) -> bool:
        """Tell whether the guest takes an order for one without effect."""
        return _kind(decision) in self._futile

    def follow(self, decision: Decision) -> None:
        """Believe what the guest believes after it ordered."""
        if self.is_futile(decision):
            return
        self._futile.clear()
        match decision.operation:
            case Operation.BUY:
                self.sides[decision.symbol] = Side.BUY
            case Operation.SELL:
                self.sides[decision.symbol] = Side.SELL
            case Operation.CLOSE if decision.quantity is None and decision.portion == 1:
                self.sides.pop(decision.symbol, None)

    def learn(self, decision: Decision, *, had_effect: bool) -> None:
        """Note what an order came to in the account."""
        if had_effect:
            self._found_futile.clear()
        else:
            self._found_futile.add(_kind(decision))


def _kind(decision: Decision) -> OrderKind:
    return str(decision.operation), decision.symbol
