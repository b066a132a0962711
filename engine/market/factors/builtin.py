"""The built-in factors: one table in the factor language, grouped by what they look at.

Most are ratios, ranks or standard scores, so that one threshold means the same for every symbol.
Names are the field's; a trailing number is the number of candles looked at.
"""

from __future__ import annotations

from engine.model.factor import FactorCategory, FactorDefinition

type _Row = tuple[str, str, str]
"""Name, expression, meaning."""

_TREND: tuple[_Row, ...] = (
    ("sma20_gap", "close / sma(close, 20) - 1", "Distance of the close from its 20-candle mean."),
    ("sma50_gap", "close / sma(close, 50) - 1", "Distance of the close from its 50-candle mean."),
    ("ema20_gap", "close / ema(close, 20) - 1", "Distance of the close from its 20-candle EMA."),
    (
        "ema_cross_20_50",
        "ema(close, 20) / ema(close, 50) - 1",
        "Fast EMA against slow EMA: above 0 in an uptrend.",
    ),
    (
        "ema_cross_50_200",
        "ema(close, 50) / ema(close, 200) - 1",
        "Long-term EMA spread: the golden cross is at 0.",
    ),
    ("kama10_gap", "close / kama(close, 10) - 1", "Distance from an average that slows down in noise."),
    (
        "hma20_slope",
        "hma(close, 20) / delay(hma(close, 20), 1) - 1",
        "Change per candle of Hull's low-lag average.",
    ),
    (
        "linreg_slope20",
        "linreg_slope(close, 20) / close",
        "Slope of the regression line per candle, as a fraction.",
    ),
    (
        "linreg_slope60",
        "linreg_slope(close, 60) / close",
        "Slope of the long regression line, as a fraction.",
    ),
    ("adx14", "adx(14)", "Strength of a trend of either direction, 0 to 100; above 25 is called trending."),
    ("di_spread14", "plus_di(14) - minus_di(14)", "Upward less downward directional movement."),
    ("aroon25", "aroon_osc(25)", "How recent the 25-candle high is against the low, -100 to 100."),
    ("sar_gap", "close / sar() - 1", "Distance from the parabolic stop: above 0 while it trails a rise."),
    (
        "ichimoku_spread",
        "(midprice(9) - midprice(26)) / close",
        "Ichimoku's conversion line less its base line.",
    ),
)

_MOMENTUM: tuple[_Row, ...] = (
    ("rsi7", "rsi(close, 7)", "Fast relative strength index, 0 to 100."),
    ("rsi14", "rsi(close, 14)", "Wilder's relative strength index, 0 to 100."),
    ("rsi21", "rsi(close, 21)", "Slow relative strength index, 0 to 100."),
    ("roc5", "roc(close, 5)", "Price change over 5 candles, in percent."),
    ("roc10", "roc(close, 10)", "Price change over 10 candles, in percent."),
    ("roc20", "roc(close, 20)", "Price change over 20 candles, in percent."),
    ("roc60", "roc(close, 60)", "Price change over 60 candles, in percent."),
    ("macd_line", "ppo(close, 12, 26)", "MACD line in percent of the slow EMA."),
    ("macd_hist", "macd_line - ema(macd_line, 9)", "MACD line less its signal line, in percent."),
    ("stoch_k14", "sma(stoch(14), 3)", "Smoothed place of the close in the 14-candle range, 0 to 100."),
    (
        "stoch_rsi14",
        "(rsi14 - min(rsi14, 14)) / (max(rsi14, 14) - min(rsi14, 14))",
        "Place of RSI in its own range, 0 to 1.",
    ),
    ("willr14", "willr(14)", "Williams' %R, -100 at the low to 0 at the high."),
    ("cci20", "cci(20)", "Commodity channel index; beyond ±100 is unusual."),
    ("cmo14", "cmo(close, 14)", "Chande's momentum oscillator, -100 to 100."),
    ("trix15", "trix(close, 15)", "Change of a triple EMA, in percent: momentum without noise."),
    ("ultosc_7_14_28", "ultosc(7, 14, 28)", "Buying pressure over three spans, 0 to 100."),
    (
        "tsi25",
        "100 * ema(ema(delta(close, 1), 25), 13) / ema(ema(abs(delta(close, 1)), 25), 13)",
        "True strength index, -100 to 100.",
    ),
)

