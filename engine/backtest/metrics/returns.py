"""Formulas over returns per UTC day, as fractions; None is undefined.

Annualised with 365 days, since these markets never close, and against a riskless rate of 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.backtest.metrics.daily import DAYS_PER_YEAR

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLEST_DEVIATION = 1e-14
"""Below this a deviation is only the rounding of floats."""


def sample_deviation(returns: NDArray[np.float64]) -> float | None:
    """Return the sample standard deviation (n - 1), None for fewer than two returns or for equal ones."""
    if len(returns) < 2:
        return None
    deviation = float(returns.std(ddof=1))
    return deviation if deviation > SMALLEST_DEVIATION else None


def sharpe_ratio(returns: NDArray[np.float64]) -> float | None:
    """Return mean / sample deviation x sqrt(365).

    W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21(1), 1994.
    """
    deviation = sample_deviation(returns)
    return None if deviation is None else float(returns.mean()) / deviation * math.sqrt(DAYS_PER_YEAR)


def sortino_ratio(returns: NDArray[np.float64]) -> float | None:
    """Return mean / downside deviation x sqrt(365); None without a losing day.

    The downside deviation is the root of the mean of min(return, 0) squared over all days.
    F. A. Sortino and L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal of
    Investing 3(3), 1994.
    """
    if not len(returns):
        return None
    downside = math.sqrt(float((returns.clip(max=0.0) ** 2).mean()))
    if downside <= SMALLEST_DEVIATION:
        return None
    return float(returns.mean()) / downside * math.sqrt(DAYS_PER_YEAR)


def annual_volatility_pct(returns: NDArray[np.float64]) -> float | None:
    """Return the sample deviation x sqrt(365), in per cent; None for fewer than two days."""
    if len(returns) < 2:
        return None
    return float(returns.std(ddof=1)) * math.sqrt(DAYS_PER_YEAR) * 100


def annualized_return_pct(start_value: float, end_value: float, span_days: float) -> float | None:
    """Return the yearly growth that compounds to the whole: (end / start)^(365 / days) - 1, in per cent.

    None for less than a day, of which a year says nothing, and where it is beyond a float; -100 for
    an end of 0 or less.
    """
    if span_days < 1 or start_value <= 0:
        return None
    if end_value <= 0:
        return -100.0
    return _compounded_pct(end_value / start_value, DAYS_PER_YEAR / span_days)


def skewness(returns: NDArray[np.float64]) -> float | None:
    """Return the third standardised moment of the days themselves (not corrected for sample size)."""
    return _standardised_moment(returns, 3)


def excess_kurtosis(returns: NDArray[np.float64]) -> float | None:
    """Return the fourth standardised moment less 3, which is 0 for a normal distribution."""
    moment = _standardised_moment(returns, 4)
    return None if moment is None else moment - 3


def tail_ratio(returns: NDArray[np.float64]) -> float | None:
    """Return the size of the 95th percentile over that of the 5th; None where the latter is 0."""
    import numpy as np

    if not len(returns):
        return None
    low, high = np.abs(np.percentile(returns, (5, 95)))
    return float(high / low) if low > 0 else None


def value_at_risk_pct(returns: NDArray[np.float64]) -> float | None:
    """Return the 5th percentile of the days, in per cent: one day in twenty was worse."""
    import numpy as np

    return float(np.percentile(returns, 5)) * 100 if len(returns) else None


def ulcer_index(values: NDArray[np.float64]) -> float | None:
    """Return the root mean square of the daily drawdowns in per cent; `values` begin with the cash.

    P. G. Martin and B. B. McCann, "The Investor's Guide to Fidelity Funds", 1989.
    """
    import numpy as np

    if len(values) < 2 or values[0] <= 0:
        return None
    drawdowns_pct = (values / np.maximum.accumulate(values) - 1)[1:] * 100
    return math.sqrt(float((drawdowns_pct**2).mean()))


def beta(returns: NDArray[np.float64], benchmark: NDArray[np.float64]) -> float | None:
    """Return the covariance with the benchmark over the benchmark's variance."""
    if sample_deviation(benchmark) is None:
        return None
    from_mean = benchmark - benchmark.mean()
    # Summed by numpy: a linear-algebra library rounds differently from process to process.
    together = float((from_mean * (returns - returns.mean())).sum())
    return together / float((from_mean * from_mean).sum())


def alpha_pct(returns: NDArray[np.float64], benchmark: NDArray[np.float64]) -> float | None:
    """Return the daily return that the benchmark does not explain, compounded over 365 days, in per cent.

    (1 + mean(return - beta x benchmark return))^365 - 1; M. C. Jensen, "The Performance of Mutual
    Funds in the Period 1945-1964", Journal of Finance 23(2), 1968.
    """
    slope = beta(returns, benchmark)
    if slope is None:
        return None
    growth = 1 + float((returns - slope * benchmark).mean())
    return _compounded_pct(growth, DAYS_PER_YEAR) if growth > 0 else -100.0


def _compounded_pct(growth: float, times: float) -> float | None:
    try:
        return (math.pow(growth, times) - 1) * 100
    except OverflowError:
        return None


def _standardised_moment(returns: NDArray[np.float64], order: int) -> float | None:
    if sample_deviation(returns) is None:
        return None
    from_mean = returns - returns.mean()
    return float((from_mean**order).mean()) / math.pow(float((from_mean**2).mean()), order / 2)
