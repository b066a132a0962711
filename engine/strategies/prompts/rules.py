"""The rules behind the built-in rules model: trend and momentum, in sentences that cite the numbers.

==========================  ============================================================
long is opened              price above EMA20 above EMA50, and RSI14 from 45 to 65
short is opened             price below EMA20 below EMA50, and RSI14 from 35 to 55
long is closed              price below EMA50, or RSI14 at 75 or more
short is closed             price above EMA50, or RSI14 at 25 or less
stop loss, take profit      2 and 3 times ATR14 from the price at entry
size                        15 % of the available cash as margin, at the default leverage
==========================  ============================================================

Pure and deterministic: the same market block always gets the same answer.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from engine.strategies.prompts.market_block import BlockPosition, BlockSymbol, MarketBlock

INTRODUCTION = "I am nightdesk-rules, a set of fixed rules and not a language model."
TRADING_STRATEGY = "EMA trend with RSI momentum"

_PORTION = Decimal("0.15")
_SLIPPAGE = Decimal("0.002")
_STOP_ATR = Decimal(2)
_PROFIT_ATR = Decimal(3)
_OVERBOUGHT, _OVERSOLD = 75.0, 25.0
_LONG_MOMENTUM, _SHORT_MOMENTUM = (45.0, 65.0), (35.0, 55.0)
_NEEDED = ("EMA20", "EMA50", "RSI14", "ATR14")


class RulesDecision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One decision in the shape the output format asks for."""

    operation: str
    symbol: str
    target_portion_of_balance: Decimal | None = None
    leverage: int | None = None
    max_price: Decimal | None = None
    min_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    stop_loss_price: Decimal | None = None
    reason: str
    trading_strategy: str


class RulesAnswer(msgspec.Struct, frozen=True):
    """What the rules make of a market block: their reasoning and their decisions."""

    reasoning: str
    decisions: tuple[RulesDecision, ...]

    def content(self) -> str:
        """Return the decisions as the JSON object a model is asked for."""
        return _encoder.encode({"decisions": self.decisions}).decode()


_encoder = msgspec.json.Encoder(decimal_format="number")


class _Reading(msgspec.Struct, frozen=True):
    """The numbers of one symbol that the rules look at."""

    item: BlockSymbol
    price: float
    fast: float
    slow: float
    momentum: float
    atr: Decimal

    def sentence(self) -> str:
        relation = "above" if self.price > self.fast else "below"
        trend = "above" if self.fast > self.slow else "below"
        return (
            f"{self.item.symbol} trades at {self.item.mark}, {relation} its EMA20 of {self.fast:.6g},"
            f" which is {trend} its EMA50 of {self.slow:.6g}; RSI14 is {self.momentum:.1f}."
        )


def answer(block: MarketBlock) -> RulesAnswer:
    """Return one decision per symbol, or one for the symbol that triggered."""
    positions = {position.symbol: position for position in block.positions}
    sentences = [INTRODUCTION, f"Equity is {block.equity:.2f}, of which {block.available:.2f} is free."]
    decisions: list[RulesDecision] = []
    opened = 0
    for item in block.symbols:
        if block.trigger_symbol and item.symbol != block.trigger_symbol:
            continue
        reading = _read(item)
        if reading is None:
            sentences.append(f"{item.symbol} has too few candles for its indicators yet.")
            decisions.append(_hold(item.symbol, "Its indicators are still warming up."))
            continue
        sentences.append(reading.sentence())
        if item.symbol in positions:
            decision = _look_after(reading, positions[item.symbol])
        else:
            decision = _look_for_entry(reading, block, len(positions) + opened)
            opened += decision.operation != "hold"
        sentences.append(f"{decision.reason} So: {decision.operation} {item.symbol}.")
        decisions.append(decision)
    return RulesAnswer("\n".join(sentences), tuple(decisions))


def _read(item: BlockSymbol) -> _Reading | None:
    if any(name not in item.indicators for name in _NEEDED):
        return None
    fast, slow, momentum, atr = (item.indicators[name][0] for name in _NEEDED)
    return _Reading(item, float(item.mark), fast, slow, momentum, Decimal(repr(atr)))