_VOLATILITY: tuple[_Row, ...] = (
    ("natr14", "natr(14)", "Average true range in percent of the close."),
    ("volatility20", "std(log_returns, 20)", "Standard deviation of log returns per candle."),
    ("volatility60", "std(log_returns, 60)", "The same over 60 candles."),
    (
        "volatility_ratio",
        "volatility20 / volatility60",
        "Short against long volatility: above 1 while it rises.",
    ),
    (
        "parkinson20",
        "sqrt(sum(power(log(high / low), 2), 20) / (20 * 4 * log(2)))",
        "Parkinson's volatility from highs and lows.",
    ),
    (
        "garman_klass20",
        "sqrt(max2(sma(0.5 * power(log(high / low), 2) - (2 * log(2) - 1) * power(log(close /"
        " open), 2), 20), 0))",
        "Garman and Klass's volatility from all four prices.",
    ),
    (
        "rogers_satchell20",
        "sqrt(max2(sma(log(high / close) * log(high / open) + log(low / close) * log(low / open), 20), 0))",
        "Rogers and Satchell's volatility, which a trend does not raise.",
    ),
    (
        "bollinger_width20",
        "4 * std(close, 20) / sma(close, 20)",
        "Width of the 2σ Bollinger bands, as a fraction.",
    ),
    ("keltner_width20", "4 * atr(20) / ema(close, 20)", "Width of Keltner's 2-ATR channel, as a fraction."),
    ("range_ratio20", "range / sma(range, 20)", "This candle's range against the usual one."),
    ("downside20", "sqrt(sma(power(min2(returns, 0), 2), 20))", "Deviation of the losing candles alone."),
    (
        "ulcer14",
        "sqrt(sma(power(100 * (close / max(close, 14) - 1), 2), 14))",
        "Ulcer index: depth and length of drawdowns, in percent.",
    ),
    (
        "choppiness14",
        "100 * log(sum(true_range, 14) / (max(high, 14) - min(low, 14))) / log(14)",
        "Choppiness, 0 to 100: high while price goes nowhere.",
    ),
    ("vol_of_vol20", "std(volatility20, 20) / sma(volatility20, 20)", "How unsteady volatility itself is."),
)

_VOLUME: tuple[_Row, ...] = (
    ("volume_ratio20", "volume / sma(volume, 20)", "Volume against its 20-candle mean."),
    ("volume_zscore50", "zscore(volume, 50)", "Volume in standard deviations from its mean."),
    ("volume_trend", "sma(volume, 5) / sma(volume, 20) - 1", "Short against long mean volume."),
    ("obv_zscore20", "zscore(obv(), 20)", "On-balance volume in standard deviations from its mean."),
    (
        "obv_slope20",
        "linreg_slope(obv(), 20) / sma(volume, 20)",
        "Slope of on-balance volume in units of mean volume.",
    ),
    ("mfi14", "mfi(14)", "Money flow index, 0 to 100: RSI weighted by turnover."),
    ("cmf20", "cmf(20)", "Chaikin money flow, -1 to 1: where in their ranges candles close."),
    ("adosc_3_10", "macd(ad(), 3, 10) / sma(volume, 10)", "Chaikin oscillator in units of mean volume."),
    (
        "force13",
        "ema(delta(close, 1) * volume, 13) / (atr(13) * sma(volume, 13))",
        "Elder's force index in units of range and volume.",
    ),
    ("vwap_gap", "close / vwap - 1", "Distance from the volume-weighted price since UTC midnight."),
    ("vwma20_gap", "close / vwma(close, 20) - 1", "Distance from the volume-weighted mean of 20 candles."),
    (
        "up_volume20",
        "sum(where(returns > 0, volume, 0), 20) / sum(volume, 20)",
        "Share of volume in rising candles, 0 to 1.",
    ),
    (
        "volume_price_corr20",
        "corr(close, volume, 20)",
        "Whether volume comes with high or with low prices, -1 to 1.",
    ),
    (
        "amihud20",
        "1000000 * sum(abs(returns), 20) / sum(turnover, 20)",
        "Amihud's illiquidity: move per million traded.",
    ),
)

