"""The one table of template variables: name, what it renders to, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from engine.model.account import TradingMode
from engine.model.candle import Candle
from engine.model.trigger import TriggerKind
from engine.strategies.context import StrategyContext, SymbolContext
from engine.strategies.decision import MAX_REASON
from engine.strategies.prompts.market_block import market_block, render_market_block

NOT_AVAILABLE = "N/A"

_SAMPLES = 20
_CANDLES = 30
_FILLS = 5
_ENVIRONMENTS = {
    TradingMode.REPLAY: "REPLAY: a recorded market, paper money",
    TradingMode.PAPER: "PAPER: the live market, paper money",
    TradingMode.LIVE: "LIVE: the live market, real money",
}


class Variable(msgspec.Struct, frozen=True):
    """One variable: how it renders, and the sentence the variables reference shows."""

    render: Callable[[StrategyContext], str]
    description: str


def _market_prices(context: StrategyContext) -> str:
    return _per_symbol(
        context,
        lambda item: f"bid {item.bid}, ask {item.ask}, mark {item.mark}, 24h {_percent(item.change_24h)}",
    )


def _sampling_data(context: StrategyContext) -> str:
    return _per_symbol(
        context, lambda item: ", ".join(f"{candle.close:.10g}" for candle in item.candles[-_SAMPLES:])
    )


def _trigger_context(context: StrategyContext) -> str:
    trigger = context.trigger
    lines = [f"trigger_type: {trigger.kind}", f"time: {_utc(trigger.ts_ms)}"]
    lines.append(f"symbol: {trigger.symbol or 'all'}")
    if trigger.kind is TriggerKind.SCHEDULED:
        lines.append(f"interval_seconds: {context.trader.schedule_seconds}")
    if trigger.signal:
        lines.append(f"signal: {trigger.signal}")
    if trigger.detail:
        lines.append(f"detail: {trigger.detail}")
    return "\n".join(lines)


def _open_positions(context: StrategyContext) -> str:
    return _lines_or_none(
        f"{position.symbol}: {'long' if position.quantity > 0 else 'short'} {abs(position.quantity)}"
        f" at {position.entry_price}, mark {position.mark_price},"
        f" unrealised P&L {position.unrealized_pnl:+.2f}, leverage {position.leverage}x,"
        f" liquidation {position.liquidation_price if position.liquidation_price is not None else 'none'}"
        for position in context.positions
    )


def _recent_trades(context: StrategyContext) -> str:
    return _lines_or_none(
        f"{_utc(fill.ts_ms)} {fill.symbol} {fill.side} {fill.quantity} at {fill.price},"
        f" fee {fill.fee:.2f}, realised P&L {fill.realized_pnl:+.2f}"
        for fill in context.recent_fills[-_FILLS:]
    )


def _kline_data(context: StrategyContext) -> str:
    heading = f"{context.trader.period} candles, oldest first: time open high low close volume"
    tables = [
        "\n".join([f"{item.symbol} {heading}", *(_candle(candle) for candle in item.candles[-_CANDLES:])])
        for item in context.symbols
    ]
    return "\n".join(tables) or "none"


def _technical_indicators(context: StrategyContext) -> str:
    return _per_symbol(
        context,
        lambda item: ", ".join(
            f"{name} {last:.6g} (before {previous:.6g})"
            for name, (last, previous) in sorted(item.indicators.items())
        ),
    )


def _output_format(context: StrategyContext) -> str:
    symbols = ", ".join(context.trader.symbols)
    return f"""Answer with one JSON object and nothing else: no markdown, no text before or after it.
{{"decisions": [{{"operation": ..., "symbol": ..., ...}}]}}
One entry per symbol at most. The fields of an entry, numbers as JSON numbers:
- operation: "buy" (open or add to a long), "sell" (open or add to a short), "close" or "hold"
- symbol: one of {symbols}
- target_portion_of_balance: above 0 up to 1; for buy and sell the share of the available cash used
  as margin, for close the share of the position
- leverage: integer from 1 to {context.trader.limits.max_leverage}; for buy and sell
- max_price: highest price to pay; for buy, and for closing a short
- min_price: lowest price to accept; for sell, and for closing a long
- take_profit_price, stop_loss_price: optional, for buy and sell; a long needs take profit above and
  stop loss below its entry, a short the other way round
- time_in_force: optional; "Ioc" (default), "Gtc" or "Alo"
- reason: one or two sentences, at most {MAX_REASON} characters
- trading_strategy: a few words
hold needs operation, symbol and reason only. A reply that breaks one of these rules does not trade."""


VARIABLES: dict[str, Variable] = {
    "market_prices": Variable(_market_prices, "Bid, ask, mark price and 24 h change of every symbol."),
    "sampling_data": Variable(
        _sampling_data, f"The last {_SAMPLES} closing prices of every symbol, oldest first."
    ),
    "trigger_context": Variable(
        _trigger_context, "Why the trader wakes: signal, schedule or by hand, with symbol and time."
    ),
    "open_positions": Variable(
        _open_positions, "The trader's positions with entry, mark, P&L, leverage and liquidation price."
    ),
    "recent_trades": Variable(_recent_trades, f"The trader's last {_FILLS} fills, oldest first."),
    "market_regime": Variable(
        lambda _: NOT_AVAILABLE, "The market regime; N/A while nothing on the desk classifies it."
    ),
    "news_context": Variable(
        lambda _: NOT_AVAILABLE, "Recent news; N/A while the desk has no source of news."
    ),
    "kline_data": Variable(_kline_data, f"The last {_CANDLES} closed candles of every symbol."),
    "technical_indicators": Variable(
        _technical_indicators, "Every indicator at the last closed candle and the one before."
    ),
    "output_format": Variable(_output_format, "The JSON a reply must be; every template needs it."),
    "trading_environment": Variable(
        lambda context: _ENVIRONMENTS[context.trader.mode],
        "Whether market and money are recorded, paper or real.",
    ),
    "available_cash": Variable(
        lambda context: _money(context.account.available), "What a new position may use as margin."
    ),
    "total_account_value": Variable(
        lambda context: _money(context.account.equity), "Cash plus unrealised profit."
    ),
    "max_leverage": Variable(
        lambda context: str(context.trader.limits.max_leverage), "The trader's leverage limit."
    ),
    "market_json": Variable(
        lambda context: render_market_block(market_block(context)),
        "Account, limits, prices, indicators and positions as one line of JSON; the rules model needs it.",
    ),
}


def _per_symbol(context: StrategyContext, render: Callable[[SymbolContext], str]) -> str:
    return _lines_or_none(f"{item.symbol}: {render(item) or NOT_AVAILABLE}" for item in context.symbols)


def _lines_or_none(lines: Iterable[str]) -> str:
    return "\n".join(lines) or "none"


def _candle(candle: Candle) -> str:
    prices = " ".join(
        f"{price:.10g}" for price in (candle.open, candle.high, candle.low, candle.close, candle.volume)
    )
    return f"{_utc(candle.open_ms)} {prices}"


def _utc(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _percent(fraction: float | None) -> str:
    return NOT_AVAILABLE if fraction is None else f"{fraction:+.2%}"


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"
