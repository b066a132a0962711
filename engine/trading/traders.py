"""The traders of the running desk, by id; traders come and go while others read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import overload

from engine.errors import NotFound
from engine.model.account import TraderConfig
from engine.trading.trader import TraderRuntime


class Traders(Sequence[TraderRuntime]):
    """Replaced as a whole when it changes, so that any thread may read it."""

    def __init__(self, traders: Iterable[TraderRuntime] = ()) -> None:
        self._all = tuple(traders)

    @overload
    def __getitem__(self, index: int) -> TraderRuntime: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[TraderRuntime, ...]: ...

    def __getitem__(self, index: int | slice) -> TraderRuntime | tuple[TraderRuntime, ...]:
        return self._all[index]

    def __len__(self) -> int:
        return len(self._all)

    @property
    def configs(self) -> Mapping[int, TraderConfig]:
        """Return how each trader is configured now."""
        return {trader.config.trader_id: trader.config for trader in self._all}

    @property
    def names(self) -> Mapping[int, str]:
        """Return what people call each trader."""
        return {trader.config.trader_id: trader.config.name for trader in self._all}

    def find(self, trader_id: int) -> TraderRuntime:
        """Return a trader; raises `NotFound` naming those there are."""
        for trader in self._all:
            if trader.config.trader_id == trader_id:
                return trader
        known = ", ".join(str(trader.config.trader_id) for trader in self._all)
        raise NotFound(
            f"trader: there is no trader {trader_id}; there are {known}",
            field="trader_id",
            value=str(trader_id),
        )

    def add(self, trader: TraderRuntime) -> None:
        """Take in one more, whose id is above all others'."""
        self._all = (*self._all, trader)

    def remove(self, trader: TraderRuntime) -> None:
        """Let one go."""
        self._all = tuple(each for each in self._all if each is not trader)
