"""Puts one trader together from what is stored of it, when the desk opens and while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from engine.clock import Clock
from engine.exchanges.paper import PaperExchange
from engine.exchanges.wallet import open_wallet
from engine.market.market_state import MarketState
from engine.market.periods import Period
from engine.market.regime.live import Regimes
from engine.model.account import TraderStatus
from engine.model.instrument import Instrument
from engine.store.changes import Change, Wallet
from engine.store.restore import DeskState, StoredTrader
from engine.streams import Bus
from engine.trading.assignment import PromptAssignment
from engine.trading.books import TraderBooks
from engine.trading.decider import Decider, TriggerAnswers
from engine.trading.decision_log import DecisionLog
from engine.trading.equity import EquityHistory
from engine.trading.feed_watch import FeedWatch
from engine.trading.journal import DeskJournal
from engine.trading.kill_switch import KillSwitch
from engine.trading.ledger import TraderLedger
from engine.trading.orders import OrderDesk
from engine.trading.ordinals import Ordinals
from engine.trading.trader import TraderRuntime

RECORDED_REGIME_PERIOD = Period.M5
"""The period whose regime a decision is recorded with."""


class TraderFactory(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What every trader of the desk shares; `prompt_version` is of the prompt of a name, 0 for none."""

    market: MarketState
    feed: FeedWatch
    bus: Bus
    journal: DeskJournal
    clock: Clock
    instruments: Mapping[str, Instrument]
    ordinals: Ordinals
    kill_switch: KillSwitch
    answers: TriggerAnswers
    regimes: Regimes
    prompt_version: Callable[[str], int]

    def open(self, stored: StoredTrader, state: DeskState) -> tuple[TraderRuntime, tuple[Change, ...]]:
        """Return a trader as it was left, and what opening it changed and is to be stored.

        `state` holds its orders, fills, positions and decisions among those of others.
        """
        config = stored.config
        ledger = TraderLedger(config.trader_id, stored.state.seq, self.bus, self.journal, self.clock)
        books = self._books(stored, state, ledger)
        exchange = self._exchange(stored, books)
        equity = EquityHistory(config.trader_id)
        equity.load(stored.equity.ts_ms, stored.equity.equity)
        log = DecisionLog(config.trader_id, ledger, self.clock)
        changes = log.restore(each for each in state.decisions if each.trader_id == config.trader_id)
        orders = OrderDesk(
            trader=config,
            exchange=exchange,
            books=books,
            ledger=ledger,
            market=self.market,
            feed=self.feed,
            instruments=self.instruments,
            ordinals=self.ordinals,
            kill_switch=self.kill_switch,
            clock=self.clock,
        )
        trader = TraderRuntime(
            config=config,
            state=stored.state,
            exchange=exchange,
            books=books,
            orders=orders,
            equity=equity,
            log=log,
            ledger=ledger,
            market=self.market,
            clock=self.clock,
        )
        return trader, changes

    def prompt_decider(self, trader: TraderRuntime) -> Decider:
        """Return who decides for a prompt trader, already among its deciders."""
        decider = Decider(
            trader,
            PromptAssignment(trader, self.prompt_version),
            answers=self.answers,
            ordinals=self.ordinals,
            clock=self.clock,
            failed=trader.status is TraderStatus.ERROR,
            reason=trader.status_reason,
            regime_of=self.regime_of,
        )
        trader.add(decider)
        return decider

    def regime_of(self, symbol: str) -> str:
        """Return the regime of a symbol now, empty for no symbol: a trader's symbols may all differ."""
        return self.regimes.reading(symbol, RECORDED_REGIME_PERIOD).regime.value if symbol else ""

    def _books(self, stored: StoredTrader, state: DeskState, ledger: TraderLedger) -> TraderBooks:
        trader_id = stored.config.trader_id
        books = TraderBooks(trader_id, _wallet(stored), ledger)
        orders = {
            order.client_order_id: order
            for order in (*state.open_orders, *state.recent_orders)
            if order.trader_id == trader_id
        }
        books.restore(
            orders.values(),
            (fill for fill in state.fills if fill.trader_id == trader_id),
            (position for position in state.positions if position.trader_id == trader_id),
        )
        return books

    def _exchange(self, stored: StoredTrader, books: TraderBooks) -> PaperExchange:
        wallet = _wallet(stored)
        paper = open_wallet(
            trader_id=wallet.trader_id,
            instruments=self.instruments,
            cash=wallet.cash,
            default_leverage=stored.config.limits.default_leverage,
            positions=books.positions.values(),
            orders=books.open_orders.values(),
            realized_pnl=wallet.realized_pnl,
            fees=wallet.fees,
            funding=wallet.funding,
            next_trade_number=wallet.next_trade_number,
        )
        remembered = books.recent_orders.values()
        return PaperExchange(paper, self.market.quote_or_none, books.apply, self.market.book, remembered)


def _wallet(stored: StoredTrader) -> Wallet:
    config = stored.config
    return stored.wallet or Wallet(trader_id=config.trader_id, cash=config.initial_capital)
