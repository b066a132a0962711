"""What a decider is to decide, and what is kept of it: a prompt trader itself, or a binding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from engine.errors import DeskError
from engine.model.decision import DecisionRecord
from engine.store.changes import Change
from engine.trading.trader import TraderRuntime


class Assignment(Protocol):
    """Which pools and schedule wake a decider, and what is written beside its decisions."""

    @property
    def binding_id(self) -> int:
        """The binding, 0 for a prompt trader."""
        ...

    @property
    def strategy(self) -> str:
        """The name of the program or template."""
        ...

    @property
    def version(self) -> int:
        """The version of the program or prompt as it is kept now, 0 where there is none."""
        ...

    @property
    def model(self) -> str:
        """The language model that is asked, empty for a program."""
        ...

    @property
    def pool_ids(self) -> tuple[int, ...]:
        """The pools that wake it."""
        ...

    @property
    def schedule_seconds(self) -> int:
        """Its schedule in market time, 0 for none."""
        ...

    @property
    def last_trigger_ms(self) -> int | None:
        """When it last began to decide, None for never."""
        ...

    @property
    def why_inactive(self) -> str:
        """Why nothing wakes it for now, empty when something would."""
        ...

    def listen(self, pool_ids: tuple[int, ...]) -> Change:
        """Let exactly these pools wake it; return what is to be stored."""
        ...

    def begun(self, record: DecisionRecord) -> tuple[Change, ...]:
        """Note that a decision begins; return what is to be stored with that."""
        ...

    def ended(self, record: DecisionRecord, error: DeskError | None) -> tuple[Change, ...]:
        """Note how a decision ended, `error` being the strategy's; return what is to be stored with that."""
        ...

    def stands(self, *, failed: bool, reason: str) -> tuple[Change, ...]:
        """Note whether it is failing, and why; return what is to be stored."""
        ...

    def tell(self) -> None:
        """Publish how it stands now."""
        ...


class PromptAssignment:
    """The one assignment of a prompt trader: all is in the trader's configuration and status."""

    binding_id = 0
    why_inactive = ""

    def __init__(self, trader: TraderRuntime, version_of: Callable[[str], int] = lambda name: 0) -> None:
        """`version_of` returns the version of the prompt of a name, 0 where there is none."""
        self._trader = trader
        self._version_of = version_of

    @property
    def strategy(self) -> str:
        """See `Assignment`."""
        return self._trader.config.strategy

    @property
    def version(self) -> int:
        """See `Assignment`."""
        return self._version_of(self._trader.config.strategy)

    @property
    def model(self) -> str:
        """See `Assignment`."""
        return self._trader.config.model

    @property
    def pool_ids(self) -> tuple[int, ...]:
        """See `Assignment`."""
        return self._trader.config.pool_ids

    @property
    def schedule_seconds(self) -> int:
        """See `Assignment`."""
        return self._trader.config.schedule_seconds

    @property
    def last_trigger_ms(self) -> int | None:
        """See `Assignment`."""
        decisions = self._trader.log.recent()
        return decisions[-1].trigger.ts_ms if decisions else None

    def listen(self, pool_ids: tuple[int, ...]) -> Change:
        """See `Assignment`."""
        self._trader.config = msgspec.structs.replace(self._trader.config, pool_ids=pool_ids)
        return self._trader.config

    def begun(self, record: DecisionRecord) -> tuple[Change, ...]:
        """See `Assignment`."""
        return ()

    def ended(self, record: DecisionRecord, error: DeskError | None) -> tuple[Change, ...]:
        """See `Assignment`."""
        return ()

    def stands(self, *, failed: bool, reason: str) -> tuple[Change, ...]:
        """See `Assignment`: the trader's status says it."""
        return ()

    def tell(self) -> None:
        """See `Assignment`: the trader's summary says it."""
