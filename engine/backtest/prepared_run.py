"""A run laid out: its market, its triggers, its account; and what is made of them when it is over."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import msgspec
import numpy as np

from engine.backtest.account import BacktestAccount
from engine.backtest.context import ContextHistory
from engine.backtest.equity import EquityTimeline, bar_closes, closing_marks
from engine.backtest.figures import RunFigures
from engine.backtest.history import LoadedHistory
from engine.backtest.honesty import run_warnings
from engine.backtest.layout import RunLayout
from engine.backtest.log_writing import trigger_lines, write_log
from engine.backtest.metrics import metrics_of, monthly
from engine.backtest.metrics.measured import MeasuredRun
from engine.backtest.program_asker import BatchSandbox, ProgramAsker
from engine.backtest.rules import rules_of
from engine.backtest.strategy_asker import StrategyAsker
from engine.backtest.trades import TriggerTold, round_trips
from engine.backtest.trigger_log import TriggerLog, TriggerNotes
from engine.backtest.triggers import SCHEDULED, TriggerTimes
from engine.model.account import TraderConfig, TraderKind
from engine.model.backtest import (
    BacktestRequest,
    BacktestResult,
    BacktestStatus,
    Recording,
)
from engine.signals.conditions.rules import UNKNOWN
from engine.strategies.base import Strategy
from engine.text import count

TRADER_ID = 1

type Asker = ProgramAsker | StrategyAsker


class RunOutcome:
    """What a run came to, and its trigger log, which is made when it is first asked for."""

    def __init__(self, result: BacktestResult, make_log: Callable[[], TriggerLog]) -> None:
        self.result = result
        self._make_log = make_log

    @functools.cached_property
    def log(self) -> TriggerLog:
        """Every wake-up of the run, and every exit that happened by itself."""
        return self._make_log()


class PreparedRun:
    """The parts of one run before it begins, and what is made of them when it is over."""

    def __init__(
        self,
        request: BacktestRequest,
        history: LoadedHistory,
        trader: TraderConfig | None = None,
        layout: RunLayout | None = None,
    ) -> None:
        """Lay a request out; a `layout` that serves it is used, `trader` stands for the request's account."""
        if layout is None or not layout.serves(request, history):
            layout = RunLayout(request, history)
        self.request = request
        self.history = history
        self.layout = layout
        self.start_ms, self.end_ms = layout.start_ms, layout.end_ms
        self.market = layout.market
        self.times: TriggerTimes = layout.times
        self.data = layout.data
        self.notes = TriggerNotes(len(self.times))
        self.account = BacktestAccount(
            trader or self._trader(), history.instruments, self.market, history.funding, self.start_ms
        )

    def cut(self, triggers: int) -> None:
        """Leave everything out after so many triggers."""
        times = self.times
        self.times = msgspec.structs.replace(
            times,
            **{name: getattr(times, name)[:triggers] for name in ("at_ms", "fired_ms", "source", "fire")},
        )

    def asker(self, sandbox: BatchSandbox, keeps_reads_at: int | None = None) -> ProgramAsker:
        """Return who asks the program."""
        return ProgramAsker(
            request=self.request,
            times=self.times,
            market=self.market,
            account=self.account,
            data=self.data,
            sandbox=sandbox,
            notes=self.notes,
            keeps_reads_at=keeps_reads_at,
        )

    def strategy_asker(self, strategy: Strategy) -> StrategyAsker:
        """Return who asks any strategy."""
        contexts = ContextHistory(self.account, self.market, self.history.candles, self.history.base)
        return StrategyAsker(
            strategy=strategy,
            times=self.times,
            account=self.account,
            contexts=contexts,
            notes=self.notes,
            schedule_seconds=self.request.schedule_seconds,
        )

    def outcome(self, asker: Asker, started: float) -> RunOutcome:
        """Return what the run came to."""
        ended_ms = self._ended_ms(asker)
        self.account.advance(ended_ms)
        timeline = EquityTimeline(self.account.changes, self.request.symbols)
        with ThreadPoolExecutor(1) as beside:
            without_trades = beside.submit(self._measured_bars, timeline, ended_ms)
            lines = trigger_lines(self.times, self.account).tolist()
            trades = round_trips(self.account, self.market, self._teller(), lines, ended_ms + 1)
            result = self._result(asker, without_trades.result().with_trades(trades), beside)
        result = msgspec.structs.replace(result, run_s=time.perf_counter() - started)
        return RunOutcome(
            result, lambda: write_log(self.times, self.notes, self.account, self.market, timeline)
        )

    def _ended_ms(self, asker: Asker) -> int:
        if not asker.ended_early:
            return self.end_ms - 1
        # What was decided last is held until the bar that it was decided in has closed.
        last = max(0, self.notes.asked - 1)
        return min(int(self.times.at_ms[last]) + self.market.bar_ms, self.end_ms) - 1

    def _measured_bars(self, timeline: EquityTimeline, ended_ms: int) -> MeasuredRun:
        """Return the run's figures without trades, measured over all bars.

        These are large columns of numbers, at which a thread works while another makes the trades.
        """
        measured = MeasuredRun(self._figures(timeline, ended_ms))
        measured.measure_bars()
        return measured

    def _figures(self, timeline: EquityTimeline, ended_ms: int) -> RunFigures:
        symbols = self.request.symbols
        close_ms = bar_closes(self.market, symbols, self.start_ms, ended_ms + 1)
        marks = {symbol: closing_marks(self.market, symbol, close_ms) for symbol in symbols}
        equity, exposed = timeline.over(close_ms, marks)
        opening = self.market.bars(symbols[0])
        row = int(np.searchsorted(opening.open_ms, self.start_ms))
        wallet, fills = self.account.wallet, self.account.fills
        return RunFigures(
            start_ms=self.start_ms,
            cash=self.account.trader.initial_capital,
            close_ms=close_ms,
            equity=equity,
            exposed=exposed,
            benchmark=marks[symbols[0]],
            benchmark_units=float(self.account.trader.initial_capital) / float(opening.open[row]),
            trades=(),
            turnover=sum((fill.price * fill.quantity for fill in fills), Decimal(0)),
            fees=wallet.fees,
            funding=wallet.funding,
        )

    def _teller(self) -> Callable[[int], TriggerTold]:
        """Return what tells of a trigger, by its number."""
        numbers, sets = self.times.signal_sets()
        of_trigger, pools = numbers.tolist(), self.times.source.tolist()
        names = [*(fires.pool.name for fires in self.times.fires), ""]  # the last one is of a schedule
        return lambda trigger: TriggerTold(
            self.notes.reason_text(trigger), names[pools[trigger]], sets[of_trigger[trigger]]
        )

    def _result(self, asker: Asker, measured: MeasuredRun, beside: ThreadPoolExecutor) -> BacktestResult:
        account, times, figures = self.account, self.times, measured.figures
        final = account.equity()
        hashed = beside.submit(_hash_of, self.request, figures, final, self.notes)
        scheduled = int(np.count_nonzero(times.source == SCHEDULED))
        metrics = metrics_of(measured)
        return BacktestResult(
            request=self.request,
            status=_status_of(asker, self.notes),
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            bars=len(figures.close_ms),
            triggers=len(times),
            signal_triggers=len(times) - scheduled,
            scheduled_triggers=scheduled,
            program_calls=self.notes.asked,
            final_equity=final,
            total_pnl=final - account.trader.initial_capital,
            fees=figures.fees,
            funding=figures.funding,
            metrics=metrics,
            trades=figures.trades,
            curve=measured.curve,
            monthly=monthly(figures),
            rules=rules_of(self.request, self.history),
            warnings=(*self._warnings(asker), *run_warnings(figures, metrics)),
            failures=asker.failures.count,
            error=asker.failures.last,
            ended_early=asker.ended_early,
            load_s=self.history.load_s,
            result_hash=hashed.result(),
        )

    def _warnings(self, asker: Asker) -> tuple[str, ...]:
        times, found = self.times, list(self.history.warnings)
        if len(times) == 0:
            found.append("Nothing woke the program: its pools never fired in this range.")
        found += _without_data(times)
        if times.untaken:
            found.append(
                f"{count(times.untaken, 'fire')} came together with another, which woke the program instead"
            )
        if times.undecided:
            found.append(f"{count(times.undecided, 'fire')} not decided, as there is no price after the end")
        if asker.failures.count:
            found.append(f"the program failed at {count(asker.failures.count, 'trigger')}")
        return tuple(found)

    def _trader(self) -> TraderConfig:
        request = self.request
        return TraderConfig(
            trader_id=TRADER_ID,
            name=request.name,
            kind=TraderKind.PROGRAM,
            initial_capital=request.cash,
            symbols=request.symbols,
            period=request.period,
            schedule_seconds=request.schedule_seconds,
            limits=request.limits,
        )


