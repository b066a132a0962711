"""A prompt over recorded snapshots: the live chain over history, with a model in it.

The template is rendered by the very variables of the running desk, which look at the history up to the
trigger and no further; what the model decides goes through the desk's own sizing, risk gate and paper
exchange. Each decision stands on the account that the ones before it left, so they are asked one after
the other however many calls a connection allows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import msgspec
import numpy as np

from engine.backtest.history import LoadedHistory, load_history
from engine.backtest.layout import RunLayout
from engine.backtest.prepared_run import PreparedRun
from engine.backtest.prompts.budget import Budget
from engine.errors import DecisionRefused, DeskError, ReplyUnusable, StrategyFailed
from engine.language_models.base import (
    DeltaListener,
    LanguageModel,
    ModelReply,
    ModelRequest,
    ignore_delta,
)
from engine.model.account import TraderConfig, TraderKind
from engine.model.backtest import BacktestProgress, BacktestRequest, BacktestResult, BacktestStatus
from engine.model.prompt import Prompt
from engine.model.prompt_backtest import PromptBacktestRequest
from engine.strategies.base import Strategy, StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.strategies.programs.batch import Answer, DataQuery, MarketColumns
from engine.strategies.prompts.gate import open_gate
from engine.strategies.prompts.strategy import PromptStrategy
from engine.strategies.prompts.view import PromptView

FAILURES_BEFORE_ENDING = 3
"""So many asks of a model that fail one after the other end a run: the next ones would, too."""

NO_NEWS = "no news is on record: variables of news say N/A"


def backtest_request_of(request: PromptBacktestRequest, trader: TraderConfig) -> BacktestRequest:
    """Return the backtest that a prompt backtest is, with the template as what decides."""
    return BacktestRequest(
        source=request.text,
        name=request.name or "prompt",
        symbols=request.symbols,
        period=request.period,
        pools=request.pools,
        schedule_seconds=request.schedule_seconds,
        history=request.history,
        start_ms=request.start_ms,
        end_ms=request.end_ms,
        cash=request.cash,
        slippage=request.slippage,
        limits=trader.limits,
    )


def trader_of(request: PromptBacktestRequest, trader: TraderConfig) -> TraderConfig:
    """Return who trades in the run: the trader, with what the request says of it in its place."""
    return msgspec.structs.replace(
        trader,
        kind=TraderKind.PROMPT,
        initial_capital=request.cash,
        symbols=request.symbols,
        period=request.period,
        schedule_seconds=request.schedule_seconds,
        strategy=request.name or trader.strategy,
        connection_id=request.connection_id,
        model=request.model,
        trading_enabled=True,
    )


class SnapshotProgress(msgspec.Struct, frozen=True):
    """How far a run over snapshots is."""

    total: int
    completed: int
    failed: int


def run_snapshots(
    request: PromptBacktestRequest,
    trader: TraderConfig,
    home: Path,
    model: LanguageModel,
    budget: Budget,
    on_progress: Callable[[SnapshotProgress], None],
    is_cancelled: Callable[[], bool],
) -> BacktestResult:
    """Run a prompt over its snapshots; blocks, and belongs in a thread of its own.

    `model` is asked from this thread's event loop and counts what it takes in `budget`. Raises
    `InvalidInput` or `NotFound` for what cannot be run; what the model does wrong is part of the result.
    """
    return asyncio.run(_run(request, trader, home, model, budget, on_progress, is_cancelled))


async def _run(
    request: PromptBacktestRequest,
    trader: TraderConfig,
    home: Path,
    model: LanguageModel,
    budget: Budget,
    on_progress: Callable[[SnapshotProgress], None],
    is_cancelled: Callable[[], bool],
) -> BacktestResult:
    started = time.perf_counter()
    backtest, who = backtest_request_of(request, trader), trader_of(request, trader)
    history = load_history(backtest, home)
    layout = RunLayout(backtest, history)
    run = PreparedRun(backtest, history, who, layout)
    prompt = Prompt(
        prompt_id=request.prompt_id,
        name=request.name or "prompt",
        text=request.text,
        version=request.prompt_version,
    )
    watched = _Watched(
        PromptStrategy(
            model=lambda context, purpose: model,
            template=lambda: prompt,
            views=HistoryViews(layout, history),
            gate=open_gate,
        ),
        budget=budget,
        total=min(len(run.times), request.max_samples),
        on_progress=on_progress,
    )
    asker = run.strategy_asker(watched)

    def ends() -> bool:
        return bool(watched.ended) or is_cancelled()

    await asker.ask_all(_ignored, ends)
    result = run.outcome(asker, started).result
    if watched.ended and result.status is BacktestStatus.CANCELLED and not is_cancelled():
        # The asker knows one way to be ended from outside; why it was is known here.
        status = BacktestStatus.PARTIAL if watched.completed else BacktestStatus.ERROR
        result = msgspec.structs.replace(result, status=status, ended_early=watched.ended)
    return result


def _ignored(progress: BacktestProgress) -> None:
    """Take no notice: a prompt's run counts its snapshots itself."""