_STATISTICAL: tuple[_Row, ...] = (
    ("zscore20", "zscore(close, 20)", "Close in standard deviations from its 20-candle mean."),
    ("zscore100", "zscore(close, 100)", "Close in standard deviations from its 100-candle mean."),
    ("skew60", "skew(returns, 60)", "Skewness of returns: below 0 where the large moves are falls."),
    ("kurt60", "kurt(returns, 60)", "Excess kurtosis of returns: how much comes in few large moves."),
    ("autocorr1_60", "corr(returns, delay(returns, 1), 60)", "Whether returns continue (above 0) or revert."),
    (
        "variance_ratio5",
        "var(log(close / delay(close, 5)), 60) / (5 * var(log_returns, 60))",
        "Lo and MacKinlay's ratio: above 1 in trends, below in mean reversion.",
    ),
    ("efficiency20", "efficiency(close, 20)", "Kaufman's efficiency: net move over the path, 0 to 1."),
    ("price_rank50", "ts_rank(close, 50)", "Share of the last candles that closed lower, 0 to 1."),
    ("sharpe60", "sma(returns, 60) / std(returns, 60)", "Mean return over its deviation, per candle."),
    ("up_share20", "sum(returns > 0, 20) / 20", "Share of rising candles, 0 to 1."),
    ("max_return20", "max(returns, 20)", "Largest single-candle gain: lottery-like demand."),
    ("high_age50", "argmax(high, 50) / 49", "How long ago the high of 50 candles was, 0 to 1."),
    (
        "regression_residual20",
        "(close - linreg(close, 20)) / std(close, 20)",
        "Distance from the regression line, in standard deviations.",
    ),
)

_COMPOSITE: tuple[_Row, ...] = (
    (
        "risk_adjusted_momentum20",
        "roc20 / (100 * volatility20 * sqrt(20))",
        "Momentum in units of the volatility it came with.",
    ),
    (
        "trend_consensus",
        "(sign(sma20_gap) + sign(ema_cross_20_50) + sign(macd_hist) + sign(di_spread14)) / 4",
        "How many trend measures agree, -1 to 1.",
    ),
    ("directed_adx14", "adx14 * sign(di_spread14) / 100", "Trend strength with its direction, -1 to 1."),
    (
        "squeeze20",
        "bollinger_width20 / keltner_width20",
        "Below 1 while the bands lie inside the channel: a squeeze.",
    ),
    (
        "breakout20",
        "(close - delay(max(high, 20), 1)) / delay(atr(14), 1)",
        "Distance above the previous 20-candle high, in ATR.",
    ),
    (
        "breakdown20",
        "(close - delay(min(low, 20), 1)) / delay(atr(14), 1)",
        "Distance from the previous 20-candle low, in ATR.",
    ),
    (
        "volume_weighted_momentum10",
        "roc10 * clip(volume_ratio20, 0.2, 5)",
        "Momentum, counted more where volume is unusual.",
    ),
    ("elder_ray13", "(high + low - 2 * ema(close, 13)) / atr(14)", "Bull power plus bear power, in ATR."),
    ("oscillator_mean14", "(rsi14 + mfi14 + stoch_k14) / 3 - 50", "Mean of three oscillators around 0."),
    (
        "obv_divergence20",
        "ts_rank(obv(), 20) - ts_rank(close, 20)",
        "Volume ranking above price: accumulation, and the reverse.",
    ),
    (
        "volume_reversal20",
        "0 - zscore20 * clip(volume_ratio20, 0, 5)",
        "Stretched price on high volume, signed for a reversal.",
    ),
    (
        "quality_trend20",
        "sign(roc20) * efficiency20 * clip(adx14 / 50, 0, 1)",
        "A smooth, strong trend with its direction, -1 to 1.",
    ),
    ("alpha6", "0 - corr(open, volume, 10)", "Kakushadze's alpha 6: opens falling as volume rises."),
    (
        "alpha12",
        "0 - sign(delta(volume, 1)) * delta(close, 1) / atr(14)",
        "Kakushadze's alpha 12 in ATR: fading moves on rising volume.",
    ),
)

_TABLES = {
    FactorCategory.TREND: _TREND,
    FactorCategory.MOMENTUM: _MOMENTUM,
    FactorCategory.VOLATILITY: _VOLATILITY,
    FactorCategory.VOLUME: _VOLUME,
    FactorCategory.STATISTICAL: _STATISTICAL,
    FactorCategory.COMPOSITE: _COMPOSITE,
}

BUILT_IN = tuple(
    FactorDefinition(name=name, category=category, expression=expression, meaning=meaning)
    for category, rows in _TABLES.items()
    for name, expression, meaning in rows
)
