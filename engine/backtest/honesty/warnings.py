"""What an honest reader must know before believing a result, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.backtest.honesty.sharpe_significance import probabilistic_sharpe
from engine.backtest.metrics.daily import DAYS_PER_YEAR
from engine.backtest.metrics.measured import MeasuredRun
from engine.backtest.metrics.value_text import utc_text
from engine.model.backtest import ExitReason, WalkForwardStep
from engine.text import count

if TYPE_CHECKING:
    from engine.backtest.figures import RunFigures
    from engine.backtest.honesty.look_ahead import LookAheadFinding

FEWEST_TRADES = 30
"""Below this the law of large numbers has not begun to help."""
LARGEST_SHARE_OF_PROFIT = 0.5
LEAST_EXPOSURE_PCT = 1.0
SIGNIFICANT = 0.95
"""The probability from which a Sharpe ratio counts as more than luck."""
LEAST_KEPT_OUT_OF_SAMPLE = 0.5


def run_warnings(
    figures: RunFigures,
    metrics: Mapping[str, float | None],
    look_ahead: LookAheadFinding | None = None,
) -> tuple[str, ...]:
    """Return the warnings of one run, given its metrics and, if one was made, its look-ahead check."""
    found = list(_look_ahead_warning(look_ahead))
    if not figures.trades:
        return (*found, "No trade was made.")
    return (
        *found,
        *_few_trades(figures),
        *_liquidations(figures),
        *_profit_of_one_trade(figures),
        *_profit_of_one_day(figures),
        *_costs(figures),
        *_low_exposure(metrics),
        *_insignificant_sharpe(metrics),
    )


def sweep_warnings(
    trials: int,
    deflated_sharpe: float | None,
    objective: str,
    steps: Sequence[WalkForwardStep] = (),
) -> tuple[str, ...]:
    """Return the warnings of a sweep of `trials` runs, which chose its best by the metric `objective`."""
    return (*_over_fitted(trials, deflated_sharpe), *_weak_out_of_sample(objective, steps))


def _look_ahead_warning(finding: LookAheadFinding | None) -> Iterator[str]:
    if finding is not None and not finding.is_clean:
        cut = "a cut" if finding.cut_ms is None else utc_text(finding.cut_ms)
        yield f"The run knew the future: with everything after {cut} changed, {finding.difference}."


def _few_trades(figures: RunFigures) -> Iterator[str]:
    closed = sum(trade.exit_ms is not None for trade in figures.trades)
    if closed < FEWEST_TRADES:
        yield (
            f"Only {count(closed, 'closed trade')}: below {FEWEST_TRADES} "
            "every figure about trades is mostly chance."
        )


def _liquidations(figures: RunFigures) -> Iterator[str]:
    liquidated = sum(trade.exit_reason is ExitReason.LIQUIDATION for trade in figures.trades)
    if liquidated:
        yield f"{count(liquidated, 'position')} liquidated."


def _profit_of_one_trade(figures: RunFigures) -> Iterator[str]:
    best = max(figures.trades, key=lambda trade: trade.pnl)
    profit = sum(float(trade.pnl) for trade in figures.trades)
    if profit > 0 and len(figures.trades) > 1 and float(best.pnl) > LARGEST_SHARE_OF_PROFIT * profit:
        yield f"One trade, number {best.number}, made {_percent(float(best.pnl) / profit)} of the profit."


def _profit_of_one_day(figures: RunFigures) -> Iterator[str]:
    equity = MeasuredRun(figures).daily_equity
    if len(equity) <= 2 or equity[-1] <= equity[0]:
        return
    share = float((equity[1:] - equity[:-1]).max() / (equity[-1] - equity[0]))
    if share > LARGEST_SHARE_OF_PROFIT:
        yield f"One day made {_percent(share)} of the profit."


def _costs(figures: RunFigures) -> Iterator[str]:
    gross = sum(float(trade.gross_pnl) for trade in figures.trades)
    costs = float(figures.fees) - float(figures.funding)
    if costs >= gross > 0:
        yield f"Fees and funding of {costs:,.2f} are larger than the gross profit of {gross:,.2f}."


def _low_exposure(metrics: Mapping[str, float | None]) -> Iterator[str]:
    exposure = metrics.get("exposure_pct")
    if exposure is not None and exposure < LEAST_EXPOSURE_PCT:
        yield f"A position was held for {exposure:.2g} % of the time: the result rests on few moments."


def _insignificant_sharpe(metrics: Mapping[str, float | None]) -> Iterator[str]:
    sharpe, days, skew, kurtosis = (metrics.get(name) for name in ("sharpe", "days", "skew", "kurtosis"))
    if sharpe is None or sharpe <= 0 or days is None or skew is None or kurtosis is None:
        return
    probability = probabilistic_sharpe(sharpe / DAYS_PER_YEAR**0.5, int(days), skew, kurtosis)
    if probability is not None and probability < SIGNIFICANT:
        yield (
            f"Over {int(days)} days a Sharpe ratio of {sharpe:.2f} is above 0 with a probability of "
            f"only {_percent(probability)}."
        )


def _over_fitted(trials: int, deflated_sharpe: float | None) -> Iterator[str]:
    if trials > 1 and deflated_sharpe is not None and deflated_sharpe < SIGNIFICANT:
        yield (
            f"Over-fitting: the best of {trials} runs is better than luck alone explains with a probability "
            f"of only {_percent(deflated_sharpe)} (deflated Sharpe ratio)."
        )


def _weak_out_of_sample(objective: str, steps: Sequence[WalkForwardStep]) -> Iterator[str]:
    pairs = [(step.train.get(objective), step.test.get(objective)) for step in steps]
    both = [(train, test) for train, test in pairs if train is not None and test is not None]
    if not both:
        return
    trained = sum(train for train, _ in both) / len(both)
    tested = sum(test for _, test in both) / len(both)
    if trained > 0 and tested < LEAST_KEPT_OUT_OF_SAMPLE * trained:
        yield (
            f"Over-fitting: {objective} is {trained:.2f} on the training parts and {tested:.2f} on the parts "
            "that follow them."
        )


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
