"""How likely it is that a Sharpe ratio is more than luck, and more than the best of many tries.

D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 2012
(probabilistic), and "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5), 2014. Sharpe
ratios here are per observation, so per day and not annualised, unless a name says annual.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist, variance

from engine.backtest.metrics.daily import DAYS_PER_YEAR

_EULER_MASCHERONI = 0.5772156649015329
_NORMAL = NormalDist()


def probabilistic_sharpe(
    sharpe: float, observations: int, skew: float, excess_kurtosis: float, benchmark: float = 0.0
) -> float | None:
    """Return the probability that the true Sharpe ratio is above `benchmark`, from 0 to 1.

    Φ((SR - SR*) √(n - 1) / √(1 - skew SR + (kurtosis - 1) / 4 SR²)), with the kurtosis of a normal
    distribution being 3. None for fewer than two observations or where the root is of 0 or less.
    """
    if observations < 2:
        return None
    spread = 1 - skew * sharpe + (excess_kurtosis + 2) / 4 * sharpe**2
    if not spread > 0:
        return None
    return _NORMAL.cdf((sharpe - benchmark) * math.sqrt(observations - 1) / math.sqrt(spread))


def expected_highest_sharpe(trials: int, sharpe_variance: float) -> float:
    """Return the Sharpe ratio that the best of `trials` worthless tries is expected to show.

    √V ((1 - γ) Φ⁻¹(1 - 1/N) + γ Φ⁻¹(1 - 1/(N e))), γ being the Euler-Mascheroni constant; 0 for
    fewer than two trials.
    """
    if trials < 2 or sharpe_variance <= 0:
        return 0.0
    typical = _NORMAL.inv_cdf(1 - 1 / trials)
    extreme = _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(sharpe_variance) * ((1 - _EULER_MASCHERONI) * typical + _EULER_MASCHERONI * extreme)


def deflated_sharpe(
    sharpe: float,
    observations: int,
    skew: float,
    excess_kurtosis: float,
    trials: int,
    sharpe_variance: float,
) -> float | None:
    """Return the probability that the best Sharpe ratio of `trials` is above what luck alone would show.

    `sharpe_variance` is that of the Sharpe ratios tried. None as in `probabilistic_sharpe`.
    """
    benchmark = expected_highest_sharpe(trials, sharpe_variance)
    return probabilistic_sharpe(sharpe, observations, skew, excess_kurtosis, benchmark)


def deflated_sharpe_of_best(
    best: Mapping[str, float | None], annual_sharpes: Sequence[float | None]
) -> float | None:
    """Return the deflated Sharpe ratio of a sweep's best run.

    `best` are its metrics (`sharpe`, `days`, `skew`, `kurtosis`), `annual_sharpes` the `sharpe` of
    every run, its own included; undefined ones are not trials. None where the best run's own are
    undefined. Every run counts as a trial of its own: runs that hardly differ make the result
    stricter than it need be.
    """
    sharpe, days, skew, kurtosis = (best.get(name) for name in ("sharpe", "days", "skew", "kurtosis"))
    if sharpe is None or days is None or skew is None or kurtosis is None:
        return None
    tried = [trial / math.sqrt(DAYS_PER_YEAR) for trial in annual_sharpes if trial is not None]
    return deflated_sharpe(
        sharpe / math.sqrt(DAYS_PER_YEAR),
        int(days),
        skew,
        kurtosis,
        len(tried),
        variance(tried) if len(tried) > 1 else 0.0,
    )
