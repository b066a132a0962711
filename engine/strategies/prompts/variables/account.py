"""Variables of the trader's own: money, positions, fills and limits."""

from __future__ import annotations

from decimal import Decimal

from engine.model.account import TradingMode
from engine.model.fill import Fill
from engine.model.position import Position
from engine.model.prompt import VariableFamily
from engine.strategies.prompts.variables.row import Holes, Render, VariableRow
from engine.strategies.prompts.variables.wording import lines_or_none, money, price, span, utc
from engine.strategies.prompts.view import PromptView

_FILLS = 5
_ENVIRONMENTS = {
    TradingMode.REPLAY: "REPLAY: a recorded market, paper money",
    TradingMode.PAPER: "PAPER: the live market, paper money",
    TradingMode.LIVE: "LIVE: the live market, real money",
}
_WARNINGS = {
    TradingMode.REPLAY: "No real money is at risk: the market is a recording and the money is paper.",
    TradingMode.PAPER: "No real money is at risk: orders are filled on paper against the live market.",
    TradingMode.LIVE: "REAL MONEY: every order is sent to the exchange and every loss is real.",
}


def _side(position: Position) -> str:
    return "long" if position.quantity > 0 else "short"


def _liquidation(position: Position) -> str:
    return "none" if position.liquidation_price is None else price(position.liquidation_price)


def _open_positions(view: PromptView, _holes: Holes) -> str:
    return lines_or_none(
        f"{position.symbol}: {_side(position)} {abs(position.quantity)}"
        f" at {price(position.entry_price)}, mark {position.mark_price},"
        f" unrealised P&L {position.unrealized_pnl:+.2f}, leverage {position.leverage}x,"
        f" liquidation {_liquidation(position)}"
        for position in view.context.positions
    )


def _positions_detail(view: PromptView, _holes: Holes) -> str:
    return lines_or_none(
        f"{position.symbol} {_side(position)}\n"
        f"  size {abs(position.quantity)}, notional {money(position.notional)},"
        f" margin {money(position.isolated_margin)}, leverage {position.leverage}x\n"
        f"  entry {price(position.entry_price)}, mark {position.mark_price},"
        f" liquidation {_liquidation(position)}\n"
        f"  unrealised P&L {position.unrealized_pnl:+.2f} ({_return_on_margin(position)}),"
        f" funding {position.funding:+.2f}, fees {money(position.fees)}\n"
        f"  open for {span(view.context.now_ms - position.opened_ms)}, since {utc(position.opened_ms)}"
        for position in view.context.positions
    )


def _return_on_margin(position: Position) -> str:
    if not position.isolated_margin:
        return "no margin"
    return f"{position.unrealized_pnl / position.isolated_margin * 100:+.1f} % of its margin"


def _holdings_detail(view: PromptView, _holes: Holes) -> str:
    lines = [f"cash: {money(view.context.account.cash)}"]
    lines += [
        f"{position.symbol}: {position.quantity:+f}, worth {money(position.notional)}"
        for position in view.context.positions
    ]
    return "\n".join(lines)


def _recent_trades(view: PromptView, _holes: Holes) -> str:
    return lines_or_none(_fill(fill) for fill in view.context.recent_fills[-_FILLS:])


def _recent_trades_summary(view: PromptView, _holes: Holes) -> str:
    closing = [fill for fill in view.context.recent_fills if fill.realized_pnl][-_FILLS:]
    if not closing:
        return "none"
    gained = sum((fill.realized_pnl for fill in closing), Decimal(0))
    won = sum(fill.realized_pnl > 0 for fill in closing)
    total = f"{won} of {len(closing)} won, {gained:+.2f} before fees"
    return "\n".join((*(_fill(fill) for fill in closing), total))


def _fill(fill: Fill) -> str:
    return (
        f"{utc(fill.ts_ms)} {fill.symbol} {fill.side} {fill.quantity} at {fill.price},"
        f" fee {fill.fee:.2f}, realised P&L {fill.realized_pnl:+.2f}"
    )


def _margin_usage(view: PromptView, _holes: Holes) -> str | None:
    account = view.context.account
    return f"{account.used_margin / account.equity * 100:.1f}" if account.equity > 0 else None


