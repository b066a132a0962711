"""The few figures every report begins with, for a page and for a terminal."""

from __future__ import annotations

import msgspec

from engine.backtest.metrics import METRICS
from engine.backtest.metrics.value_text import ABSENT, money_text, percent_text, utc_text, value_text
from engine.model.backtest import BacktestResult
from engine.text import count


class HeadlineFigure(msgspec.Struct, frozen=True):
    """A figure, what it is called, what to know beside it, and its tone: gain, loss or neither."""

    title: str
    value: str
    about: str
    tone: str = ""


def headline_figures(result: BacktestResult) -> tuple[HeadlineFigure, ...]:
    """Return eight figures, most important first."""
    metrics = result.metrics
    fees, funding = float(result.fees), float(result.funding)
    total = metrics.get("total_return_pct")
    return (
        HeadlineFigure(
            METRICS["total_return_pct"].title,
            ABSENT if total is None else percent_text(total, signed=True),
            f"buy and hold {_percent(metrics.get('buy_and_hold_return_pct'))}",
            _tone(total),
        ),
        HeadlineFigure(
            "Final equity",
            money_text(float(result.final_equity)),
            f"{money_text(float(result.total_pnl), signed=True)} on {money_text(float(result.request.cash))}",
            _tone(float(result.total_pnl)),
        ),
        HeadlineFigure(
            METRICS["sharpe"].title,
            _written(result, "sharpe"),
            "daily UTC equity returns × √365",
            _tone(metrics.get("sharpe")),
        ),
        HeadlineFigure(
            METRICS["max_drawdown_pct"].title,
            _written(result, "max_drawdown_pct"),
            _drawdown_dates(result),
            _tone(metrics.get("max_drawdown_pct")),
        ),
        HeadlineFigure(
            METRICS["annualized_return_pct"].title,
            _percent(metrics.get("annualized_return_pct")),
            f"volatility {_written(result, 'volatility_pct')}, Calmar {_written(result, 'calmar')}",
            _tone(metrics.get("annualized_return_pct")),
        ),
        HeadlineFigure(
            METRICS["win_rate"].title,
            _written(result, "win_rate"),
            f"{count(len(result.trades), 'trade')}, {_written(result, 'open_trades')} still open",
        ),
        HeadlineFigure(
            METRICS["profit_factor"].title,
            _written(result, "profit_factor"),
            f"{_written(result, 'expectancy')} a trade on average",
        ),
        HeadlineFigure(
            "Fees and funding",
            money_text(fees - funding),
            f"fees {money_text(fees)}, funding {money_text(funding, signed=True)}",
        ),
    )


def _written(result: BacktestResult, name: str) -> str:
    return value_text(result.metrics.get(name), METRICS[name].unit)


def _percent(value: float | None) -> str:
    return ABSENT if value is None else percent_text(value, signed=True)


def _drawdown_dates(result: BacktestResult) -> str:
    start, end = result.metrics.get("max_drawdown_start_ms"), result.metrics.get("max_drawdown_end_ms")
    if start is None or end is None:
        return "equity never fell below its highest"
    recovery = result.metrics.get("max_drawdown_recovery_ms")
    after = "not recovered" if recovery is None else f"recovered {utc_text(int(recovery))[:10]}"
    return f"{utc_text(int(start))[:10]} to {utc_text(int(end))[:10]}, {after}"


def _tone(value: float | None) -> str:
    return "" if not value else "gain" if value > 0 else "loss"
