"""What the panes paint: one frozen picture of the desk, made at each paint tick.

Two equal pictures paint the same screen, so the tick skips everything when nothing has changed.
Ages that run by the wall clock are therefore coarse, and stand still while the replay is paused.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.desk import EquitySpan
from engine.model.account import EquityPoint, TraderConfig, TraderKind, TraderSummary, TradingMode
from engine.model.event import MarketStatus, ReplayState
from engine.model.instrument import Instrument
from engine.model.order import Order
from engine.model.position import Position
from engine.model.quote import Ticker
from tui import format as fmt
from tui.command_words import Vocabulary

STALE_QUOTE_MS = 10 * 60_000
"""A quote older than this, in market time, is shown as stale."""

STALE_FEED_MS = 2_000
"""A running feed that has been silent for longer than this, by the wall clock, is shown as stale."""

SPANS = tuple(EquitySpan)
SELECTED_MARK = "▸"


class Selection(msgspec.Struct, frozen=True):
    """What the person is looking at: the trader and symbol keys act on, and how panes show them."""

    trader_id: int | None = None
    symbol: str = ""
    all_traders: bool = True
    span: EquitySpan = EquitySpan.DAY
    order_history: bool = False


class Curve(msgspec.Struct, frozen=True):
    """One trader's asset curve, or all traders' added up (`trader_id` None)."""

    trader_id: int | None
    points: tuple[EquityPoint, ...]


STARTING = MarketStatus(
    now_ms=0,
    source="",
    replay=ReplayState.STARTING,
    speed=0,
    feed_age_ms=None,
    armed=False,
    kill_switch=False,
)


class DeskView(msgspec.Struct, frozen=True):
    """Everything on the desk that the panes show; `configs` are of every trader, the hidden ones too."""

    selection: Selection = Selection()
    market: MarketStatus = STARTING
    instruments: tuple[Instrument, ...] = ()
    traders: tuple[TraderSummary, ...] = ()
    configs: tuple[TraderConfig, ...] = ()
    positions: tuple[Position, ...] = ()
    orders: tuple[Order, ...] = ()
    tickers: tuple[Ticker, ...] = ()
    curves: tuple[Curve, ...] = ()

    @property
    def is_starting(self) -> bool:
        """Whether the engine has not reported yet."""
        return self.market.replay is ReplayState.STARTING

    @property
    def trader(self) -> TraderSummary | None:
        """The selected trader."""
        return self.trader_of(self.selection.trader_id)

    def trader_of(self, trader_id: int | None) -> TraderSummary | None:
        """Return a trader by id."""
        return next((trader for trader in self.traders if trader.trader_id == trader_id), None)

    def trader_name(self, trader_id: int) -> str:
        """Return a trader's name, a hidden one's too, or its number while the name is not known."""
        trader = self.trader_of(trader_id) or next(
            (config for config in self.configs if config.trader_id == trader_id), None
        )
        return trader.name if trader else f"#{trader_id}"

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the trading rules of a symbol."""
        return next((item for item in self.instruments if item.symbol == symbol), None)

    def ticker(self, symbol: str) -> Ticker | None:
        """Return the latest quote of a symbol."""
        return next((item for item in self.tickers if item.quote.symbol == symbol), None)

    def tick_size(self, symbol: str) -> Decimal | None:
        """Return the price step of a symbol."""
        instrument = self.instrument(symbol)
        return instrument.tick_size if instrument else None

    def lot_size(self, symbol: str) -> Decimal | None:
        """Return the quantity step of a symbol."""
        instrument = self.instrument(symbol)
        return instrument.lot_size if instrument else None

    @property
    def mode(self) -> TradingMode:
        """The most serious mode any trader is in: live before paper before replay."""
        modes = {trader.mode for trader in self.traders}
        for mode in (TradingMode.LIVE, TradingMode.PAPER):
            if mode in modes:
                return mode
        return TradingMode.REPLAY

    @property
    def equity(self) -> Decimal:
        """All traders' equity added up."""
        return sum((trader.account.equity for trader in self.traders), Decimal(0))

    @property
    def day_pnl(self) -> Decimal:
        """All traders' profit since the day began."""
        return sum((trader.account.day_pnl for trader in self.traders), Decimal(0))

    def vocabulary(self, themes: tuple[str, ...]) -> Vocabulary:
        """Return what commands can name now."""
        return Vocabulary(
            tuple(item.symbol for item in self.instruments),
            tuple(trader.name for trader in self.traders),
            themes,
        )


def marked(name: str, *, is_selected: bool) -> str:
    """Return a name as a list shows it, with the mark of what keys act on."""
    return f"{SELECTED_MARK if is_selected else ' '} {name}"


def settled_market(market: MarketStatus) -> MarketStatus:
    """Return the market status without what changes by the wall clock alone.

    A feed age below the stale limit counts as fresh (0), above it in whole seconds; a replay that
    is not running has no age.
    """
    age = market.feed_age_ms
    if market.replay is not ReplayState.RUNNING:
        age = None
    elif age is not None:
        age = 0 if age < STALE_FEED_MS else age // 1000 * 1000
    return msgspec.structs.replace(market, feed_age_ms=age)


def settled_selection(
    selection: Selection, traders: tuple[TraderSummary, ...], instruments: tuple[Instrument, ...]
) -> Selection:
    """Return the selection with a trader and a symbol that exist; a manual trader comes first."""
    ids = [trader.trader_id for trader in traders]
    if ids and selection.trader_id not in ids:
        manual = (trader.trader_id for trader in traders if trader.kind is TraderKind.MANUAL)
        selection = msgspec.structs.replace(selection, trader_id=next(manual, ids[0]))
    symbols = [item.symbol for item in instruments]
    if symbols and selection.symbol not in symbols:
        selection = msgspec.structs.replace(selection, symbol=symbols[0])
    return selection


def position_sentence(view: DeskView, position: Position) -> str:
    """Return a position in words: `LONG 0.500 BTC of Manual (33,500.00 at 67,000.0)`."""
    side = "LONG" if position.quantity > 0 else "SHORT"
    quantity = fmt.quantity(abs(position.quantity), view.lot_size(position.symbol))
    mark = fmt.price(position.mark_price, view.tick_size(position.symbol))
    name = view.trader_name(position.trader_id)
    return f"{side} {quantity} {position.symbol} of {name} ({fmt.money(position.notional)} at {mark})"
