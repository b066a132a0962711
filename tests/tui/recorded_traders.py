"""The recorded desk's traders as they are kept: configurations that change by the desk's own rules."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from engine.errors import Conflict, NotFound
from engine.model.account import (
    Account,
    RiskLimits,
    TraderConfig,
    TraderKind,
    TraderStatus,
    TraderSummary,
)
from engine.model.trader_file import ImportPreview, TraderFile
from engine.trading import trader_book, trader_files
from engine.trading.trader_book import DeskNames

PROMPTS = ("default", "trend")
CONNECTIONS = (1, 2, 3)
NAMES = DeskNames(
    symbols=("BTC", "ETH", "SOL"),
    check_prompt=lambda name: _known("strategy", name, PROMPTS),
    check_connection=lambda number: _known("connection_id", number, CONNECTIONS),
    check_pool=lambda number: None,
)


def _known(field: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        raise NotFound(f"{field}: there is no {value}", field=field, value=str(value))


class RecordedTraders:
    """A `TraderDesk` over the summaries of the recorded desk; `show` replaces those it lists."""

    def __init__(
        self,
        note: Callable[..., None],
        listed: Callable[[], tuple[TraderSummary, ...]],
        show: Callable[[tuple[TraderSummary, ...]], None],
    ) -> None:
        self._note = note
        self._listed = listed
        self._show = show
        self._known = {each.trader_id: _config_of(each) for each in listed()}
        self._summaries = {each.trader_id: each for each in listed()}

    def configs(
        self, *, include_hidden: bool = True, include_deleted: bool = False
    ) -> tuple[TraderConfig, ...]:
        return tuple(
            config
            for config in self._known.values()
            if (include_hidden or not config.hidden) and (include_deleted or not config.deleted)
        )

    async def create(self, config: TraderConfig) -> TraderConfig:
        self._note("create_trader", config.name)
        return self._keep(trader_book.new_trader(config, max(self._known) + 1, self.configs(), NAMES))

    async def edit(self, config: TraderConfig) -> TraderConfig:
        self._note("edit_trader", config.trader_id)
        before = self._known[config.trader_id]
        return self._keep(trader_book.edited_trader(before, config, self.configs(), NAMES, ()))

    async def set_limits(self, trader_id: int, limits: RiskLimits) -> TraderConfig:
        self._note("set_limits", trader_id, limits)
        return self._keep(msgspec.structs.replace(self._known[trader_id], limits=limits))

    async def set_trading(self, trader_id: int, *, enabled: bool) -> TraderConfig:
        self._note("set_trading", trader_id, enabled)
        return self._keep(msgspec.structs.replace(self._known[trader_id], trading_enabled=enabled))

    async def set_hidden(self, trader_id: int, *, hidden: bool) -> TraderConfig:
        self._note("set_hidden", trader_id, hidden)
        return self._keep(msgspec.structs.replace(self._known[trader_id], hidden=hidden))

    async def delete(self, trader_id: int) -> TraderConfig:
        self._note("delete_trader", trader_id)
        if any(each.trader_id == trader_id and each.open_positions for each in self._listed()):
            raise Conflict(f"trader: {self._known[trader_id].name} holds a position; close it first")
        return self._keep(msgspec.structs.replace(self._known[trader_id], deleted=True))

    async def export(self, trader_id: int) -> TraderFile:
        self._note("export_trader", trader_id)
        config = self._known[trader_id]
        return TraderFile(config=config, prompt="{output_format}" * (config.kind is TraderKind.PROMPT))

    async def preview_import(self, file: TraderFile) -> ImportPreview:
        return trader_files.preview(file, duplicates=0, now_ms=0, has_prompt=lambda name: name in PROMPTS)

    async def import_trader(self, file: TraderFile, name: str = "") -> TraderSummary:
        self._note("import_trader", name)
        trader_files.refuse_problems(await self.preview_import(file))
        wanted = trader_files.config_to_import(file, name)
        made = self._keep(trader_book.new_trader(wanted, max(self._known) + 1, self.configs(), NAMES))
        return self._summaries[made.trader_id]

    def _keep(self, config: TraderConfig) -> TraderConfig:
        self._known[config.trader_id] = config
        before = next((each for each in self._listed() if each.trader_id == config.trader_id), None)
        known = before or self._summaries.get(config.trader_id) or _summary_of(config)
        self._summaries[config.trader_id] = msgspec.structs.replace(known, name=config.name)
        others = [each for each in self._listed() if each.trader_id != config.trader_id]
        mine = () if config.hidden or config.deleted else (self._summaries[config.trader_id],)
        self._show(tuple(sorted((*others, *mine), key=lambda each: each.trader_id)))
        return config


def _config_of(summary: TraderSummary) -> TraderConfig:
    is_prompt = summary.kind is TraderKind.PROMPT
    return TraderConfig(
        trader_id=summary.trader_id,
        name=summary.name,
        kind=summary.kind,
        initial_capital=Decimal(10_000),
        strategy=summary.strategy,
        model="gpt-5-mini" if is_prompt else "",
        connection_id=1 if is_prompt else 0,
        schedule_seconds=300 if is_prompt else 0,
    )


def _summary_of(config: TraderConfig) -> TraderSummary:
    nothing, capital = Decimal(0), config.initial_capital
    account = Account(
        trader_id=config.trader_id,
        cash=capital,
        equity=capital,
        used_margin=nothing,
        available=capital,
        unrealized_pnl=nothing,
        realized_pnl=nothing,
        fees=nothing,
        funding=nothing,
        day_pnl=nothing,
    )
    return TraderSummary(
        trader_id=config.trader_id,
        name=config.name,
        kind=config.kind,
        mode=config.mode,
        status=TraderStatus.PAUSED,
        status_reason="not started yet",
        strategy=config.strategy,
        model=config.model,
        account=account,
        open_positions=0,
        open_orders=0,
        sparkline=(),
        thinking=False,
        seq=0,
    )
