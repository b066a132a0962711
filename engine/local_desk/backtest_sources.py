"""The backtests side of the desk in this process, with everything it reads and tells."""

from __future__ import annotations

from engine.assembly import DeskParts
from engine.local_desk.backtests import BindingSources, LocalBacktests, Outlets
from engine.model.event import Topic
from engine.streams import Bus

__all__ = ["LocalBacktests", "open_backtests"]


def open_backtests(parts: DeskParts, bus: Bus) -> LocalBacktests:
    """Return the backtests of a home; runs that a killed desk left are told of by `recover`."""
    book, signals = parts.bindings.book, parts.signals.book
    return LocalBacktests(
        parts.home,
        parts.backtest_runs,
        BindingSources(
            bindings=lambda: book.bindings,
            programs=lambda: book.programs,
            traders=lambda: [trader.config for trader in parts.traders],
            pools=lambda: signals.pools,
            signals=lambda: signals.signals,
        ),
        Outlets(
            write=parts.journal.write,
            publish=lambda run: bus.publish_level(Topic.BACKTESTS, run.run_id, run),
        ),
    )
