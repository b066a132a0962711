"""Price alerts: a person is told once that a mark price has gone beyond a price.

Pure: marks come in, alerts that go off come out. Only the nearest alert on each side is looked at,
so that a mark near none of them costs two comparisons however many wait.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from engine.model.signal import AlertDirection, PriceAlert


class PriceAlertBook:
    """The price alerts that wait, by symbol."""

    def __init__(self, alerts: Iterable[PriceAlert] = ()) -> None:
        self._waiting: dict[str, _SymbolAlerts] = {}
        for alert in alerts:
            self.add(alert)

    def __len__(self) -> int:
        return sum(len(alerts) for alerts in self._waiting.values())

    def add(self, alert: PriceAlert) -> None:
        """Let an alert wait for its price; one that is deleted or has gone off is left out."""
        self.remove(alert.alert_id)
        if not alert.deleted and alert.fired_ms is None:
            self._waiting.setdefault(alert.symbol, _SymbolAlerts()).add(alert)

    def remove(self, alert_id: int) -> None:
        """Let an alert wait no longer; one that does not wait changes nothing."""
        for alerts in self._waiting.values():
            alerts.remove(alert_id)

    def on_mark(self, symbol: str, mark: Decimal, ts_ms: int) -> tuple[PriceAlert, ...]:
        """Take a mark price and return the alerts that go off at it, stamped with `ts_ms`.

        An alert goes off when the mark is strictly beyond its price, at the first mark if it
        already is, and never again.
        """
        alerts = self._waiting.get(symbol)
        return () if alerts is None else alerts.on_mark(mark, ts_ms)


class _SymbolAlerts:
    """The waiting alerts of one symbol, the nearest on each side last."""

    def __init__(self) -> None:
        self._above: list[PriceAlert] = []
        self._below: list[PriceAlert] = []

    def __len__(self) -> int:
        return len(self._above) + len(self._below)

    def add(self, alert: PriceAlert) -> None:
        if alert.direction is AlertDirection.ABOVE:
            insort(self._above, alert, key=lambda each: -each.price)
        else:
            insort(self._below, alert, key=lambda each: each.price)

    def remove(self, alert_id: int) -> None:
        for waiting in (self._above, self._below):
            waiting[:] = [alert for alert in waiting if alert.alert_id != alert_id]

    def on_mark(self, mark: Decimal, ts_ms: int) -> tuple[PriceAlert, ...]:
        fired: list[PriceAlert] = []
        while self._above and mark > self._above[-1].price:
            fired.append(self._above.pop())
        while self._below and mark < self._below[-1].price:
            fired.append(self._below.pop())
        return tuple(msgspec.structs.replace(alert, fired_ms=ts_ms) for alert in fired)
