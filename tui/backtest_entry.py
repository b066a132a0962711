"""A backtest as it is typed: texts in fields become a request, and a request becomes texts again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from engine.errors import InvalidInput
from engine.model.backtest import (
    BacktestPool,
    BacktestRequest,
    CandleFiles,
    History,
    ParameterRange,
    PoolSignal,
    Recording,
    StoredCandles,
)
from engine.model.program import Parameter
from engine.model.signal import SignalDefinition, SignalPool
from tui import format as fmt
from tui.numbers import advice_on, read_number
from tui.program_params import params_text, read_params, read_schedule
from tui.signal_view import duration

RECORDING, STORE, FILES = "recording", "store", "files"
HISTORY_WORDS = {RECORDING: "the recording", STORE: "stored candles", FILES: "candle files"}
SOURCE_HINTS = {
    RECORDING: "what the desk replays",
    STORE: "venue, such as binance",
    FILES: "BTC=btc.parquet, ETH=eth.csv",
}
DATE_ALLOWED = "give a UTC date such as 2026-01-31 or 2026-01-31 12:00, or nothing"


class BacktestFields(msgspec.Struct, frozen=True, kw_only=True):
    """What the dialog holds: texts as they were typed; fees and slippage in per cent."""

    symbols: str
    period: str
    history: str
    source: str
    start: str
    end: str
    cash: str
    seed: str
    taker: str
    maker: str
    slippage: str
    venue: str
    schedule: str
    params: str


def fields_of(request: BacktestRequest) -> BacktestFields:
    """Return a request as texts; reading them gives the same request back."""
    history, source = RECORDING, ""
    match request.history:
        case StoredCandles(venue):
            history, source = STORE, venue
        case CandleFiles(candles):
            history, source = FILES, ", ".join(f"{symbol}={path}" for symbol, path in candles)
        case Recording():
            pass
    return BacktestFields(
        symbols=", ".join(request.symbols),
        period=request.period,
        history=history,
        source=source,
        start=_time_text(request.start_ms),
        end=_time_text(request.end_ms),
        cash=f"{request.cash:f}",
        seed=str(request.seed) if request.seed else "",
        taker=_percent_text(request.taker_fee),
        maker=_percent_text(request.maker_fee),
        slippage=_percent_text(request.slippage) if request.slippage else "",
        venue=request.venue,
        schedule=duration(request.schedule_seconds) if request.schedule_seconds else "",
        params=params_text(request.params),
    )


def read_request(
    fields: BacktestFields, base: BacktestRequest, pools: Iterable[BacktestPool]
) -> BacktestRequest:
    """Return the request that texts say, with the program and limits of `base`.

    Raises `InvalidInput` naming the field, the value and what is allowed.
    """
    symbols = read_symbols(fields.symbols)
    return msgspec.structs.replace(
        base,
        symbols=symbols,
        period=fields.period,
        history=read_history(fields.history, fields.source, symbols, base.history),
        start_ms=read_time(fields.start, "start_ms"),
        end_ms=read_time(fields.end, "end_ms"),
        cash=_read_decimal(fields.cash, "cash", "give an amount above 0, such as 10,000"),
        seed=_read_seed(fields.seed),
        taker_fee=read_percent(fields.taker, "taker_fee"),
        maker_fee=read_percent(fields.maker, "maker_fee"),
        slippage=read_percent(fields.slippage, "slippage") or Decimal(0),
        venue=fields.venue,
        schedule_seconds=read_schedule(fields.schedule),
        params=read_parameters(fields.params),
        pools=tuple(_narrowed(pool, symbols) for pool in pools),
    )


def read_symbols(text: str) -> tuple[str, ...]:
    """Return the symbols a text names, each once, in its order."""
    names = tuple(dict.fromkeys(word.upper() for word in text.replace(",", " ").split()))
    if not names:
        raise InvalidInput.of("symbols", "none", "name at least one, such as BTC, ETH")
    return names


def read_history(kind: str, text: str, symbols: Sequence[str], before: History | None = None) -> History:
    """Return where candles come from; funding files of the same candles as before stay."""
    if kind == RECORDING:
        return before if isinstance(before, Recording) else Recording()
    if kind == STORE:
        if not text.strip():
            raise InvalidInput.of("history", "no venue", "name the venue the candles were imported from")
        return StoredCandles(text.strip())
    candles = tuple(_read_file(part.strip(), symbols) for part in text.split(",") if part.strip())
    if not candles:
        raise InvalidInput.of("history", "no file", "give each symbol its file, such as BTC=btc.parquet")
    if isinstance(before, CandleFiles) and before.candles == candles:
        return before
    return CandleFiles(candles)


def _read_file(text: str, symbols: Sequence[str]) -> tuple[str, str]:
    symbol, sign, path = (part.strip() for part in text.partition("="))
    if sign and symbol and path:
        return symbol.upper(), path
    if sign or len(symbols) > 1:
        raise InvalidInput.of("history", text[:80], "with several symbols say whose it is: BTC=btc.parquet")
    return symbols[0], text


def read_time(text: str, field: str) -> int | None:
    """Return a UTC date or time in milliseconds, None for none."""
    typed = text.strip()
    if not typed:
        return None
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise InvalidInput.of(field, typed[:40], DATE_ALLOWED) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * 1000


def read_percent(text: str, field: str) -> Decimal | None:
    """Return a percentage as a fraction, None for none; a rebate is below 0."""
    typed = text.strip().removesuffix("%").strip()
    if not typed:
        return None
    sign = -1 if typed.startswith("-") else 1
    number = _read_decimal(typed.removeprefix("-"), field, "give per cent, such as 0.05, or nothing")
    return sign * number / 100


def read_parameters(text: str) -> dict[str, Parameter]:
    """Return parameters written as `oversold=30, side=long` or as one JSON object."""
    if not text.strip().startswith("{"):
        return read_params(text)
    try:
        return msgspec.json.decode(text, type=dict[str, str | float | int | bool | None])
    except msgspec.MsgspecError as error:
        raise InvalidInput.of(
            "params", text.strip()[:40], f"a JSON object of plain values, or name=value: {error}"
        ) from None


def _read_decimal(text: str, field: str, allowed: str) -> Decimal:
    number = read_number(text)
    if number is None:
        raise InvalidInput.of(field, text.strip()[:40] or "nothing", advice_on(text) or allowed)
    return number


def _read_seed(text: str) -> int:
    typed = text.strip()
    if not typed:
        return 0
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 18):
        raise InvalidInput.of("seed", typed[:40], "give a whole number, 0 or more")
    return int(typed)


def read_count(text: str, field: str, most: int, empty: int = 0) -> int:
    """Return a whole number up to `most`, `empty` for none."""
    typed = text.strip()
    if not typed:
        return empty
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 9 and int(typed) <= most):
        raise InvalidInput.of(field, typed[:40], f"give a whole number up to {most:,}, or nothing")
    return int(typed)


def read_ranges(text: str) -> tuple[ParameterRange, ...]:
    """Return the ranges of a sweep, parted by blanks or semicolons: `fast=5,10,20 slow=30..90:10`."""
    from engine.backtesting import parse_range

    parts = text.replace(";", " ").split()
    return tuple(parse_range(part) for part in parts)


def ranges_text(ranges: Iterable[ParameterRange]) -> str:
    """Return ranges as they are typed."""
    return " ".join(f"{item.name}={','.join(_plain(value) for value in item.values)}" for item in ranges)


def _plain(value: Parameter) -> str:
    return params_text({"x": value}).removeprefix("x=")


def backtest_pool(pool: SignalPool, definitions: Iterable[SignalDefinition]) -> BacktestPool:
    """Return a pool of the desk for a run, with the conditions its signals have now."""
    known = {item.signal_id: item for item in definitions}
    members = [known[signal_id] for signal_id in pool.signal_ids if signal_id in known]
    return BacktestPool(
        name=pool.name,
        signals=tuple(PoolSignal(member.name, member.condition) for member in members),
        logic=pool.logic,
        symbols=pool.symbols,
        cooldown_seconds=pool.cooldown_seconds,
    )


def pool_words(pool: BacktestPool) -> str:
    """Return what a pool fires on."""
    return f" {pool.logic} ".join(signal.name for signal in pool.signals) or "no signals"


def request_words(request: BacktestRequest) -> str:
    """Return a request in a sentence."""
    start, end = _time_text(request.start_ms), _time_text(request.end_ms)
    span = f"from {start or 'its beginning'} to {end or 'its end'}" if start or end else "all of it"
    wakes = [pool.name for pool in request.pools]
    if request.schedule_seconds:
        wakes.append(f"every {duration(request.schedule_seconds)}")
    params = f", with {params_text(request.params)}" if request.params else ""
    return (
        f"{request.name} on {', '.join(request.symbols)}, {request.period} candles, {span}, "
        f"{fmt.money(request.cash)} cash, woken by {' + '.join(wakes) or 'nothing'}{params}"
    )


def _narrowed(pool: BacktestPool, symbols: Sequence[str]) -> BacktestPool:
    """Return a pool on those of its symbols that the run has; one of none of them stays to be refused."""
    kept = tuple(symbol for symbol in pool.symbols if symbol in symbols)
    return msgspec.structs.replace(pool, symbols=kept or pool.symbols)


def _time_text(ts_ms: int | None) -> str:
    if ts_ms is None:
        return ""
    return fmt.market_date_time(ts_ms).removesuffix(" 00:00")


def _percent_text(share: Decimal | None) -> str:
    return "" if share is None else f"{(share * 100).normalize():f}"
