"""The programs side of the desk in this process: checked, kept, bound to traders, tried, looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from engine.clock import Clock
from engine.errors import InvalidInput
from engine.local_desk.deciding import Deciding
from engine.local_desk.known_symbols import check_symbol
from engine.market.market_state import MarketState
from engine.model.event import Topic
from engine.model.program import (
    Binding,
    BindingState,
    MarketPicture,
    Parameter,
    Program,
    ProgramExecution,
    ProgramRun,
    ProgramVersion,
    SourceReport,
)
from engine.model.trigger import Trigger, TriggerKind
from engine.store.store import Store
from engine.streams import Bus
from engine.trading.bindings import Bindings
from engine.trading.journal import WRITTEN_SECONDS, DeskJournal
from engine.trading.signal_book import SignalBook
from engine.trading.strategists import Strategists
from engine.trading.traders import Traders

MOST_EXECUTIONS = 200
_TEST_SESSION = "test"


class LocalPrograms:
    """See `engine.desk.programs.ProgramDesk`."""

    def __init__(
        self,
        *,
        bindings: Bindings,
        traders: Traders,
        pools: SignalBook,
        market: MarketState,
        symbols: Sequence[str],
        strategists: Strategists,
        store: Store,
        journal: DeskJournal,
        clock: Clock,
        bus: Bus,
        deciding: Deciding,
    ) -> None:
        self._bindings = bindings
        self._book = bindings.book
        self._traders = traders
        self._pools = pools
        self._market = market
        self._symbols = tuple(symbols)
        self._strategists = strategists
        self._store = store
        self._journal = journal
        self._clock = clock
        self._bus = bus
        self._deciding = deciding
        self._checking = asyncio.Lock()

    def programs(self) -> tuple[Program, ...]:
        """See `engine.desk.programs.ProgramDesk`."""
        return self._book.programs

    async def check(self, source: str) -> SourceReport:
        """See `engine.desk.programs.ProgramDesk`."""
        async with self._checking:
            return await asyncio.to_thread(_check, source)

    async def versions(self, program_id: int) -> tuple[ProgramVersion, ...]:
        """See `engine.desk.programs.ProgramDesk`."""
        self._book.program(program_id)
        await self._journal.written(WRITTEN_SECONDS)
        return await self._store.program_versions(program_id)

    async def save_program(self, program: Program) -> Program:
        """See `engine.desk.programs.ProgramDesk`."""
        self._book.prepare_program(program, self._clock.now_ms())
        if not program.program_id or self._book.program(program.program_id).code != program.code:
            await self._refuse_errors(program.code)
        # Prepared anew: another may have been saved while this one was being read.
        prepared = self._book.prepare_program(program, self._clock.now_ms())
        version = self._book.changed_source(prepared)
        self._journal.write(prepared, *(() if version is None else (version,)))
        self._bindings.keep_program(prepared)
        self._tell(prepared)
        return prepared

    async def delete_program(self, program_id: int) -> None:
        """See `engine.desk.programs.ProgramDesk`."""
        deleted = self._book.without_program(program_id, self._traders.names)
        self._journal.write(deleted)
        self._book.keep(deleted)
        self._tell(deleted)

    def bindings(self) -> tuple[BindingState, ...]:
        """See `engine.desk.programs.ProgramDesk`."""
        return self._bindings.states()

    async def save_binding(self, binding: Binding) -> BindingState:
        """See `engine.desk.programs.ProgramDesk`."""
        prepared = self._book.prepare_binding(binding, self._traders.configs, self._pools.pool)
        self._journal.write(prepared)
        decider = self._bindings.keep_binding(prepared)
        if decider is not None:
            self._deciding.run(decider)
        return self._bindings.bound(prepared.binding_id).state()

    async def delete_binding(self, binding_id: int) -> None:
        """See `engine.desk.programs.ProgramDesk`."""
        deleted, decider = self._bindings.close(binding_id)
        self._journal.write(deleted)
        self._deciding.end(decider)
        decider.assignment.tell()

    async def executions(
        self, *, program_id: int | None = None, trader_id: int | None = None, limit: int = 50
    ) -> tuple[ProgramExecution, ...]:
        """See `engine.desk.programs.ProgramDesk`."""
        await self._journal.written(WRITTEN_SECONDS)
        most = max(1, min(limit, MOST_EXECUTIONS))
        return await self._store.executions(program_id=program_id, trader_id=trader_id, limit=most)

    async def test_run(
        self, source: str, trader_id: int, symbol: str = "", params: Mapping[str, Parameter] = {}
    ) -> ProgramRun:
        """See `engine.desk.programs.ProgramDesk`."""
        trader = self._traders.find(trader_id)
        if symbol:
            check_symbol(symbol, trader.config.symbols)
        trigger = Trigger(kind=TriggerKind.MANUAL, symbol=symbol, ts_ms=self._clock.now_ms())
        return await self._strategists.try_program(_TEST_SESSION, source, params, trader.context(trigger))

    async def preview_run(self, binding_id: int) -> ProgramRun:
        """See `engine.desk.programs.ProgramDesk`."""
        bound = self._bindings.bound(binding_id)
        trader, turn = self._traders.find(bound.binding.trader_id), bound.next_turn
        kind = TriggerKind.SCHEDULED if bound.schedule_seconds else TriggerKind.MANUAL
        trigger = Trigger(kind=kind, symbol="", ts_ms=self._clock.now_ms())
        return await self._strategists.try_program(
            _TEST_SESSION, turn.program.code, turn.params, trader.context(trigger)
        )

    async def query_market_data(
        self,
        symbol: str,
        period: str = "1h",
        indicators: tuple[str, ...] = (),
        flow_metrics: tuple[str, ...] = (),
    ) -> MarketPicture:
        """See `engine.desk.programs.ProgramDesk`."""
        from engine.local_desk.market_pictures import market_picture

        check_symbol(symbol, self._symbols)
        quote = self._market.quote_or_none(symbol)
        return await market_picture(
            await self._strategists.data(),
            symbol,
            period,
            indicators,
            flow_metrics,
            None if quote is None else float(quote.mark),
            self._clock.now_ms(),
        )

    def available_symbols(self) -> tuple[str, ...]:
        """See `engine.desk.programs.ProgramDesk`."""
        return self._symbols

    def guide(self) -> str:
        """See `engine.desk.programs.ProgramDesk`."""
        from engine.strategies.programs.authoring import guide

        return guide()

    def type_stub(self) -> str:
        """See `engine.desk.programs.ProgramDesk`."""
        from engine.strategies.programs.authoring import type_stub

        return type_stub()

    async def _refuse_errors(self, source: str) -> None:
        report = await self.check(source)
        if report.ok:
            return
        first = report.errors[0]
        advice = f"; {first.advice}" if first.advice else ""
        raise InvalidInput(
            f"code: line {first.line}: {first.message}{advice}",
            field="code",
            value=first.message,
            allowed=first.advice,
            line=str(first.line),
        )

    def _tell(self, program: Program) -> None:
        self._bus.publish_level(Topic.PROGRAMS, ("program", program.program_id), program)


def _check(source: str) -> SourceReport:
    from engine.strategies.programs.validation import check_source

    return check_source(source)
