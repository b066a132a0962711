"""Asks a program at every trigger of a run, in batches that run ahead of the books and are verified.

The sandbox decides batch after batch on what it can know by itself: the data of each trigger, and
which way its own orders made each symbol stand. Meanwhile this side carries the decisions of the
batch before out in the account. Where the books then differ from what the program was told, because
an order was refused, a stop traded or a position was liquidated, the program is asked again from the
first trigger that could have seen the difference, with true books. The result is therefore the one of
asking trigger by trigger, whatever was forecast.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from heapq import merge
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from engine.backtest.account import BacktestAccount, OrderOutcome
from engine.backtest.failures import Failures
from engine.backtest.forecast import Forecast
from engine.backtest.market.base import RunMarket
from engine.backtest.trigger_log import OPERATIONS, OrderNote, TriggerNotes
from engine.backtest.triggers import TriggerTimes
from engine.errors import DeskError, ReplyUnusable, StrategyFailed
from engine.exchanges.wallet import used_margin
from engine.model.backtest import BacktestProgress, BacktestRequest
from engine.model.decision import Decision, Operation
from engine.model.program import ProgramError
from engine.strategies.decision import validate_decisions
from engine.strategies.programs.authoring import translate
from engine.strategies.programs.batch import (
    Answer,
    BatchDecision,
    BatchFailure,
    BatchReply,
    BatchRequest,
    ConfirmedBooks,
    DataQuery,
    MarketColumns,
)
from engine.strategies.programs.host import SandboxLimits
from engine.strategies.programs.payload import confirmed_books, environment_of
from engine.strategies.programs.strategy import program_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_BATCH, SMALLEST_BATCH, LARGEST_BATCH = 64, 8, 8192
LARGEST_BUSY_BATCH = 2048
"""How large a batch may be of a program that orders often, so that neither side waits for the other."""
ORDERS_OFTEN = 16
"""A program that orders at one of so many triggers orders often."""
MOST_QUERIES = 64
MOST_TIME_OUTS = 3
TRADING_MODE = SESSION = "backtest"
LIMITS = SandboxLimits(seconds=1.0, memory_mb=512)
TRIGGERS_TO_TELL_PACE, TIMES_THE_USUAL, LEAST_FURTHER_SECONDS = 64, 20, 0.0001
"""How long a batch may take once the program's pace is known, so that one without end is found soon."""
SECONDS_BETWEEN_LOOKS = 0.2

_OUTPUT_KEPT = 1_000_000
_CODES = {operation: OPERATIONS.index(operation) for operation in Operation}


class BatchSandbox(Protocol):
    """Whoever runs batches of programs: `engine.strategies.programs.host.SandboxHost`.

    A batch is on its way before `run_batch` first waits, when the session is open and free.
    """

    def volume(self, session: str) -> str:
        """Return the folder through which large batches of a session travel."""
        ...

    async def open_session(self, session: str, source: str, limits: SandboxLimits, volume: str = "") -> None:
        """Load a program anew before it is first asked, without anything an earlier run left behind."""
        ...

    async def run_batch(self, request: BatchRequest, limits: SandboxLimits) -> BatchReply:
        """Run one batch; raises `StrategyFailed` when a limit was broken."""
        ...


def open_program(sandbox: BatchSandbox, source: str) -> asyncio.Task[None]:
    """Have a program loaded while its run is laid out."""
    opening = sandbox.open_session(SESSION, translate(source).python, LIMITS, sandbox.volume(SESSION))
    return asyncio.Task(opening, loop=asyncio.get_running_loop(), eager_start=True)


class DataSource(Protocol):
    """Whoever answers a program's questions at many times."""

    def answer(
        self, query: DataQuery, ts_ms: NDArray[np.int64], market: MarketColumns | None = None
    ) -> Answer:
        """Return what a query answers at each time, `market` being the quotes of its symbol."""
        ...


class _Sent(msgspec.Struct, frozen=True):
    """A batch under way; after one that `meets_trade` something trades by itself: no forecast holds."""

    first: int
    count: int
    answer: asyncio.Task[BatchReply]
    meets_trade: bool = False


