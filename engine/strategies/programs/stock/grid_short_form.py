"""Buy a little at every step down, sell it all a step above the average: a grid, in the short form.

The short form is one function, `run(ctx)`. `ctx` has everything that `data` has in a class, and four
calls that give an order: `ctx.buy`, `ctx.sell`, `ctx.close` and `ctx.hold`. Sizes are in coins.

A grid earns in a market that goes back and forth, and is caught in one that only falls: `most_steps`
is how much of that you are willing to hold, and `floor` where you give up.

Parameters: `step` (0.005 is half a percent between levels), `budget` (share of the equity for each
step), `most_steps`, `floor` (loss against the average at which all is sold).
"""

STEP = 0.005
BUDGET = 0.05
MOST_STEPS = 5
FLOOR = 0.05


def run(ctx):
    step = ctx.params.get("step", STEP)
    symbol = ctx.trigger_symbol or ctx.symbols[0]
    price = ctx.get_price(symbol)
    if price is None:
        return ctx.hold(f"The price of {symbol} is not known.")
    quantity = ctx.total_equity * ctx.params.get("budget", BUDGET) / price
    position = ctx.positions.get(symbol)
    if position is None:
        return ctx.buy(symbol, quantity, reason="First level.")
    if position.side == "short":
        return ctx.hold(f"{symbol} is held short; the grid only buys.")
    away = price / position.entry_price - 1
    print(f"{symbol}: {away:+.2%} from the average of {position.entry_price:g}")
    if away >= step:
        return ctx.close(symbol, reason=f"{away:.2%} above the average.")
    if away <= -ctx.params.get("floor", FLOOR):
        return ctx.close(symbol, reason=f"{-away:.2%} below the average: the range is broken.")
    # Each level is a step below the one before, so the average moves half a step with each.
    levels = round(position.size / quantity)
    if away <= -step * (levels + 1) / 2 and levels < ctx.params.get("most_steps", MOST_STEPS):
        return ctx.buy(symbol, quantity, reason=f"Level {levels + 1}.")
    return ctx.hold("Between two levels.")
