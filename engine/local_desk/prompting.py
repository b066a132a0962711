"""Everything of the desk that asks language models, put together: keys, connections, prompts, assistants."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.clock import WallClock
from engine.errors import DeskError
from engine.language_models.connection_book import ConnectionBook
from engine.language_models.gateway import Gateway
from engine.local_desk.arena import LocalArena
from engine.local_desk.assistants import LocalAssistants
from engine.local_desk.models import LocalModels
from engine.local_desk.prompt_backtests import LocalPromptBacktests
from engine.local_desk.prompts import LocalPrompts
from engine.local_desk.traders import LocalTraders
from engine.local_desk.vault import LocalVault
from engine.model.account import ModelPolicy, TraderConfig
from engine.model.news import NewsItem
from engine.strategies.base import Strategy
from engine.strategies.prompts.live_views import LivePromptViews
from engine.trading.trader import TraderRuntime
from engine.trading.trader_book import DeskNames
from engine.vault.opening import open_unattended
from engine.vault.vault import Vault

if TYPE_CHECKING:
    from engine.assembly import DeskParts
    from engine.desk import Desk
    from engine.local_desk.deciding import Deciding
    from engine.settings import Settings
    from engine.streams import Bus
    from engine.trading.strategists import Strategists

NEWS_SHOWN = 200


class Prompting:
    """The seven sides of the desk that came with language models; `desk` is what assistants work with.

    `news` gives the latest articles, `published` makes a change visible to queries.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        parts: DeskParts,
        settings: Settings,
        bus: Bus,
        strategists: Strategists,
        deciding: Deciding,
        news: Callable[[], tuple[NewsItem, ...]],
        published: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._settings = settings
        wall = WallClock()
        self._vault = Vault(parts.home, settings.vault, wall)
        self._book = ConnectionBook(parts.state.model_connections, settings.vault.allow_hosts)
        self.gateway = Gateway(
            book=self._book,
            vault=self._vault,
            settings=settings.prompts,
            policies=self._policy,
            record=parts.journal.write,
            spent=parts.state.spending,
            rules=strategists.rules_endpoint,
            wall=wall,
            tell=lambda state: self.models.tell(state),
        )
        self._views = LivePromptViews(
            data=strategists.data,
            news=news,
            instruments=parts.instruments,
            started_ms=self._started_ms,
        )
        self.vault = LocalVault(vault=self._vault, bus=bus)
        self.models = LocalModels(
            book=self._book,
            gateway=self.gateway,
            vault=self._vault,
            store=parts.store,
            journal=parts.journal,
            bus=bus,
            traders=self._configs,
        )
        self.prompts = LocalPrompts(
            book=parts.prompts,
            traders=parts.traders,
            views=self._views,
            connection_of=self._book.connection,
            store=parts.store,
            journal=parts.journal,
            clock=parts.clock,
            bus=bus,
            published=published,
        )
        self.traders = LocalTraders(
            traders=parts.traders,
            former=parts.former_traders,
            factory=parts.factory,
            names=DeskNames(
                symbols=tuple(parts.instruments),
                check_prompt=parts.prompts.named,
                check_connection=self._book.connection,
                check_pool=parts.signals.book.pool,
            ),
            prompts=parts.prompts,
            save_prompt=self.prompts.save_prompt,
            bindings=parts.bindings,
            roster=parts.roster,
            deciding=deciding,
            store=parts.store,
            clock=parts.clock,
            published=published,
        )
        self.arena = LocalArena(
            traders=lambda: parts.traders,
            store=parts.store,
            journal=parts.journal,
            bus=bus,
            configs=self._all_configs,
        )
        self.prompt_backtests = LocalPromptBacktests(
            home=parts.home,
            stored=parts.state.prompt_runs,
            models=self.gateway,
            connections=lambda: self._book.connections,
            traders=self._all_configs,
            arena=self.arena,
            store=parts.store,
            journal=parts.journal,
            bus=bus,
        )
        self.assistants = LocalAssistants(
            desk=desk,
            models=self.gateway,
            store=parts.store,
            journal=parts.journal,
            clock=parts.clock,
            bus=bus,
            conversations=parts.state.conversations,
            proposals=parts.state.proposals,
        )

    async def open_vault(self, passphrase_fd: int | None) -> str:
        """Open the vault if somebody has left its passphrase; return why that failed, or nothing."""
        try:
            await asyncio.to_thread(
                open_unattended,
                self._vault,
                self._settings.vault,
                passphrase_fd=passphrase_fd,
                environment=os.environ,
            )
        except DeskError as error:
            return f"the vault stays closed: {error.message}"
        return ""

    def open_strategies(self) -> Callable[[TraderRuntime], Strategy]:
        """Return what makes the strategy of a prompt trader; imports what that needs."""
        from engine.trading.prompt_strategies import PromptStrategies

        parts = self._parts
        strategies = PromptStrategies(
            models=self.gateway,
            refusal_of=self.gateway.refusal,
            book=parts.prompts,
            views=self._views,
            market=parts.market,
            feed=parts.feed,
        )
        return strategies.strategy_for

    async def run(self) -> None:
        """Keep what is watched up to date, until cancelled."""
        await self.arena.run()

    async def close(self) -> None:
        """End what is under way, keeping what there is, and forget every secret."""
        await self.assistants.close()
        await self.prompt_backtests.close()
        await self.gateway.close()
        self._vault.lock()

    def _policy(self, trader_id: int) -> ModelPolicy:
        config = self._parts.traders.configs.get(trader_id)
        return ModelPolicy() if config is None else config.policy

    def _configs(self) -> tuple[TraderConfig, ...]:
        return tuple(self._parts.traders.configs.values())

    def _all_configs(self) -> tuple[TraderConfig, ...]:
        return self.traders.configs(include_deleted=True)

    def _started_ms(self, trader_id: int) -> int:
        for trader in self._parts.traders:
            if trader.config.trader_id == trader_id:
                return trader.equity.first_ms or 0
        return 0


class PromptingSides:
    """The part of a `Desk` that hands these sides out."""

    _prompting: Prompting

    @property
    def prompts(self) -> LocalPrompts:
        """See `engine.desk.Desk`."""
        return self._prompting.prompts

    @property
    def models(self) -> LocalModels:
        """See `engine.desk.Desk`."""
        return self._prompting.models

    @property
    def vault(self) -> LocalVault:
        """See `engine.desk.Desk`."""
        return self._prompting.vault

    @property
    def roster(self) -> LocalTraders:
        """See `engine.desk.Desk`."""
        return self._prompting.traders

    @property
    def arena(self) -> LocalArena:
        """See `engine.desk.Desk`."""
        return self._prompting.arena

    @property
    def prompt_backtests(self) -> LocalPromptBacktests:
        """See `engine.desk.Desk`."""
        return self._prompting.prompt_backtests

    @property
    def assistants(self) -> LocalAssistants:
        """See `engine.desk.Desk`."""
        return self._prompting.assistants
