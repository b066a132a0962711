"""What runs came to, each asked for once: the newest few are kept."""

from __future__ import annotations

from engine.desk import BacktestDesk
from engine.errors import DeskError
from engine.model.backtest import BacktestResult, BacktestRun, SweepResult
from tui.wording import refusal_text

MOST_KEPT = 8

type Loaded = BacktestResult | SweepResult | str
"""A result, or why there is none."""

type Stamp = tuple[str, str, int | None]


class Results:
    """Holds results by run; one that was resumed since is asked for anew."""

    def __init__(self, desk: BacktestDesk) -> None:
        self._desk = desk
        self._kept: dict[Stamp, Loaded] = {}

    def of(self, run: BacktestRun) -> Loaded | None:
        """Return what a run came to, None where it has not been asked for; what is looked at is kept."""
        stamp = _stamp(run)
        loaded = self._kept.pop(stamp, None)
        if loaded is not None:
            self._kept[stamp] = loaded
        return loaded

    def lacks(self, run: BacktestRun) -> bool:
        """Tell whether a run is over and what it came to has not been asked for."""
        return run.status.is_over and _stamp(run) not in self._kept

    async def load(self, run: BacktestRun) -> None:
        """Ask for what a run came to; never fails, what the desk refuses is kept as a sentence."""
        loaded: Loaded
        try:
            if run.combinations:
                loaded = await self._desk.sweep_result(run.run_id)
            else:
                loaded = await self._desk.result(run.run_id)
        except DeskError as error:
            loaded = refusal_text(error)
        except Exception as error:  # an engine fault must not leave the panes waiting for ever
            loaded = f"unexpected {type(error).__name__}: {error}"
        self._kept[_stamp(run)] = loaded
        while len(self._kept) > MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))


def _stamp(run: BacktestRun) -> Stamp:
    return run.run_id, run.status.value, run.finished_ms
