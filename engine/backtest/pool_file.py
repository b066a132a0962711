"""Pools in files, in the words that clients of the desk use: `POOL.json` of the command line."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

import msgspec

from engine.errors import InvalidInput
from engine.market.periods import Period
from engine.model.backtest import BacktestPool, PoolSignal
from engine.model.signal import PoolLogic
from engine.signals.conditions.grammar import parse_condition
from engine.signals.conditions.json_form import condition_of, read_form
from engine.text import safe_line

_SHAPE = 'a pool is {"signals": [{"name", "type", "config"|"trigger_condition"}…], "logic": "or"}'


class _SignalForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signal as JSON: a condition in words, or a `type` with its `config`, or a `trigger_condition`."""

    name: str = ""
    type: str = ""
    config: dict[str, msgspec.Raw] | None = None
    trigger_condition: dict[str, msgspec.Raw] | None = None
    condition: str = ""
    description: str = ""
    enabled: bool = True


class _PoolForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signals: tuple[_SignalForm, ...]
    name: str = ""
    logic: str = PoolLogic.AND
    symbols: tuple[str, ...] = ()
    cooldown_seconds: int = 0


def read_pools(path: Path, period: Period) -> tuple[BacktestPool, ...]:
    """Return the pool of a file, or each of an array of them.

    A condition in JSON that names no candle period is of `period`, the run's own. Raises `InvalidInput`
    naming the file, the signal and the field that is wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput.of("signals", str(path), f"a file that can be read: {error.strerror}") from error
    data = data.removeprefix(BOM_UTF8)
    kind: object = tuple[_PoolForm, ...] if data.lstrip().startswith(b"[") else _PoolForm
    try:
        read: object = msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = safe_line(str(error), 200)
        raise InvalidInput(f"signals: {path}: {reason}; {_SHAPE}", source=str(path), reason=reason) from error
    forms = (read,) if isinstance(read, _PoolForm) else msgspec.convert(read, tuple[_PoolForm, ...])
    if not forms:
        raise InvalidInput.of(f"signals: {path}", "a list without a pool", _SHAPE)
    return tuple(_pool(form, number, path, period) for number, form in enumerate(forms, start=1))


def _pool(form: _PoolForm, number: int, path: Path, period: Period) -> BacktestPool:
    name = form.name or (path.stem if number == 1 else f"{path.stem} {number}")
    if not any(signal.enabled for signal in form.signals):
        raise InvalidInput.of(f"signals: {path}: {name}", "no signal", "a pool has at least one")
    if form.logic.lower() not in tuple(PoolLogic):
        raise InvalidInput.of(
            f"signals: {path}: logic", safe_line(form.logic, 40), f"allowed is {', '.join(PoolLogic)}"
        )
    return BacktestPool(
        name=safe_line(name, 80),
        signals=tuple(
            _signal(signal, place, path, period)
            for place, signal in enumerate(form.signals, start=1)
            if signal.enabled
        ),
        logic=PoolLogic(form.logic.lower()),
        symbols=form.symbols,
        cooldown_seconds=form.cooldown_seconds,
    )


def _signal(form: _SignalForm, place: int, path: Path, period: Period) -> PoolSignal:
    where = f"signals: {path}: signal {place}" + (f" ({safe_line(form.name, 40)})" if form.name else "")
    given = [each for each in (form.config, form.trigger_condition, form.condition) if each]
    if len(given) != 1:
        raise InvalidInput.of(
            where, f"{len(given)} conditions", "give one: config, trigger_condition or condition"
        )
    try:
        text = form.condition or str(_condition_text(given[0], form.type, period))
        condition = str(parse_condition(text))
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error.message}", **{**error.details, "source": str(path)}) from error
    return PoolSignal(safe_line(form.name, 80) or condition, condition)


def _condition_text(fields: object, kind: str, period: Period) -> str:
    assert isinstance(fields, dict)
    data = {name: msgspec.json.decode(raw) for name, raw in fields.items()}
    if kind and "type" not in data:
        data["type"] = kind
    form = read_form(data)
    if not form.time_window and not (isinstance(form.period, str) and form.period):
        form = msgspec.structs.replace(form, time_window=period.value)
    return str(condition_of(form))
