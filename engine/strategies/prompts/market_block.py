"""The market block: what a strategy sees, as one line of JSON inside a prompt.

`{market_json}` renders it and the built-in rules model reads it back, so a prompt carries the same
numbers for people, for language models and for rules.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.errors import InvalidInput
from engine.strategies.context import StrategyContext, SymbolContext

_OPENING = '{"nightdesk_market":1,'
_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")


class BlockSymbol(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol; `indicators` maps a name to its last value and the one before."""

    symbol: str
    mark: Decimal
    bid: Decimal
    ask: Decimal
    tick_size: Decimal
    change_24h: float | None = None
    closes: tuple[float, ...] = ()
    indicators: dict[str, tuple[float, float]] = {}


class BlockPosition(msgspec.Struct, frozen=True, kw_only=True):
    """One open position; `quantity` is negative for a short."""

    symbol: str
    quantity: Decimal
    entry_price: Decimal
    mark_price: Decimal
    unrealized_pnl: Decimal
    leverage: int


class MarketBlock(msgspec.Struct, frozen=True, kw_only=True, tag_field="nightdesk_market", tag=1):
    """Account, limits, symbols and positions at one moment, in the quote currency.

    `trigger_symbol` is empty when every symbol is meant; `open_entries` names the symbols with an
    entry order still resting.
    """

    now_ms: int
    trigger_symbol: str
    period: str
    equity: Decimal
    available: Decimal
    max_leverage: int
    default_leverage: int
    max_positions: int
    symbols: tuple[BlockSymbol, ...]
    positions: tuple[BlockPosition, ...] = ()
    open_entries: tuple[str, ...] = ()


def market_block(context: StrategyContext, recent_closes: int = 5) -> MarketBlock:
    """Return what a context says, with the last `recent_closes` closes of each symbol."""
    limits = context.trader.limits
    return MarketBlock(
        now_ms=context.now_ms,
        trigger_symbol=context.trigger.symbol,
        period=context.trader.period,
        equity=context.account.equity,
        available=context.account.available,
        max_leverage=limits.max_leverage,
        default_leverage=limits.default_leverage,
        max_positions=limits.max_positions,
        symbols=tuple(_symbol(item, recent_closes) for item in context.symbols),
        positions=tuple(
            BlockPosition(
                symbol=position.symbol,
                quantity=position.quantity,
                entry_price=position.entry_price,
                mark_price=position.mark_price,
                unrealized_pnl=position.unrealized_pnl,
                leverage=position.leverage,
            )
            for position in context.positions
        ),
        open_entries=tuple(sorted({order.symbol for order in context.open_orders if not order.reduce_only})),
    )


def render_market_block(block: MarketBlock) -> str:
    """Return the block as one line of JSON; numbers are exact."""
    return _encoder.encode(block).decode()


def find_market_block(prompt: str) -> MarketBlock:
    """Return the one market block in a prompt.

    Raises `InvalidInput` when there is none, more than one, or one that does not fit.
    """
    lines = [line for line in prompt.split("\n") if line.startswith(_OPENING)]
    if len(lines) != 1:
        raise InvalidInput.of(
            "prompt", f"a text with {len(lines)} market blocks", "allowed is exactly one {market_json}"
        )
    try:
        return msgspec.json.decode(lines[0], type=MarketBlock)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput.of(
            "market_json", str(error), "allowed is the line {market_json} renders"
        ) from error


def _symbol(item: SymbolContext, recent_closes: int) -> BlockSymbol:
    return BlockSymbol(
        symbol=item.symbol,
        mark=item.mark,
        bid=item.bid,
        ask=item.ask,
        tick_size=item.tick_size,
        change_24h=item.change_24h,
        closes=tuple(candle.close for candle in item.candles[-recent_closes:]),
        indicators=item.indicators,
    )