def _look_after(reading: _Reading, position: BlockPosition) -> RulesDecision:
    is_long = position.quantity > 0
    side = "long" if is_long else "short"
    has_turned = reading.price < reading.slow if is_long else reading.price > reading.slow
    is_stretched = reading.momentum >= _OVERBOUGHT if is_long else reading.momentum <= _OVERSOLD
    if has_turned:
        reason = f"The {side} is on the wrong side of EMA50 at {reading.slow:.6g}: its trend is over."
    elif is_stretched:
        reason = f"RSI14 at {reading.momentum:.1f} is stretched: the {side} takes its profit or loss here."
    else:
        return _hold(
            position.symbol,
            f"The {side} from {position.entry_price} stands at {position.unrealized_pnl:+.2f}"
            " and its trend goes on.",
        )
    return RulesDecision(
        operation="close",
        symbol=position.symbol,
        target_portion_of_balance=Decimal(1),
        min_price=_lowest_price(reading.item) if is_long else None,
        max_price=None if is_long else _highest_price(reading.item),
        reason=reason,
        trading_strategy=TRADING_STRATEGY,
    )


def _look_for_entry(reading: _Reading, block: MarketBlock, open_positions: int) -> RulesDecision:
    symbol = reading.item.symbol
    is_up = reading.price > reading.fast > reading.slow
    is_down = reading.price < reading.fast < reading.slow
    lowest, highest = _LONG_MOMENTUM if is_up else _SHORT_MOMENTUM
    if not (is_up or is_down):
        return _hold(symbol, "Price and the two averages do not line up: there is no trend to follow.")
    trend = "up" if is_up else "down"
    if not lowest <= reading.momentum <= highest:
        return _hold(
            symbol,
            f"The trend is {trend}, but RSI14 at {reading.momentum:.1f} is not between {lowest:.0f} and"
            f" {highest:.0f}.",
        )
    if open_positions >= block.max_positions:
        return _hold(symbol, f"The trend is {trend}, but {open_positions} positions are the most allowed.")
    if block.available <= 0:
        return _hold(symbol, f"The trend is {trend}, but no cash is free.")
    if symbol in block.open_entries:
        return _hold(symbol, f"The trend is {trend} and an entry order is already waiting.")
    return _entry(reading, block, is_long=is_up)


def _entry(reading: _Reading, block: MarketBlock, *, is_long: bool) -> RulesDecision:
    item, direction = reading.item, 1 if is_long else -1
    entry = item.ask if is_long else item.bid
    # A stop inside the slippage allowed at entry would trigger at once.
    distance = max(reading.atr, entry * _SLIPPAGE)
    stop = _on_tick(entry - direction * _STOP_ATR * distance, item, up=not is_long)
    profit = _on_tick(entry + direction * _PROFIT_ATR * distance, item, up=is_long)
    if stop <= 0 or profit <= 0:
        return _hold(item.symbol, f"ATR14 of {reading.atr:.6g} is too wide for a stop above zero.")
    trend = "up" if is_long else "down"
    return RulesDecision(
        operation="buy" if is_long else "sell",
        symbol=item.symbol,
        target_portion_of_balance=_PORTION,
        leverage=min(block.default_leverage, block.max_leverage),
        max_price=_highest_price(item) if is_long else None,
        min_price=None if is_long else _lowest_price(item),
        take_profit_price=profit,
        stop_loss_price=stop,
        reason=f"The trend is {trend} and RSI14 at {reading.momentum:.1f} leaves room.",
        trading_strategy=TRADING_STRATEGY,
    )


def _hold(symbol: str, reason: str) -> RulesDecision:
    return RulesDecision(operation="hold", symbol=symbol, reason=reason, trading_strategy=TRADING_STRATEGY)


def _highest_price(item: BlockSymbol) -> Decimal:
    return _on_tick(item.ask * (1 + _SLIPPAGE), item, up=True)


def _lowest_price(item: BlockSymbol) -> Decimal:
    return _on_tick(item.bid * (1 - _SLIPPAGE), item, up=False)


def _on_tick(price: Decimal, item: BlockSymbol, *, up: bool) -> Decimal:
    ticks = (price / item.tick_size).to_integral_value(rounding=ROUND_CEILING if up else ROUND_FLOOR)
    return ticks * item.tick_size
