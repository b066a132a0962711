"""The metrics of equity: what it returned, at what risk, and how its days were spread."""

from __future__ import annotations

from engine.backtest.metrics import returns, trades
from engine.backtest.metrics.measured import MeasuredRun, growth_pct
from engine.backtest.metrics.metric import Better, Group, Unit, metric


def _pct(value: float | None) -> float | None:
    return None if value is None else value * 100


def _over_benchmark_pct(run: MeasuredRun) -> float | None:
    return (run.final_equity - run.final_benchmark) / run.cash * 100 if run.cash > 0 else None


def _calmar(run: MeasuredRun) -> float | None:
    yearly = returns.annualized_return_pct(run.cash, run.final_equity, run.span_days)
    deepest = run.drawdowns.deepest_pct
    return None if yearly is None or deepest == 0 else yearly / -deepest


_RETURN_METRICS = (
    metric(
        "total_return_pct",
        "Total return",
        Unit.PERCENT,
        "Final equity over the cash at the start, less 1.",
        lambda run: growth_pct(run.cash, run.final_equity),
        group=Group.RETURN,
        better=Better.HIGHER,
    ),
    metric(
        "annualized_return_pct",
        "Annualised return (CAGR)",
        Unit.PERCENT,
        "The yearly growth that compounds to the total return; a year has 365 days; "
        "undefined for less than a day.",
        lambda run: returns.annualized_return_pct(run.cash, run.final_equity, run.span_days),
        group=Group.RETURN,
        better=Better.HIGHER,
    ),
    metric(
        "buy_and_hold_return_pct",
        "Buy and hold",
        Unit.PERCENT,
        "What holding the first symbol from the first bar on for all the cash returned.",
        lambda run: growth_pct(run.cash, run.final_benchmark),
        group=Group.RETURN,
    ),
    metric(
        "excess_return_pct",
        "Return over buy and hold",
        Unit.PERCENT,
        "Total return less that of buy and hold, in percentage points.",
        _over_benchmark_pct,
        group=Group.RETURN,
        better=Better.HIGHER,
    ),
    metric(
        "alpha_pct",
        "Alpha (annual)",
        Unit.PERCENT,
        "The daily return that beta times the benchmark does not explain, compounded over 365 days.",
        lambda run: returns.alpha_pct(run.daily_returns, run.benchmark_returns),
        group=Group.RETURN,
        better=Better.HIGHER,
        source="Jensen 1968",
    ),
    metric(
        "beta",
        "Beta",
        Unit.RATIO,
        "How far equity moves with the benchmark: covariance of daily returns over the benchmark's variance.",
        lambda run: returns.beta(run.daily_returns, run.benchmark_returns),
        group=Group.RETURN,
    ),
)

