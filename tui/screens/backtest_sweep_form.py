"""The dialog of a sweep: which parameters take which values, what the best run has most of."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import DeskError, InvalidInput
from engine.model.backtest import BacktestRequest, BacktestRun, SweepRequest, WalkForward
from engine.text import count
from tui.backtest_entry import read_count, read_ranges, request_words
from tui.backtest_metrics import objectives
from tui.bridge import DeskBridge
from tui.numbers import read_number
from tui.program_params import params_text
from tui.screens.signal_fields import TextField
from tui.screens.signal_form import FormScreen
from tui.screens.ticket_fields import ChoiceField
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

MOST_SAMPLES, MOST_SPLITS, MOST_WORKERS = 100_000, 100, 256
HINT = "tab next · Enter starts · Esc leaves"


class SweepFields(msgspec.Struct, frozen=True, kw_only=True):
    """What the dialog holds: texts as they were typed."""

    ranges: str
    samples: str
    objective: str
    splits: str
    share: str
    workers: str
    cluster: str


class SweepForm(FormScreen):
    """Asks over which parameters to run a request; `started` is told the sweep."""

    DEFAULT_CSS = """
    SweepForm #of { height: 2; margin-bottom: 1; }
    SweepForm #said { height: 2; margin: 0 0 0 13; padding: 0 1; width: 1fr; }
    """
    hint = HINT
    first_field = "ranges"
    field_of_detail: ClassVar[dict[str, str]] = {
        "sweep": "ranges",
        "walk_forward": "splits",
        "train_share": "share",
    }

    def __init__(
        self, bridge: DeskBridge, request: BacktestRequest, started: Callable[[BacktestRun], None]
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._request = request
        self._started = started
        self.heading = f"Sweep of {request.name}"

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields."""
        of = WrappedText(id="of")
        of.show(request_words(self._request), "muted")
        yield of
        with self.row("-joined"):
            yield self.label("ranges", "ranges")
            yield TextField("", placeholder=self._example(), id="ranges")
        yield WrappedText(id="said")
        with self.row():
            yield self.label("objective", "best by")
            yield ChoiceField(objectives(), "sharpe", id="objective")
            yield self.label("samples", "at random", "-second")
            yield TextField("", placeholder="all of them", id="samples")
        with self.row():
            yield self.label("splits", "walk forward")
            yield TextField("", placeholder="splits, or nothing", id="splits")
            yield self.label("share", "train share", "-second")
            yield TextField("", placeholder="0.7", id="share")
        with self.row():
            yield self.label("workers", "processes")
            yield TextField("", placeholder="one a core", id="workers")
            yield self.label("cluster", "cluster", "-second")
            yield TextField("", placeholder="dask://HOST:PORT", id="cluster")

    def _example(self) -> str:
        """Return ranges around what the run had."""
        around = [
            f"{name}={value / 2:g}..{value * 2:g}:{value / 2:g}"
            for name, value in self._request.params.items()
            if isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        ]
        return " ".join(around[:2]) or "oversold=20..40:5 portion=0.1,0.25"

    @property
    def values(self) -> SweepFields:
        """The fields as they are."""
        return SweepFields(
            ranges=self._text("ranges"),
            samples=self._text("samples"),
            objective=self.query_one("#objective", ChoiceField).value,
            splits=self._text("splits"),
            share=self._text("share"),
            workers=self._text("workers"),
            cluster=self._text("cluster"),
        )

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _sweep(self) -> SweepRequest:
        """Return the sweep the fields describe; raises `InvalidInput`."""
        fields = self.values
        ranges = read_ranges(fields.ranges)
        if not ranges:
            given = params_text(self._request.params)
            said = f"; the run had {given}" if given else ""
            raise InvalidInput.of("ranges", "nothing", f"write {self._example()}{said}")
        splits = read_count(fields.splits, "splits", MOST_SPLITS)
        return SweepRequest(
            request=self._request,
            ranges=ranges,
            samples=read_count(fields.samples, "samples", MOST_SAMPLES),
            objective=fields.objective,
            walk_forward=WalkForward(splits=splits, train_share=_read_share(fields.share))
            if splits
            else None,
            workers=read_count(fields.workers, "workers", MOST_WORKERS),
            cluster=fields.cluster,
        )

    def changed(self) -> None:
        """Say how many runs that makes."""
        said = self.query_one("#said", WrappedText)
        try:
            sweep = self._sweep()
        except DeskError as error:
            is_empty = not self.values.ranges
            said.show(refusal_text(error), "muted" if is_empty else "danger")
            return
        said.show(f"✓ {runs_words(sweep)}", "gain")

    async def save(self) -> str:
        """Start the sweep; raises `DeskError`."""
        run = await self._bridge.desk.backtests.start_sweep(self._sweep())
        self._started(run)
        return f"{run.run_id} is {run.status.value}: {count(run.combinations, 'run')} of {run.name}"


def runs_words(sweep: SweepRequest) -> str:
    """Return how many runs a sweep is: `oversold × portion: 9 × 3 = 27 runs`."""
    sizes = [len(item.values) for item in sweep.ranges]
    names = " × ".join(item.name for item in sweep.ranges)
    total = prod(sizes)
    runs = count(total, "run")
    product = " × ".join(map(str, sizes)) + f" = {runs}" if len(sizes) > 1 else runs
    drawn = f", {min(sweep.samples, total):,} of them at random" if 0 < sweep.samples < total else ""
    walk = f", walked forward {count(sweep.walk_forward.splits, 'time')}" if sweep.walk_forward else ""
    return f"{names}: {product}{drawn}{walk}"


def _read_share(text: str) -> float:
    if not text:
        return WalkForward().train_share
    number = read_number(text)
    if number is None or not 0 < number < 1:
        raise InvalidInput.of("share", text[:40], "give a share between 0 and 1, such as 0.7")
    return float(number)