class _Watched(Strategy):
    """A strategy that is counted; `ended` says why no more is to be asked."""

    def __init__(
        self,
        strategy: Strategy,
        *,
        budget: Budget,
        total: int,
        on_progress: Callable[[SnapshotProgress], None],
    ) -> None:
        self._strategy = strategy
        self._budget = budget
        self._total = total
        self._on_progress = on_progress
        self._failed_in_a_row = 0
        self.completed = 0
        self.failed = 0
        self.ended = ""

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        """Decide once, and see whether that was the last time."""
        try:
            reply = await self._strategy.decide(context, on_text)
        except DeskError as error:
            self.failed += 1
            self._failed_in_a_row += not isinstance(error, ReplyUnusable)
            if isinstance(error, DecisionRefused):
                self.ended = error.message
            elif self._failed_in_a_row >= FAILURES_BEFORE_ENDING:
                self.ended = f"the model failed {self._failed_in_a_row} times in a row: {error.message}"
            raise
        else:
            self.completed += 1
            self._failed_in_a_row = 0
            return reply
        finally:
            self._end_if_due()
            self._on_progress(SnapshotProgress(self._total, self.completed, self.failed))

    def _end_if_due(self) -> None:
        if not self.ended and self._budget.is_spent:
            self.ended = self._budget.reason
        if not self.ended and self.completed + self.failed >= self._total:
            self.ended = f"{self._total:,} snapshots were decided, as many as were asked for"


class HistoryViews:
    """Moments of a history, for templates; implements `PromptViews`."""

    def __init__(self, layout: RunLayout, history: LoadedHistory) -> None:
        self._layout = layout
        self._history = history

    async def view(self, template: str, context: StrategyContext) -> PromptView:
        """Return the moment of a context: answers see the history up to it."""
        now_ms = context.now_ms
        times = np.array([now_ms], dtype=np.int64)

        def answer(query: DataQuery) -> Answer | None:
            if query.symbol not in self._history.candles:
                return None
            return self._layout.data.answer(query, times, self._quote(query.symbol, now_ms))

        return PromptView(
            context=context,
            answer=answer,
            started_ms=self._layout.start_ms,
            instruments=self._history.instruments,
        )

    def _quote(self, symbol: str, now_ms: int) -> MarketColumns:
        quote = self._layout.market.quote_at(symbol, now_ms)
        mark, bid, ask = (np.array([float(price)]).tobytes() for price in (quote.mark, quote.bid, quote.ask))
        step = float(self._history.instruments[symbol].tick_size)
        return MarketColumns(mark=mark, bid=bid, ask=ask, tick_size=step)


class ModelOnLoop(LanguageModel):
    """A model that lives on another event loop, asked from this thread's."""

    def __init__(self, model: LanguageModel, loop: asyncio.AbstractEventLoop) -> None:
        self._model = model
        self._loop = loop
        self._asked: Future[ModelReply] | None = None
        self._is_ended = False

    async def ask(
        self,
        request: ModelRequest,
        *,
        on_reasoning: DeltaListener = ignore_delta,
        on_content: DeltaListener = ignore_delta,
    ) -> ModelReply:
        """Ask the model on its loop; the listeners hear its answer when it is whole."""
        self._asked = asyncio.run_coroutine_threadsafe(self._model.ask(request), self._loop)
        if self._is_ended:  # as `end` may have come before there was anything to break off
            self._asked.cancel()
        try:
            reply = await asyncio.wrap_future(self._asked)
        except asyncio.CancelledError:
            if self._is_ended:
                raise StrategyFailed("the run was cancelled") from None
            raise
        on_reasoning(reply.reasoning)
        on_content(reply.content)
        return reply

    def end(self) -> None:
        """Break off a call under way and refuse the next; called from the model's loop."""
        self._is_ended = True
        if self._asked is not None:
            self._asked.cancel()
