"""What a new program can start from: one template for each of the three forms a program may have."""

from __future__ import annotations

import msgspec


class Template(msgspec.Struct, frozen=True):
    """A source to start from."""

    key: str
    label: str
    code: str


CLASS_TEMPLATE = '''"""Say in a sentence what this program looks for."""


class Strategy:
    def init(self, params):
        self.portion = params.get("portion", 0.25)

    def should_trade(self, data):
        symbol = data.trigger_symbol or data.symbols[0]
        rsi = data.get_indicator(symbol, "RSI14", "5m").get("value")
        price = data.get_price(symbol)
        if rsi is None or price is None:
            return Decision("hold", reason="no data yet")
        print(f"{symbol} at {price}: RSI {rsi:.1f}")
        if rsi < 30 and symbol not in data.positions:
            return Decision(
                "buy",
                symbol=symbol,
                target_portion_of_balance=self.portion,
                leverage=1,
                max_price=price * 1.002,
                stop_loss_price=price * 0.98,
                take_profit_price=price * 1.03,
                reason=f"RSI {rsi:.1f} is below 30",
            )
        return Decision("hold", reason=f"RSI {rsi:.1f}")
'''
RUN_TEMPLATE = '''def run(ctx):
    """Say in a sentence what this program looks for."""
    symbol = ctx.trigger_symbol or "BTC"
    rsi = ctx.get_indicator(symbol, "RSI14", "5m").get("value")
    if rsi is not None and rsi < 30:
        return ctx.buy(symbol, 0.01)
    return ctx.hold("nothing to do")
'''
BRACES_TEMPLATE = """fn run(ctx) {
    if ctx.get_price("BTC") < 60000 {
        ctx.buy("BTC", 0.01)
    } else {
        ctx.hold("too dear")
    }
}
"""
TEMPLATES = (
    Template("class", "class with should_trade", CLASS_TEMPLATE),
    Template("run", "def run(ctx), the short form", RUN_TEMPLATE),
    Template("braces", "fn run(ctx) { … }, braces", BRACES_TEMPLATE),
)