def _maintenance_margin(view: PromptView, _holes: Holes) -> str | None:
    needed = Decimal(0)
    for position in view.context.positions:
        instrument = view.instruments.get(position.symbol)
        if instrument is None:
            return None
        needed += position.notional * instrument.maintenance_margin_rate
    return money(needed)


def _margin_info(view: PromptView, holes: Holes) -> str:
    account = view.context.account
    lines = [f"used {money(account.used_margin)}, available {money(account.available)}"]
    if (usage := _margin_usage(view, holes)) is not None:
        lines.append(f"used share of the equity: {usage} %")
    if (maintenance := _maintenance_margin(view, holes)) is not None:
        lines.append(f"maintenance: {maintenance}")
    return "\n".join(lines)


def _available(view: PromptView, _holes: Holes) -> str:
    return money(view.context.account.available)


def _equity(view: PromptView, _holes: Holes) -> str:
    return money(view.context.account.equity)


def _leverage_constraints(view: PromptView, _holes: Holes) -> str:
    limits = view.context.trader.limits
    return (
        f"leverage is a whole number from 1 to {limits.max_leverage}; {limits.default_leverage} is the"
        " default. An order above the limit is refused, not reduced."
    )


def _operational_constraints(view: PromptView, _holes: Holes) -> str:
    trader, limits = view.context.trader, view.context.trader.limits
    return f"""- only {", ".join(trader.symbols)} may be traded
- at most {limits.max_positions} positions at once, each of at most {money(limits.max_notional)} notional
- at most {limits.max_open_orders} open orders and {limits.max_orders_per_minute} orders a minute
- a limit price is within {limits.price_collar:.2%} of the mark price
- a market order may cost at most {limits.max_slippage:.2%} against the mark price
An order that breaks one of these is refused."""


def _row(pattern: str, meaning: str, render: Render, *, documented: bool = False) -> VariableRow:
    return VariableRow(
        pattern=pattern,
        family=VariableFamily.ACCOUNT,
        meaning=meaning,
        render=render,
        documented=documented,
    )


ROWS = (
    _row(
        "open_positions",
        "The trader's positions with entry, mark, P&L, leverage and liquidation price.",
        _open_positions,
        documented=True,
    ),
    _row(
        "recent_trades",
        f"The trader's last {_FILLS} fills, oldest first.",
        _recent_trades,
        documented=True,
    ),
    _row(
        "trading_environment",
        "Whether market and money are recorded, paper or real.",
        lambda view, _: _ENVIRONMENTS[view.context.trader.mode],
    ),
    _row(
        "environment",
        "The same in one word: replay, paper or live.",
        lambda view, _: view.context.trader.mode,
    ),
    _row(
        "real_trading_warning",
        "A sentence that says whether real money is at risk.",
        lambda view, _: _WARNINGS[view.context.trader.mode],
    ),
    _row("available_cash", "What a new position may use as margin.", _available),
    _row("available_balance", "The same as `available_cash`.", _available),
    _row("total_account_value", "Cash plus unrealised profit.", _equity),
    _row("total_equity", "The same as `total_account_value`.", _equity),
    _row(
        "used_margin",
        "What positions and resting orders set aside.",
        lambda view, _: money(view.context.account.used_margin),
    ),
    _row("margin_usage_percent", "Used margin as a share of the equity, in percent.", _margin_usage),
    _row("maintenance_margin", "The margin below which positions are liquidated.", _maintenance_margin),
    _row("margin_info", "Used, available and maintenance margin in a few lines.", _margin_info),
    _row("holdings_detail", "Cash, and each position's signed size and worth.", _holdings_detail),
    _row(
        "positions_detail",
        "Each position in full: size, margin, prices, P&L, funding, fees and how long it is open.",
        _positions_detail,
    ),
    _row(
        "recent_trades_summary",
        f"The last {_FILLS} fills that closed something, and how many of them won.",
        _recent_trades_summary,
    ),
    _row(
        "max_leverage",
        "The trader's leverage limit.",
        lambda view, _: str(view.context.trader.limits.max_leverage),
    ),
    _row(
        "default_leverage",
        "The leverage used where a decision names none.",
        lambda view, _: str(view.context.trader.limits.default_leverage),
    ),
    _row("leverage_constraints", "Which leverage is allowed, as a sentence.", _leverage_constraints),
    _row(
        "operational_constraints", "The limits an order has to keep, line by line.", _operational_constraints
    ),
)