class ProgramAsker:
    """One program over one run; `ended_early` says why not every trigger was decided."""

    def __init__(
        self,
        *,
        request: BacktestRequest,
        times: TriggerTimes,
        market: RunMarket,
        account: BacktestAccount,
        data: DataSource,
        sandbox: BatchSandbox,
        notes: TriggerNotes,
        trading_mode: str = TRADING_MODE,
        keeps_reads_at: int | None = None,
    ) -> None:
        self.ended_early = ""
        self.failures = Failures(times, notes)
        self.kept: BatchReply | None = None
        """The reply of the trigger whose reads were to be kept."""
        self._request = request
        self._translation = translate(request.source)
        self._times = times
        self._market = market
        self._account = account
        self._data = data
        self._sandbox = sandbox
        self._notes = notes
        self._trading_mode = trading_mode
        self._keeps_reads_at = keeps_reads_at
        self._plan: dict[DataQuery, None] = {}
        self._size = FIRST_BATCH
        self._forecast = Forecast()
        self._is_astray = False
        """Whether the guest goes on from books that are not the account's."""
        self._breaks_by = 0
        """A trigger before this one breaks the sandbox: batches that may have it do not grow."""
        self._limits = LIMITS
        self._time_outs = 0
        self._output_room = _OUTPUT_KEPT
        self._volume = sandbox.volume(SESSION)

    async def ask_all(
        self, on_progress: Callable[[BacktestProgress], None], is_cancelled: Callable[[], bool]
    ) -> None:
        """Decide every trigger, or as far as the program lets; raises nothing for what it does."""
        index, sent, total = 0, None, len(self._times)
        while index < total and not self.ended_early:
            if sent is None:
                sent = self._send_with_books(index)
            await _answered(sent, is_cancelled)
            if is_cancelled():
                sent.answer.cancel()
                self.ended_early = "cancelled"
                break
            try:
                reply = await sent.answer
            except StrategyFailed as failure:
                index, sent = self._after_failed_batch(sent, failure), None
                continue
            ahead = self._send_ahead(sent, reply)
            reached = self._replay(sent.first, reply)
            if reached < sent.first + reply.decided or self._is_astray or self.ended_early:
                await _abandon(ahead)
                self._size = min(self._size, SMALLEST_BATCH)
                index, sent = reached, None
            else:
                index, sent = reached, ahead
            on_progress(self._progress(index))

    def _progress(self, index: int) -> BacktestProgress:
        account = self._account
        return BacktestProgress(
            stage="running",
            done=index,
            total=len(self._times),
            ts_ms=account.now_ms,
            equity=float(account.equity()),
        )

    # --- what is sent ----------------------------------------------------------------------------

    def _send_with_books(self, first: int) -> _Sent:
        """Send triggers from `first` on with true books, up to the next change the market makes."""
        at_ms = self._times.at_ms
        self._account.advance(int(at_ms[first]))
        stop = min(first + self._size, len(at_ms))
        last_ms = int(at_ms[stop - 1])
        trade_ms = self._account.next_trade_ms(last_ms)
        if trade_ms is not None:
            stop = max(first + 1, int(np.searchsorted(at_ms, trade_ms)))
            stop = min(stop, first + self._size)
        changes = [ms for ms in (trade_ms, self._account.next_funding_ms(last_ms)) if ms is not None]
        self._forecast.begin(self._account.sides())
        self._is_astray = False
        stop = self._bounded(first, stop)
        # What comes after the batch has not been looked at: the next one must not rely on these books.
        sent = self._send(first, stop, until_ms=min(changes, default=last_ms + 1))
        return msgspec.structs.replace(sent, meets_trade=trade_ms is not None)

    def _send_ahead(self, sent: _Sent, reply: BatchReply) -> _Sent | None:
        """Send the next batch on the forecast, if the program got through the whole of this one."""
        first = sent.first + sent.count
        is_through = reply.decided == sent.count and not reply.waits
        if not is_through or sent.meets_trade or first >= len(self._times):
            return None
        if first >= self._breaks_by:
            is_busy = len(reply.decisions) * ORDERS_OFTEN > reply.decided
            self._size = min(self._size * 2, LARGEST_BUSY_BATCH if is_busy else LARGEST_BATCH)
        stop = self._bounded(first, min(first + self._size, len(self._times)))
        return self._send(first, stop)

    def _bounded(self, first: int, stop: int) -> int:
        """Keep the one trigger whose reads are wanted in a batch of its own."""
        wanted = self._keeps_reads_at
        if wanted is None or not first <= wanted < stop:
            return stop
        return first + 1 if wanted == first else wanted

    def _send(self, first: int, stop: int, *, until_ms: int | None = None) -> _Sent:
        """Send a batch, with true books if it is known until when they hold."""
        ts_ms = self._times.at_ms[first:stop]
        markets = {symbol: self._quotes(symbol, ts_ms) for symbol in self._request.symbols}
        limits = self._request.limits
        request = BatchRequest(
            session=SESSION,
            source=self._translation.python,
            params=self._request.params,
            trader_id=self._account.trader.trader_id,
            environment=environment_of(self._account.trader),
            trading_mode=self._trading_mode,
            max_leverage=limits.max_leverage,
            default_leverage=limits.default_leverage,
            period=self._account.trader.period,
            symbols=self._request.symbols,
            triggers=self._times.columns(first, stop),
            markets=markets,
            answers={
                query: self._data.answer(query, ts_ms, markets.get(query.symbol)) for query in self._plan
            },
            books=None if until_ms is None else self._books(until_ms),
            first=first,
            seed=self._request.seed,
            keeps_reads=self._keeps_reads_at == first,
            volume=self._volume,
        )
        asking = self._sandbox.run_batch(request, self._limits)
        # Eager, so that the sandbox is at work while this side goes on.
        task = asyncio.Task(asking, loop=asyncio.get_running_loop(), name="backtest batch", eager_start=True)
        return _Sent(first, stop - first, task)

    def _quotes(self, symbol: str, ts_ms: NDArray[np.int64]) -> MarketColumns:
        quotes = self._market.quotes_at(symbol, ts_ms)
        return MarketColumns(
            mark=quotes.mark.tobytes(),
            bid=quotes.bid.tobytes(),
            ask=quotes.ask.tobytes(),
            tick_size=float(self._account.wallet.instruments[symbol].tick_size),
        )

    def _books(self, until_ms: int) -> ConfirmedBooks:
        account = self._account
        wallet = account.wallet
        return confirmed_books(
            cash=wallet.cash,
            used_margin=used_margin(wallet),
            positions=tuple(account.positions.values()),
            recent_fills=tuple(account.recent_fills),
            open_orders=tuple(account.open_orders.values()),
            until_ms=until_ms,
            futile_orders=self._forecast.found_futile,
        )

    # --- what came back --------------------------------------------------------------------------

    def _replay(self, first: int, reply: BatchReply) -> int:
        """Carry a batch out as far as the program saw true books; return the first trigger to ask again."""
        self._learn(reply)
        stop = first + reply.decided
        reached = stop
        for index, event in _events(first, reply):
            wrong = self._first_wrong(first, index)
            if wrong is not None:
                reached = wrong
                break
            if isinstance(event, BatchFailure):
                error = program_error(event, self._translation, self._request.source)
                self.ended_early = self.failures.add(index, error) or self.ended_early
            else:
                self._is_astray = not self._carry_out(index, event)
            if self.ended_early:
                reached = index + 1
                break
            first = index + 1
            if self._is_astray or self._account.sides() != self._forecast.sides:
                reached, self._is_astray = first, True
                break
        else:
            wrong = self._first_wrong(first, stop - 1)
            reached = stop if wrong is None else wrong
        self._note_holds(stop - reply.decided, reached, reply)
        return reached

    def _first_wrong(self, first: int, last: int) -> int | None:
        """Let the market go on to trigger `last`; return the first one from `first` that was told wrong.

        Whatever stops, targets and liquidations did meanwhile shows in which way the symbols stand.
        """
        at_ms = self._times.at_ms
        while first <= last:
            trade_ms = self._account.next_trade_ms(int(at_ms[last]))
            if trade_ms is None:
                break
            index = max(first, int(np.searchsorted(at_ms, trade_ms)))
            if index > last:
                break
            self._account.advance(int(at_ms[index]))
            if self._account.sides() != self._forecast.sides:
                return index
            first = index + 1
        if first <= last:
            self._account.advance(int(at_ms[last]))
        return None

    def _carry_out(self, index: int, said: BatchDecision) -> bool:
        """Do what was decided; return False where the guest cannot go on with what it believes.

        It believes in a decision that is not one, and that an order has no effect which has one now.
        """
        account, limits = self._account, self._request.limits
        try:
            decisions = validate_decisions(
                said.decision, symbols=self._request.symbols, max_leverage=limits.max_leverage
            )
        except ReplyUnusable as refusal:
            self.ended_early = (
                self.failures.add(index, ProgramError(kind="", message=refusal.message)) or self.ended_early
            )
            return False
        fills, waiting, is_foreseen = len(account.fills), len(account.open_orders), True
        outcomes = account.carry_out(decisions, str(index))
        had_effect = len(account.fills) > fills or len(account.open_orders) != waiting
        for decision in decisions:
            if decision.operation is not Operation.HOLD:
                is_foreseen &= not (had_effect and self._forecast.is_futile(decision))
                self._forecast.follow(decision)
                self._forecast.learn(decision, had_effect=had_effect)
        self._note_decision(index, decisions, outcomes, fills)
        return is_foreseen

    def _note_decision(
        self, index: int, decisions: tuple[Decision, ...], outcomes: list[OrderOutcome], fills: int
    ) -> None:
        notes, decision = self._notes, decisions[0]
        notes.operation[index] = _CODES[decision.operation]
        notes.reason[index] = notes.reason_number(decision.reason)
        if outcomes:
            notes.orders[index] = OrderNote(decision.symbol, tuple(outcomes), fills, len(self._account.fills))

    def _note_holds(self, first: int, reached: int, reply: BatchReply) -> None:
        notes = self._notes
        held = notes.operation[first:reached] == OPERATIONS.index("")
        notes.operation[first:reached][held] = OPERATIONS.index("hold")
        numbers = np.array([notes.reason_number(text) for text in reply.hold_reasons] + [-1], dtype=np.int32)
        which = np.frombuffer(reply.hold_reason_of, dtype=np.int32)[: reached - first]
        if len(which):
            notes.reason[first:reached][held] = numbers[which[held]]
        for place, text in reply.output:
            if first + place < reached and self._output_room > 0:
                notes.output[first + place] = text[: self._output_room]
                self._output_room -= len(text)
        if reply.input_data and first == self._keeps_reads_at:
            self.kept = reply

    def _learn(self, reply: BatchReply) -> None:
        if reply.decided >= TRIGGERS_TO_TELL_PACE:
            usual = TIMES_THE_USUAL * reply.guest_us / 1e6 / reply.decided
            further = min(max(usual, LEAST_FURTHER_SECONDS), LIMITS.further_seconds)
            self._limits = msgspec.structs.replace(LIMITS, further_seconds=further)
        for query in reply.needs:
            self._plan[query] = None
        if len(self._plan) > MOST_QUERIES:
            self.ended_early = f"the program asks for more than {MOST_QUERIES} kinds of data"

    def _after_failed_batch(self, sent: _Sent, failure: StrategyFailed) -> int:
        """Find the trigger that broke the sandbox by asking smaller batches; note it and go on."""
        if sent.count > 1:
            self._size = max(1, sent.count // 16)
            self._breaks_by = sent.first + sent.count
            return sent.first
        self._time_outs += 1
        self.ended_early = (
            self.failures.add(sent.first, ProgramError(kind="", message=failure.message)) or self.ended_early
        )
        if self._time_outs == MOST_TIME_OUTS and not self.ended_early:
            self.ended_early = f"stopped after {MOST_TIME_OUTS} runs that broke a limit: {failure.message}"
        return sent.first + 1


def _events(first: int, reply: BatchReply) -> Iterator[tuple[int, BatchDecision | BatchFailure]]:
    decisions = [(first + each.index, each) for each in reply.decisions]
    if not reply.failures:
        return iter(decisions)
    failures = ((first + each.index, each) for each in reply.failures)
    return merge(decisions, failures, key=lambda event: event[0])


async def _answered(sent: _Sent, is_cancelled: Callable[[], bool]) -> None:
    """Wait until a batch is answered or the run is cancelled, which a slow program must not delay."""
    while not sent.answer.done() and not is_cancelled():
        await asyncio.wait({sent.answer}, timeout=SECONDS_BETWEEN_LOOKS)


async def _abandon(sent: _Sent | None) -> None:
    """Wait for a batch that nobody wants any more, so that the next one finds the session free."""
    if sent is not None:
        try:
            await sent.answer
        except DeskError:
            return