def _status_of(asker: Asker, notes: TriggerNotes) -> BacktestStatus:
    if asker.ended_early == "cancelled":
        return BacktestStatus.CANCELLED
    worked = bool(np.any((notes.operation >= 0) & (notes.operation <= 3)))
    if not worked and (asker.failures.count or asker.ended_early):
        return BacktestStatus.ERROR
    return BacktestStatus.PARTIAL if asker.ended_early else BacktestStatus.COMPLETED


def _without_data(times: TriggerTimes) -> list[str]:
    """Say which conditions were unknown throughout, so that nobody waits for them to be met."""
    return [
        f"{fires.symbol}: {condition} was unknown all the time: the history has nothing to decide it on"
        for fires in times.fires
        for condition, member in zip(fires.conditions, fires.members, strict=True)
        if len(member.states) and np.all(member.states == UNKNOWN)
    ]


def _hash_of(
    request: BacktestRequest, figures: RunFigures, final_equity: Decimal, notes: TriggerNotes
) -> str:
    """Return a hash over everything that tells two runs apart, and nothing that time or place decide."""
    digest = hashlib.blake2b(digest_size=16)
    request = msgspec.structs.replace(
        request, name="", history=Recording(), program_id=0, program_version=0, binding_id=0
    )
    digest.update(msgspec.msgpack.encode(request))
    digest.update(msgspec.msgpack.encode((figures.trades, final_equity, figures.fees, figures.funding)))
    digest.update(notes.operation.tobytes())
    digest.update(memoryview(np.ascontiguousarray(figures.equity)))
    return digest.hexdigest()