_RISK_METRICS = (
    metric(
        "sharpe",
        "Sharpe ratio",
        Unit.RATIO,
        "Mean of daily UTC equity returns over their sample deviation, × √365; riskless rate 0.",
        lambda run: returns.sharpe_ratio(run.daily_returns),
        group=Group.RISK,
        better=Better.HIGHER,
        source="Sharpe 1994",
    ),
    metric(
        "sortino",
        "Sortino ratio",
        Unit.RATIO,
        "As Sharpe, over the root mean square of losing days only; undefined without a losing day.",
        lambda run: returns.sortino_ratio(run.daily_returns),
        group=Group.RISK,
        better=Better.HIGHER,
        source="Sortino and Price 1994",
    ),
    metric(
        "calmar",
        "Calmar ratio",
        Unit.RATIO,
        "Annualised return over the size of the deepest drawdown of the whole run.",
        _calmar,
        group=Group.RISK,
        better=Better.HIGHER,
        source="Young 1991",
    ),
    metric(
        "volatility_pct",
        "Volatility (annual)",
        Unit.PERCENT,
        "Sample deviation of daily UTC equity returns × √365.",
        lambda run: returns.annual_volatility_pct(run.daily_returns),
        group=Group.RISK,
        better=Better.LOWER,
    ),
    metric(
        "max_drawdown_pct",
        "Max drawdown",
        Unit.PERCENT,
        "The furthest equity fell below its highest value so far, over every bar, as a share of that value.",
        lambda run: run.drawdowns.deepest_pct,
        group=Group.RISK,
        better=Better.HIGHER,
    ),
    metric(
        "max_drawdown",
        "Max drawdown in money",
        Unit.MONEY,
        "The most equity fell below its highest value so far; not always the same fall as in per cent.",
        lambda run: run.drawdowns.deepest,
        group=Group.RISK,
        better=Better.HIGHER,
    ),
    metric(
        "max_drawdown_start_ms",
        "Max drawdown from",
        Unit.TIME,
        "The peak before the deepest drawdown in per cent.",
        lambda run: run.drawdowns.start_ms,
        group=Group.RISK,
    ),
    metric(
        "max_drawdown_end_ms",
        "Max drawdown trough",
        Unit.TIME,
        "The bar where that drawdown was deepest.",
        lambda run: run.drawdowns.end_ms,
        group=Group.RISK,
    ),
    metric(
        "max_drawdown_recovery_ms",
        "Max drawdown recovered",
        Unit.TIME,
        "The first bar at that peak again; undefined if equity never got back.",
        lambda run: run.drawdowns.recovery_ms,
        group=Group.RISK,
    ),
    metric(
        "max_drawdown_duration_ms",
        "Max drawdown lasted",
        Unit.DURATION,
        "From that peak to the recovery, or to the last bar without one.",
        lambda run: run.drawdowns.duration_ms,
        group=Group.RISK,
        better=Better.LOWER,
    ),
    metric(
        "longest_drawdown_ms",
        "Longest drawdown",
        Unit.DURATION,
        "The longest time from any peak until equity was there again, or to the last bar.",
        lambda run: run.drawdowns.longest_ms,
        group=Group.RISK,
        better=Better.LOWER,
    ),
    metric(
        "ulcer_index",
        "Ulcer index",
        Unit.PERCENT,
        "Root mean square of the drawdown at each UTC day's last bar: depth and length in one.",
        lambda run: returns.ulcer_index(run.daily_equity),
        group=Group.RISK,
        better=Better.LOWER,
        source="Martin and McCann 1989",
    ),
    metric(
        "value_at_risk_pct",
        "Daily value at risk, 95 %",
        Unit.PERCENT,
        "The 5th percentile of daily returns: one day in twenty was worse.",
        lambda run: returns.value_at_risk_pct(run.daily_returns),
        group=Group.RISK,
        better=Better.HIGHER,
    ),
    metric(
        "exposure_pct",
        "Exposure",
        Unit.PERCENT,
        "The share of bars at whose close a position was held.",
        lambda run: float(run.figures.exposed.mean()) * 100 if run.bars else None,
        group=Group.RISK,
    ),
)

_DAY_METRICS = (
    metric(
        "days",
        "Days",
        Unit.COUNT,
        "UTC days with a daily return, the first and last perhaps not whole.",
        lambda run: len(run.daily_returns),
        group=Group.DISTRIBUTION,
    ),
    metric(
        "best_day_pct",
        "Best day",
        Unit.PERCENT,
        "The highest daily return.",
        lambda run: _pct(trades.highest(run.daily_returns)),
        group=Group.DISTRIBUTION,
    ),
    metric(
        "worst_day_pct",
        "Worst day",
        Unit.PERCENT,
        "The lowest daily return.",
        lambda run: _pct(trades.lowest(run.daily_returns)),
        group=Group.DISTRIBUTION,
        better=Better.HIGHER,
    ),
    metric(
        "skew",
        "Skew",
        Unit.RATIO,
        "Third standardised moment of daily returns; below 0 the large days are losses.",
        lambda run: returns.skewness(run.daily_returns),
        group=Group.DISTRIBUTION,
    ),
    metric(
        "kurtosis",
        "Excess kurtosis",
        Unit.RATIO,
        "Fourth standardised moment of daily returns less 3; above 0 large days are commoner than normal.",
        lambda run: returns.excess_kurtosis(run.daily_returns),
        group=Group.DISTRIBUTION,
    ),
    metric(
        "tail_ratio",
        "Tail ratio",
        Unit.RATIO,
        "Size of the 95th percentile of daily returns over that of the 5th.",
        lambda run: returns.tail_ratio(run.daily_returns),
        group=Group.DISTRIBUTION,
        better=Better.HIGHER,
    ),
)

EQUITY_METRICS = (*_RETURN_METRICS, *_RISK_METRICS, *_DAY_METRICS)
