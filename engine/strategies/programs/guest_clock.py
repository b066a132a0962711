"""Time and chance inside the sandbox: every clock stands at the trigger, chance comes from it.

Shipped as text and executed in the guest after `guest_errors.py`; the engine never imports it.
"""

from __future__ import annotations

import datetime as _datetime
import time
from typing import Any

_real_gmtime = time.gmtime
_real_strftime = time.strftime
_real_asctime = time.asctime


class _Present:
    """The moment that every clock shows, and what every `random` starts from."""

    ms = 0
    seed = 0

    def seconds(self, *_: Any) -> float:
        return self.ms / 1000

    def nanoseconds(self, *_: Any) -> int:
        return self.ms * 1_000_000

    def moment(self, seconds: float | None = None) -> time.struct_time:
        return _real_gmtime(self.ms / 1000 if seconds is None else seconds)

    def formatted(self, form: str, moment: Any = None) -> str:
        return _real_strftime(form, self.moment() if moment is None else moment)

    def plain(self, moment: Any = None) -> str:
        return _real_asctime(self.moment() if moment is None else moment)

    def plain_of(self, seconds: float | None = None) -> str:
        return _real_asctime(self.moment(seconds))


_present = _Present()


class _PresentDatetime(_datetime.datetime):
    """`datetime` whose present is the trigger's time."""

    @classmethod
    def now(cls, tz: _datetime.tzinfo | None = None) -> _PresentDatetime:
        return cls.fromtimestamp(_present.seconds(), tz)

    @classmethod
    def utcnow(cls) -> _PresentDatetime:
        return cls.fromtimestamp(_present.seconds(), _datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> _PresentDatetime:
        return cls.fromtimestamp(_present.seconds())


class _PresentDate(_datetime.date):
    """`date` whose today is the trigger's."""

    @classmethod
    def today(cls) -> _PresentDate:
        return cls.fromtimestamp(_present.seconds())


def stop_clocks() -> None:
    """Let whatever tells the time or makes chance start from the trigger."""
    vars(_datetime).update(datetime=_PresentDatetime, date=_PresentDate)
    seconds, nanoseconds = _present.seconds, _present.nanoseconds
    clocks: dict[str, Any] = dict.fromkeys(("time", "monotonic", "perf_counter", "process_time"), seconds)
    clocks |= {f"{name}_ns": nanoseconds for name in clocks}
    clocks |= {"clock_gettime": seconds, "clock_gettime_ns": nanoseconds, "thread_time": seconds}
    clocks |= {"gmtime": _present.moment, "localtime": _present.moment, "strftime": _present.formatted}
    clocks |= {"asctime": _present.plain, "ctime": _present.plain_of}
    vars(time).update({name: clock for name, clock in clocks.items() if hasattr(time, name)})


def chance_from_the_trigger() -> Any:
    """Return the module `random`, in which every generator starts from the trigger unless it is told."""
    import random

    generator: Any = random.Random
    seed = generator.seed

    def seed_from_the_trigger(self: random.Random, a: Any = None, version: int = 2) -> None:
        seed(self, _present.seed if a is None else a, version)

    generator.seed = seed_from_the_trigger
    vars(random)["seed"] = vars(random)["_inst"].seed
    return random
