"""The three traders a new desk starts with, all on paper with 10,000 USDC."""

from __future__ import annotations

from decimal import Decimal

from engine.model.account import RiskLimits, TraderConfig, TraderKind, TradingMode

INITIAL_CAPITAL = Decimal(10_000)
STOCK_PROGRAM = "rsi_mean_reversion"
STOCK_TEMPLATE = "default"
RULES_MODEL = "nightdesk-rules"


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
            schedule_seconds=900,
            signal="rsi14 crosses below 30 on 5m",
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
            signal="rsi14 crosses above 70 on 15m",
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
