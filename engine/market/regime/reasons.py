"""Why a candle has its regime, in words with the numbers and what they were compared with."""

from __future__ import annotations

from engine.model.regime import Regime, RegimeDirection, RegimeInputs, RegimeThresholds

_FLOW_NAMES = {"cvd_ratio": "CVD", "taker_ratio": "taker ratio"}
_PRICE_NAMES = {"price_atr": "move in ATR", "range_atr": "range in ATR"}
_CANDLES_NEEDED = 15


def regime_reasons(
    inputs: RegimeInputs, regime: Regime, direction: RegimeDirection, thresholds: RegimeThresholds
) -> tuple[str, ...]:
    """Return one sentence for each thing that decided the regime, the decisive ones first."""
    reasons = _decisive(inputs, regime, thresholds)
    if regime not in (Regime.UNKNOWN, Regime.STOP_HUNT) and inputs.oi_delta is None:
        reasons.append("open interest is not known, so no rule that needs it can match")
    if regime is not Regime.UNKNOWN:
        reasons.append(_direction(inputs, direction))
    return tuple(reasons)


def _decisive(inputs: RegimeInputs, regime: Regime, limits: RegimeThresholds) -> list[str]:
    cvd = f"takers' net is {_percent(inputs.cvd_ratio)} of the volume"
    move = f"the candle moved {_number(inputs.price_atr)} ATR"
    oi = f"open interest changed by {_number(inputs.oi_delta)} %"
    match regime:
        case Regime.UNKNOWN:
            return _missing(inputs)
        case Regime.STOP_HUNT:
            return [
                f"the range is {_number(inputs.range_atr)} ATR, more than {limits.stop_hunt_range_atr:g}",
                f"{move}, less than {limits.stop_hunt_price_atr:g} either way",
            ]
        case Regime.BREAKOUT:
            return [
                f"{cvd}, beyond {_percent(limits.strong_cvd)}",
                f"{move} the same way, beyond {limits.breakout_price_atr:g}",
                f"the body is {_percent(inputs.body)} of the range, above {_percent(limits.breakout_body)}",
                _push(inputs, limits),
            ]
        case Regime.EXHAUSTION:
            return [
                f"{cvd}, beyond {_percent(limits.strong_cvd)}",
                f"{oi}, below {limits.exhaustion_oi:g}",
                f"RSI is {_number(inputs.rsi)}, outside {limits.exhaustion_rsi_low:g} to"
                f" {limits.exhaustion_rsi_high:g}",
            ]
        case Regime.TRAP:
            return [
                f"{cvd}, beyond {_percent(limits.strong_cvd)}",
                f"{oi}, below {limits.trap_oi:g}",
                f"{move}, less than {limits.trap_price_atr:g} either way",
            ]
        case Regime.ABSORPTION:
            return [
                f"{cvd}, beyond {_percent(limits.strong_cvd)}",
                f"{move}, at most {limits.absorption_price_atr:g} either way",
            ]
        case Regime.CONTINUATION:
            return [
                f"{cvd}, beyond {_percent(limits.continuation_cvd)}",
                f"{move} the same way, beyond {limits.continuation_price_atr:g}",
            ]
        case Regime.NOISE:
            return [f"{cvd} and {move}: no rule matches"]


def _missing(inputs: RegimeInputs) -> list[str]:
    reasons = []
    flow = [name for field, name in _FLOW_NAMES.items() if getattr(inputs, field) is None]
    price = [name for field, name in _PRICE_NAMES.items() if getattr(inputs, field) is None]
    if flow:
        reasons.append(f"not known: {' and '.join(flow)}")
    if price:
        reasons.append(f"not known: {' and '.join(price)}, which need {_CANDLES_NEEDED} candles that moved")
    return reasons


def _push(inputs: RegimeInputs, limits: RegimeThresholds) -> str:
    if inputs.oi_delta is not None and inputs.oi_delta > limits.breakout_oi:
        return f"open interest changed by {_number(inputs.oi_delta)} %, above {limits.breakout_oi:g}"
    return (
        f"takers bought {_number(inputs.taker_ratio)} times what they sold,"
        f" a logarithm beyond {limits.breakout_taker_log:g}"
    )


def _direction(inputs: RegimeInputs, direction: RegimeDirection) -> str:
    taker = None if inputs.taker_ratio is None else inputs.taker_ratio - 1
    signs = ", ".join(
        f"{name} {_sign(value)}"
        for name, value in (("CVD", inputs.cvd_ratio), ("takers", taker), ("price", inputs.price_atr))
    )
    return f"{direction}: {signs}"


def _sign(value: float | None) -> str:
    if value is None:
        return "not known"
    return "up" if value > 0 else "down" if value < 0 else "even"


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "not known" if value is None else f"{value * 100:.1f} %"
