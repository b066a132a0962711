"""The desk's interface: queries, commands and streams, the same in process and over a socket.

- *Queries* return frozen snapshots at once and never block: they show what the engine last
  published, up to ten times a second.
- *Commands* are awaited; they return the resulting object or raise one `DeskError`.
- *Streams* carry what changed: `Subscription` in `engine.streams`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from engine.desk.arena import ArenaDesk
from engine.desk.assistants import AssistantDesk
from engine.desk.backtests import BacktestDesk
from engine.desk.intelligence import IntelligenceDesk
from engine.desk.market import MarketDesk
from engine.desk.models import ModelDesk, VaultDesk
from engine.desk.programs import ProgramDesk
from engine.desk.prompt_backtests import PromptBacktestDesk
from engine.desk.prompts import PromptDesk
from engine.desk.signals import SignalDesk
from engine.desk.traders import TraderDesk
from engine.model.account import EquityPoint, TraderSummary
from engine.model.decision import DecisionRecord
from engine.model.event import MarketStatus, Topic
from engine.model.fill import Fill
from engine.model.instrument import Instrument
from engine.model.order import Order, OrderRequest
from engine.model.position import Position
from engine.model.preview import OrderPreview
from engine.model.quote import BookSnapshot, Ticker
from engine.streams import Subscription

__all__ = [
    "ArenaDesk",
    "AssistantDesk",
    "BacktestDesk",
    "Desk",
    "EquitySpan",
    "IntelligenceDesk",
    "MarketDesk",
    "ModelDesk",
    "OrderPreview",
    "ProgramDesk",
    "PromptBacktestDesk",
    "PromptDesk",
    "SignalDesk",
    "TraderDesk",
    "VaultDesk",
]


class EquitySpan(enum.StrEnum):
    """How far back an asset curve reaches, in market time."""

    DAY = "1d"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    ALL = "all"


class Desk(Protocol):
    """Everything a screen, a script or a server can ask of the desk."""

    @property
    def markets(self) -> MarketDesk:
        """Charts, order flow, regimes and factors."""
        ...

    @property
    def signals(self) -> SignalDesk:
        """Signals, pools, the trigger log and price alerts."""
        ...

    @property
    def intelligence(self) -> IntelligenceDesk:
        """News and the market picture."""
        ...

    @property
    def programs(self) -> ProgramDesk:
        """Programs, their bindings and their executions."""
        ...

    @property
    def backtests(self) -> BacktestDesk:
        """Runs over recorded history."""
        ...

    @property
    def prompts(self) -> PromptDesk:
        """Prompts with their versions, previews and bindings."""
        ...

    @property
    def models(self) -> ModelDesk:
        """Connections to language models and what was spent on them."""
        ...

    @property
    def vault(self) -> VaultDesk:
        """Where keys are kept."""
        ...

    @property
    def roster(self) -> TraderDesk:
        """The traders as people keep them: made, changed, put away, moved as files."""
        ...

    @property
    def arena(self) -> ArenaDesk:
        """What was decided, what it came to, and who does best."""
        ...

    @property
    def prompt_backtests(self) -> PromptBacktestDesk:
        """Prompts over recorded markets and over past decisions."""
        ...

    @property
    def assistants(self) -> AssistantDesk:
        """Chats that read the desk and propose changes to it."""
        ...

    def instruments(self) -> tuple[Instrument, ...]:
        """Return what can be traded, in the watchlist's order."""
        ...

    def traders(self) -> tuple[TraderSummary, ...]:
        """Return every trader, in the order of their ids."""
        ...

    def positions(self, trader_id: int | None = None) -> tuple[Position, ...]:
        """Return open positions, of one trader or of all."""
        ...

    def orders(self, trader_id: int | None = None, *, open_only: bool = True) -> tuple[Order, ...]:
        """Return open orders, or with `open_only=False` the most recent 200 of any status, oldest first."""
        ...

    def fills(self, trader_id: int | None = None, limit: int = 50) -> tuple[Fill, ...]:
        """Return the most recent fills, oldest first."""
        ...

    def decisions(self, trader_id: int | None = None, limit: int = 50) -> tuple[DecisionRecord, ...]:
        """Return the most recent decisions, oldest first; one still being made is `started`."""
        ...

    def equity(
        self, trader_id: int | None, span: EquitySpan, max_points: int = 400
    ) -> tuple[EquityPoint, ...]:
        """Return the asset curve of one trader, or of all added up (None), with at most `max_points` points.

        Thinned so that each interval keeps its lowest and highest point.
        """
        ...

    def tickers(self) -> tuple[Ticker, ...]:
        """Return the latest quote and 24 h change of every symbol that has one."""
        ...

    def book(self, symbol: str, depth: int = 20) -> BookSnapshot | None:
        """Return the best `depth` levels of a symbol's book, or None where there is no book."""
        ...

    def market(self) -> MarketStatus:
        """Return market time, feed age, replay state, armed and kill switch."""
        ...

    def preview_order(self, request: OrderRequest) -> OrderPreview:
        """Return what an order would do, without sending it.

        Raises the same `InvalidOrder`, `OrderDenied` or `NotFound` that placing it would.
        """
        ...

    async def place_order(self, request: OrderRequest) -> Order:
        """Journal, check and send an order; return it as the venue acknowledged it."""
        ...

    async def cancel_order(self, client_order_id: str) -> Order:
        """Cancel one open order."""
        ...

    async def cancel_orders(
        self, trader_id: int | None = None, symbol: str | None = None
    ) -> tuple[Order, ...]:
        """Cancel every open order, of one trader or one symbol if given."""
        ...

    async def amend_order(
        self, client_order_id: str, *, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> Order:
        """Change the quantity or price of a resting limit order."""
        ...

    async def close_position(self, trader_id: int, symbol: str, fraction: Decimal = Decimal(1)) -> Order:
        """Reduce a position by a share of it (above 0, up to 1) with a reduce-only market order."""
        ...

    async def flatten(self, trader_id: int | None = None) -> tuple[Order, ...]:
        """Cancel all open orders and close all positions, of one trader or of all."""
        ...

    async def start_trader(self, trader_id: int) -> TraderSummary:
        """Make a paused or failed trader active."""
        ...

    async def pause_trader(self, trader_id: int) -> TraderSummary:
        """Stop a trader from deciding; its positions and orders stay."""
        ...

    async def trigger(self, trader_id: int, symbol: str = "") -> None:
        """Wake a trader's strategy now, for one symbol or for all of its symbols."""
        ...

    async def engage_kill_switch(self, *, flatten: bool = False) -> None:
        """Stop every entry on the desk at once, cancel entry orders and, if asked, close positions.

        Survives a restart; only `release_kill_switch` ends it.
        """
        ...

    async def release_kill_switch(self) -> None:
        """Allow entries again."""
        ...

    async def set_replay(self, *, speed: float | None = None, paused: bool | None = None) -> MarketStatus:
        """Change the replay's speed (1 to 600) or pause and resume it."""
        ...

    async def step_replay(self) -> MarketStatus:
        """Move a paused replay on by one minute of market time (one second of a raw capture)."""
        ...

    def stream(self, topics: Iterable[Topic], bound: int = 10_000) -> Subscription:
        """Subscribe to topics; see `engine.streams.Subscription`."""
        ...
