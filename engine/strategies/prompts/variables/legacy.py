"""Variables of older templates, which say in JSON what others say in words."""

from __future__ import annotations

import json

from engine.model.prompt import VariableFamily
from engine.strategies.prompts.variables.row import Holes, VariableRow
from engine.strategies.prompts.view import PromptView


def _account_state(view: PromptView, _holes: Holes) -> str:
    account = view.context.account
    return json.dumps(
        {
            "available_cash": float(account.available),
            "total_equity": float(account.equity),
            "used_margin": float(account.used_margin),
            "unrealized_pnl": float(account.unrealized_pnl),
            "realized_pnl": float(account.realized_pnl),
        }
    )


def _prices(view: PromptView, _holes: Holes) -> str:
    return json.dumps({item.symbol: float(item.mark) for item in view.context.symbols})


def _portfolio(view: PromptView, _holes: Holes) -> str:
    return json.dumps(
        {
            position.symbol: {
                "quantity": float(position.quantity),
                "entry_price": float(position.entry_price),
                "mark_price": float(position.mark_price),
                "unrealized_pnl": float(position.unrealized_pnl),
                "leverage": position.leverage,
            }
            for position in view.context.positions
        }
    )


ROWS = (
    VariableRow(
        pattern="account_state",
        family=VariableFamily.LEGACY,
        meaning="Cash, equity, margin and profit as JSON.",
        render=_account_state,
    ),
    VariableRow(
        pattern="prices_json",
        family=VariableFamily.LEGACY,
        meaning="The mark price of every symbol as JSON.",
        render=_prices,
    ),
    VariableRow(
        pattern="portfolio_json",
        family=VariableFamily.LEGACY,
        meaning="Every position as JSON; sizes of shorts are negative.",
        render=_portfolio,
    ),
)
