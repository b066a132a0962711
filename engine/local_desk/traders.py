"""The traders' side of the desk in this process: made, changed, put away, moved as files."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from engine.clock import Clock
from engine.errors import Conflict, DeskError
from engine.local_desk.deciding import Deciding
from engine.local_desk.whole_history import whole_history
from engine.market.periods import parse_period
from engine.model.account import RiskLimits, TraderConfig, TraderKind, TraderStatus, TraderSummary
from engine.model.prompt import Prompt
from engine.model.trader_file import ImportPreview, TraderFile
from engine.names import next_id
from engine.store.changes import TraderState, Wallet
from engine.store.restore import DeskState, EquityCurve, StoredTrader
from engine.store.store import Store
from engine.trading import trader_book, trader_files, wind_down
from engine.trading.bindings import Bindings
from engine.trading.equity import as_points
from engine.trading.journal import WRITTEN_SECONDS
from engine.trading.prompt_book import PromptBook
from engine.trading.summary import trader_summary
from engine.trading.trader import TraderRuntime
from engine.trading.trader_book import DeskNames
from engine.trading.trader_factory import TraderFactory
from engine.trading.traders import Traders
from engine.trading.waking import Roster, Waking

NEVER_STARTED = "not started yet"


class LocalTraders:
    """See `engine.desk.traders.TraderDesk`; `published` makes what changed visible to queries.

    `former` are the deleted traders, which stay known for what remembers them.
    """

    def __init__(
        self,
        *,
        traders: Traders,
        former: Mapping[int, TraderConfig],
        factory: TraderFactory,
        names: DeskNames,
        prompts: PromptBook,
        save_prompt: Callable[[Prompt], Awaitable[Prompt]],
        bindings: Bindings,
        roster: Roster,
        deciding: Deciding,
        store: Store,
        clock: Clock,
        published: Callable[[], None],
    ) -> None:
        self._traders = traders
        self._former = dict(former)
        self._factory = factory
        self._names = names
        self._prompts = prompts
        self._save_prompt = save_prompt
        self._bindings = bindings
        self._roster = roster
        self._deciding = deciding
        self._store = store
        self._journal = factory.journal
        self._clock = clock
        self._published = published

    def configs(
        self, *, include_hidden: bool = True, include_deleted: bool = False
    ) -> tuple[TraderConfig, ...]:
        """See `engine.desk.traders.TraderDesk`."""
        living = [config for config in self._traders.configs.values() if include_hidden or not config.hidden]
        former = self._former.values() if include_deleted else ()
        return tuple(sorted((*living, *former), key=lambda config: config.trader_id))

    async def create(self, config: TraderConfig) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        made = self._checked_new(config)
        state = TraderState(trader_id=made.trader_id, status=TraderStatus.PAUSED, status_reason=NEVER_STARTED)
        wallet = Wallet(trader_id=made.trader_id, cash=made.initial_capital)
        self._journal.write(made, state, wallet)
        curve = EquityCurve(array("q"), array("d"))
        self._open(StoredTrader(config=made, state=state, wallet=wallet, equity=curve), DeskState())
        return made

    async def edit(self, config: TraderConfig) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        trader = self._traders.find(config.trader_id)
        held = {*trader.books.positions, *(order.symbol for order in trader.books.open_orders.values())}
        everyone = self._traders.configs.values()
        return self._keep(
            trader, trader_book.edited_trader(trader.config, config, everyone, self._names, held)
        )

    async def set_limits(self, trader_id: int, limits: RiskLimits) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        trader, checked = self._traders.find(trader_id), trader_book.checked_limits(limits)
        return self._keep(trader, msgspec.structs.replace(trader.config, limits=checked))

    async def set_trading(self, trader_id: int, *, enabled: bool) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        trader = self._traders.find(trader_id)
        return self._keep(trader, msgspec.structs.replace(trader.config, trading_enabled=enabled))

    async def set_hidden(self, trader_id: int, *, hidden: bool) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        trader = self._traders.find(trader_id)
        return self._keep(trader, msgspec.structs.replace(trader.config, hidden=hidden))

    async def delete(self, trader_id: int) -> TraderConfig:
        """See `engine.desk.traders.TraderDesk`."""
        trader = self._traders.find(trader_id)
        _refuse_positions(trader)
        trader.pause("deleted")
        await self._deciding.stop(trader)
        try:
            await wind_down.cancel_orders((trader,))
            _refuse_positions(trader)
        except DeskError:
            trader.pause("it could not be deleted")
            self._deciding.start(trader)
            raise
        for state in self._bindings.states():
            if state.binding.trader_id == trader_id:
                closed, _ = self._bindings.close(state.binding.binding_id)
                self._journal.write(closed)
        for waking in self._roster.of_trader(trader_id):
            self._roster.remove(waking)
        deleted = msgspec.structs.replace(trader.config, deleted=True)
        self._journal.write(deleted)
        self._traders.remove(trader)
        self._former[trader_id] = deleted
        self._published()
        return deleted

    async def export(self, trader_id: int) -> TraderFile:
        """See `engine.desk.traders.TraderDesk`."""
        trader = self._traders.find(trader_id)
        await self._journal.written(WRITTEN_SECONDS)
        times, values = trader.equity.since(0)
        config = trader.config
        return TraderFile(
            config=config,
            prompt=self._prompt_text(config),
            exported_ms=self._clock.now_ms(),
            decisions=await whole_history(self._store.decisions, lambda each: each.started_ms, trader_id),
            orders=await whole_history(self._store.orders, lambda each: each.created_ms, trader_id),
            fills=await whole_history(self._store.fills, lambda each: each.ts_ms, trader_id),
            equity=as_points(trader_id, list(zip(times, values, strict=True))),
        )

    async def preview_import(self, file: TraderFile) -> ImportPreview:
        """See `engine.desk.traders.TraderDesk`."""
        return await self._preview(await asyncio.to_thread(trader_files.with_safe_texts, file))

    async def _preview(self, file: TraderFile) -> ImportPreview:
        ids = [order.client_order_id for order in file.orders]
        known = await self._store.fills_of(ids) if ids else ()
        return trader_files.preview(
            file, duplicates=len(known), now_ms=self._clock.now_ms(), has_prompt=self._has_prompt
        )

    async def import_trader(self, file: TraderFile, name: str = "") -> TraderSummary:
        """See `engine.desk.traders.TraderDesk`."""
        file = await asyncio.to_thread(trader_files.with_safe_texts, file)
        trader_files.refuse_problems(await self._preview(file))
        wanted = trader_files.config_to_import(file, name)
        if wanted.kind is TraderKind.PROMPT and not self._has_prompt(wanted.strategy):
            prompt = await self._save_prompt(Prompt(prompt_id=0, name=wanted.strategy, text=file.prompt))
            wanted = msgspec.structs.replace(wanted, strategy=prompt.name)
        config = self._checked_new(wanted)
        imported = trader_files.as_imported(file, config, self._factory.ordinals, self._clock.now_ms())
        self._journal.write(*imported.changes)
        return trader_summary(self._open(imported.stored, imported.state))

    def _checked_new(self, config: TraderConfig) -> TraderConfig:
        everyone = {**self._former, **self._traders.configs}
        return trader_book.new_trader(config, next_id(everyone), everyone.values(), self._names)

    def _open(self, stored: StoredTrader, state: DeskState) -> TraderRuntime:
        config = stored.config
        self._factory.market.add_period(parse_period(config.period))
        trader, changes = self._factory.open(stored, state)
        if changes:
            self._journal.write(*changes)
        self._traders.add(trader)
        if config.kind is TraderKind.PROMPT:
            self._roster.add(Waking(self._factory.prompt_decider(trader)))
        self._deciding.start(trader)
        self._published()
        return trader

    def _keep(self, trader: TraderRuntime, config: TraderConfig) -> TraderConfig:
        self._factory.market.add_period(parse_period(config.period))
        self._journal.write(config)
        trader.config = config
        for waking in self._roster.of_trader(config.trader_id):
            waking.reschedule()
        self._published()
        return config

    def _has_prompt(self, name: str) -> bool:
        return self._prompts.find(name) is not None

    def _prompt_text(self, config: TraderConfig) -> str:
        found = self._prompts.find(config.strategy) if config.kind is TraderKind.PROMPT else None
        return "" if found is None else found.text


def _refuse_positions(trader: TraderRuntime) -> None:
    if trader.books.positions:
        symbols = ", ".join(trader.books.positions)
        raise Conflict(
            f"trader: {trader.config.name} holds {symbols}; close it first",
            field="trader_id",
            value=str(trader.config.trader_id),
        )
