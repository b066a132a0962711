"""What a new desk starts with: three traders on paper with 10,000 USDC each, and what wakes them."""

from __future__ import annotations

from decimal import Decimal

from engine.model.account import RiskLimits, TraderConfig, TraderKind, TradingMode
from engine.model.program import Binding
from engine.model.signal import SignalDefinition, SignalPool

INITIAL_CAPITAL = Decimal(10_000)
STOCK_PROGRAM = "rsi_mean_reversion"
STOCK_TEMPLATE = "default"
RULES_MODEL = "nightdesk-rules"
OVERSOLD = 1
OVERBOUGHT = 2


def default_signals() -> tuple[SignalDefinition, ...]:
    """Return a signal for the program trader and one for the prompt trader."""
    return (
        SignalDefinition(
            signal_id=OVERSOLD, name="RSI falls below 30 (5m)", condition="rsi14 crosses below 30 on 5m"
        ),
        SignalDefinition(
            signal_id=OVERBOUGHT, name="RSI rises above 70 (15m)", condition="rsi14 crosses above 70 on 15m"
        ),
    )


def default_pools() -> tuple[SignalPool, ...]:
    """Return a pool for each of the signals, on every symbol of the desk."""
    return (
        SignalPool(pool_id=OVERSOLD, name="Oversold 5m", signal_ids=(OVERSOLD,)),
        SignalPool(pool_id=OVERBOUGHT, name="Overbought 15m", signal_ids=(OVERBOUGHT,)),
    )


def default_binding(program_id: int) -> Binding:
    """Return what lets the program trader run the stock program."""
    return Binding(
        binding_id=1, trader_id=1, program_id=program_id, pool_ids=(OVERSOLD,), schedule_seconds=900
    )


def default_traders(symbols: tuple[str, ...]) -> tuple[TraderConfig, ...]:
    """Return a program trader, a prompt trader on the built-in rules and one for the keyboard."""
    return (
        TraderConfig(
            trader_id=1,
            name="Reverter",
            kind=TraderKind.PROGRAM,
            initial_capital=INITIAL_CAPITAL,
            mode=TradingMode.REPLAY,
            symbols=symbols,
            strategy=STOCK_PROGRAM,
            period="5m",
        ),
        TraderConfig(
            trader_id=2,
            name="Rulebook",
            kind=TraderKind.PROMPT,
            initial_capital=INITIAL_CAPITAL,
            mode=TradingMode.REPLAY,
            symbols=symbols,
            strategy=STOCK_TEMPLATE,
            model=RULES_MODEL,
            period="15m",
            schedule_seconds=1800,
            pool_ids=(OVERBOUGHT,),
        ),
        TraderConfig(
            trader_id=3,
            name="Manual",
            kind=TraderKind.MANUAL,
            initial_capital=INITIAL_CAPITAL,
            mode=TradingMode.REPLAY,
            symbols=symbols,
            limits=RiskLimits(max_leverage=10, default_leverage=5, max_notional=Decimal(50_000)),
        ),
    )
