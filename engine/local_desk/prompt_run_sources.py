"""What prompt backtests find on the desk: traders, connections, past decisions, and models to ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from engine.backtest.prompts.cutoff import RULES_CONNECTION_ID
from engine.errors import NotFound
from engine.language_models.base import LanguageModel, ModelSource
from engine.language_models.reply_cache import RecordedReplies, ReplyCache
from engine.model.account import TraderConfig
from engine.model.decision import DecisionRecord
from engine.model.language_model import CallPurpose, KeySource, ModelConnection
from engine.model.prompt_backtest import ReplyCacheMode
from engine.text import safe_line

if TYPE_CHECKING:
    from engine.local_desk.arena import LocalArena
    from engine.store.store import Store

RULES_CONNECTION = ModelConnection(
    connection_id=RULES_CONNECTION_ID, name="rules", vendor="rules", base_url="", key_source=KeySource.NONE
)
"""What stands for the built-in rules model, which nobody has connected."""


class RunSources:
    """Looks things up; what is not there raises `NotFound` naming it."""

    def __init__(
        self,
        *,
        home: Path,
        models: ModelSource,
        connections: Callable[[], Sequence[ModelConnection]],
        traders: Callable[[], Sequence[TraderConfig]],
        arena: LocalArena,
        store: Store,
    ) -> None:
        self._models = models
        self._replies = RecordedReplies(home)
        self._connections = connections
        self._traders = traders
        self._arena = arena
        self._store = store

    def trader(self, trader_id: int) -> TraderConfig:
        """Return a trader as it is configured now, a deleted one as it was."""
        for config in self._traders():
            if config.trader_id == trader_id:
                return config
        raise NotFound(f"trader_id: there is no trader {trader_id}", field="trader_id")

    def connection(self, connection_id: int) -> ModelConnection:
        """Return a connection that is not deleted."""
        if connection_id == RULES_CONNECTION_ID:
            return RULES_CONNECTION
        for connection in self._connections():
            if connection.connection_id == connection_id and not connection.deleted:
                return connection
        raise NotFound(f"connection_id: there is no connection {connection_id}", field="connection_id")

    async def decision(self, decision_id: str) -> DecisionRecord:
        """Return a past decision with the exact prompt it was made by."""
        record = await self._store.decision(decision_id)
        if record is None:
            raise NotFound(f"decision_ids: there is no {safe_line(decision_id, 60)}", field="decision_ids")
        return record

    async def came_to(self, record: DecisionRecord) -> Decimal | None:
        """Return what a decision came to after fees, None while anything it opened is held."""
        return await self._arena.realized_pnl(record.decision_id) if record.order_ids else Decimal(0)

    def model(
        self,
        connection: ModelConnection,
        purpose: CallPurpose,
        *,
        trader_id: int,
        run_id: str,
        mode: ReplyCacheMode,
    ) -> LanguageModel:
        """Return a model behind its recorded replies, on the account of a trader and a run."""
        model = self._models.model_for(
            connection.connection_id, purpose=purpose, trader_id=trader_id, subject=run_id
        )
        return ReplyCache(
            model, self._replies, vendor=connection.vendor, base_url=connection.base_url, mode=mode
        )
