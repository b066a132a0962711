"""The prompts side of the desk in this process: checked, kept, bound to traders, looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from engine.clock import Clock
from engine.errors import Conflict, DeskError
from engine.local_desk.known_symbols import check_symbol
from engine.local_desk.prompt_sizes import ConnectionOf, prompt_size
from engine.model.account import TraderConfig, TraderKind
from engine.model.event import Topic
from engine.model.prompt import (
    Prompt,
    PromptBinding,
    PromptPreview,
    PromptVariable,
    PromptVersion,
    TemplateReport,
)
from engine.model.trigger import Trigger, TriggerKind
from engine.store.store import Store
from engine.strategies.prompts.live_views import LivePromptViews
from engine.strategies.prompts.templates import STOCK_TEMPLATES
from engine.streams import Bus
from engine.trading.journal import WRITTEN_SECONDS, DeskJournal
from engine.trading.prompt_book import PromptBook
from engine.trading.trader import TraderRuntime
from engine.trading.traders import Traders

_VALUES_EVERY_MS = 5_000


class LocalPrompts:
    """See `engine.desk.prompts.PromptDesk`.

    The values of its variables are those of the last preview's first trader. `published` makes what
    changed of a trader visible to queries.
    """

    def __init__(
        self,
        *,
        book: PromptBook,
        traders: Traders,
        views: LivePromptViews,
        connection_of: ConnectionOf,
        store: Store,
        journal: DeskJournal,
        clock: Clock,
        bus: Bus,
        published: Callable[[], None],
    ) -> None:
        self._book = book
        self._traders = traders
        self._views = views
        self._connection_of = connection_of
        self._store = store
        self._journal = journal
        self._clock = clock
        self._bus = bus
        self._published = published
        self._variables: tuple[PromptVariable, ...] = ()
        self._values_ms: int | None = None

    def prompts(self) -> tuple[Prompt, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        return self._book.prompts

    def stock_names(self) -> tuple[str, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        return STOCK_TEMPLATES

    async def check(self, text: str) -> TemplateReport:
        """See `engine.desk.prompts.PromptDesk`."""
        return await asyncio.to_thread(_check, text, self._views.symbols)

    async def versions(self, prompt_id: int) -> tuple[PromptVersion, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        self._book.prompt(prompt_id)
        await self._journal.written(WRITTEN_SECONDS)
        return await self._store.prompt_versions(prompt_id)

    async def save_prompt(self, prompt: Prompt) -> Prompt:
        """See `engine.desk.prompts.PromptDesk`."""
        return self._keep(self._book.prepare(prompt, self._clock.now_ms()))

    async def copy_prompt(self, prompt_id: int, name: str = "") -> Prompt:
        """See `engine.desk.prompts.PromptDesk`."""
        return self._keep(self._book.prepare_copy(prompt_id, name, self._clock.now_ms()))

    async def delete_prompt(self, prompt_id: int) -> None:
        """See `engine.desk.prompts.PromptDesk`."""
        deleted = self._book.without(prompt_id, self._configs())
        self._journal.write(deleted)
        self._book.keep(deleted)
        self._tell(deleted)

    async def restore_stock(self, name: str) -> Prompt:
        """See `engine.desk.prompts.PromptDesk`."""
        return self._keep(self._book.prepare_stock(name, self._clock.now_ms()))

    def bindings(self) -> tuple[PromptBinding, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        return self._book.bindings(self._configs())

    async def bind(self, trader_id: int, prompt_id: int) -> PromptBinding:
        """See `engine.desk.prompts.PromptDesk`."""
        prompt, trader = self._book.prompt(prompt_id), self._traders.find(trader_id)
        if trader.config.kind is not TraderKind.PROMPT:
            raise Conflict(
                f"trader_id: {trader.config.name} is a {trader.config.kind} trader, without a prompt"
            )
        self._journal.write(_decide_by(trader, prompt.name))
        self._published()
        self._tell(prompt)
        return PromptBinding(trader_id=trader_id, prompt_id=prompt_id)

    async def preview(
        self, text: str, trader_ids: Sequence[int] = (), symbol: str = ""
    ) -> tuple[PromptPreview, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        chosen = [self._traders.find(trader_id) for trader_id in trader_ids] or [
            trader for trader in self._traders if trader.config.kind is TraderKind.PROMPT
        ]
        return tuple([await self._preview(text, trader, symbol) for trader in chosen])

    def variables(self) -> tuple[PromptVariable, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        from engine.strategies.prompts.reference import variable_rows

        return self._variables or variable_rows(None)

    def variables_reference(self) -> str:
        """See `engine.desk.prompts.PromptDesk`."""
        from engine.strategies.prompts.reference import variables_reference

        return variables_reference(None)

    async def _preview(self, text: str, trader: TraderRuntime, symbol: str) -> PromptPreview:
        from engine.strategies.prompts.reference import variable_rows
        from engine.strategies.prompts.render import render_prompt

        config, now_ms = trader.config, self._clock.now_ms()
        try:
            if symbol:
                check_symbol(symbol, config.symbols)
            trigger = Trigger(kind=TriggerKind.MANUAL, symbol=symbol, ts_ms=now_ms)
            view = await self._views.view(text, trader.context(trigger))
            rendered = render_prompt(text, view)
        except DeskError as error:
            return PromptPreview(trader_id=config.trader_id, text="", error=error.message)
        if self._values_ms is None or not 0 <= now_ms - self._values_ms < _VALUES_EVERY_MS:
            self._variables, self._values_ms = variable_rows(view), now_ms
        size = prompt_size(rendered.text, config, self._connection_of)
        return PromptPreview(
            trader_id=config.trader_id,
            text=rendered.text,
            unknown=rendered.unknown,
            missing=rendered.missing,
            tokens=size.tokens,
            counted_by=size.counted_by,
            context_window=size.context_window,
            cost_usd=size.cost_usd,
        )

    def _keep(self, prepared: Prompt) -> Prompt:
        """Store a prompt with its version and, under a new name, the traders bound to it, as one unit."""
        version = self._book.changed_text(prepared)
        renamed: list[TraderConfig] = []
        for trader in self._traders:
            config = trader.config
            if config.strategy != prepared.name and self._book.is_bound(config, prepared.prompt_id):
                renamed.append(_decide_by(trader, prepared.name))
        self._journal.write(prepared, *(() if version is None else (version,)), *renamed)
        self._book.keep(prepared)
        if renamed:
            self._published()
        self._tell(prepared)
        return prepared

    def _configs(self) -> tuple[TraderConfig, ...]:
        return tuple(self._traders.configs.values())

    def _tell(self, prompt: Prompt) -> None:
        self._bus.publish_level(Topic.PROMPTS, ("prompt", prompt.prompt_id), prompt)


def _decide_by(trader: TraderRuntime, name: str) -> TraderConfig:
    trader.config = msgspec.structs.replace(trader.config, strategy=name)
    return trader.config


def _check(text: str, symbols: tuple[str, ...]) -> TemplateReport:
    from engine.strategies.prompts.check import check_template

    return check_template(text, symbols)
