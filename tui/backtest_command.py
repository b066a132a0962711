"""`nightdesk backtest`: a program over recorded candles, as a summary, JSON or an HTML report.

The result goes to standard output, progress to standard error and only to a terminal. Exit codes: 0
done, 1 the program failed or the run ended early, 2 a wrong option, 130 cancelled.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tui.option_parser import OptionParser
from tui.option_values import (
    LONGEST_SHOWN,
    read_decimal,
    read_params,
    read_percentage,
    read_period,
    read_seconds,
    read_time,
)

if TYPE_CHECKING:
    from engine.backtesting import Backtest
    from engine.errors import InvalidInput
    from engine.model.backtest import (
        BacktestProgress,
        BacktestRequest,
        BacktestResult,
        History,
        SweepRequest,
        SweepResult,
    )

WIDEST = 120
HIGHEST_LEVERAGE = 125
CANCELLED = 130
OF_SWEEPS = ("samples", "objective", "walk-forward", "workers", "cluster")
OF_ONE_RUN = ("report", "check")

OPTION_OF = {
    "program": "PROGRAM.py",
    "symbols": "--symbol",
    "period": "--period",
    "start_ms": "--from",
    "end_ms": "--to",
    "pools": "--signals",
    "schedule_seconds": "--schedule",
    "cash": "--cash",
    "taker_fee": "--taker-fee-pct",
    "maker_fee": "--maker-fee-pct",
    "slippage": "--slippage-pct",
    "venue": "--venue",
    "seed": "--seed",
    "sweep": "--sweep",
    "ranges": "--sweep",
    "samples": "--samples",
    "objective": "--objective",
    "workers": "--workers",
    "walk_forward.splits": "--walk-forward",
    "cluster": "--cluster",
}
"""Which option says what a field of the request holds, so that an error names what was written."""

EPILOG = """\
examples:
  nightdesk backtest rsi.py --candles btc-1m.parquet --symbol BTC --signals pool.json
  nightdesk backtest rsi.py --schedule 5m --from 2025-05-10 --to 2025-06-01
  nightdesk backtest rsi.py --candles BTC=btc.csv --candles ETH=eth.csv --schedule 1h --json
  nightdesk backtest rsi.py --signals pool.json --report rsi.html
  nightdesk backtest rsi.py --schedule 1h --sweep oversold=20,25,30 --sweep portion=0.2..0.8:0.2

A candle file (.parquet, .csv, .feather) has the columns t_ms open high low close
volume; t_ms is the UTC time a candle opens. Without one, the recording that comes
with the desk is used: three symbols, 51 days of minutes. A pool file is
  {"signals": [{"name": "low", "type": "crossover",
                "config": {"indicator": "rsi", "threshold": 30, "direction": "below"}}],
   "logic": "or", "symbols": ["BTC"]}
Without --venue no lot, tick or minimum notional applies; with it the venue's do.
"""


def build_backtest_parser() -> OptionParser:
    """Return the parser of `nightdesk backtest`."""
    parser = OptionParser(
        prog="nightdesk backtest",
        description="Run a program over recorded candles.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(version=False, data_command=None, program_command=None, backtest_command="run")
    add = parser.add_argument
    add("program", metavar="PROGRAM.py", type=Path, help="the program's source")
    add("--home", metavar="DIR", type=Path, default=argparse.SUPPRESS, help="where the desk keeps its files")
    history = parser.add_argument_group("history")
    add = history.add_argument
    add("--candles", metavar="[SYMBOL=]FILE", action="append", default=[], help="may be repeated")
    add("--stored", metavar="VENUE", help="use the candles that `nightdesk data` has stored of a venue")
    add("--symbol", metavar="NAME", action="append", default=[], help="may be repeated; default BTC")
    add("--period", default="1m", help="of the candles, and what data.period says; default 1m")
    add("--funding", metavar="[SYMBOL=]FILE", action="append", default=[], help="columns t_ms and rate")
    add("--from", dest="start", metavar="TIME", help="default: where the history begins")
    add("--to", dest="end", metavar="TIME", help="default: where the history ends")
    wakes = parser.add_argument_group("what wakes the program")
    add = wakes.add_argument
    add("--signals", metavar="POOL.json", type=Path, action="append", default=[], help="may be repeated")
    add("--schedule", metavar="EVERY", help="such as 30s, 5m or 1h of market time")
    money = parser.add_argument_group("money and rules")
    add = money.add_argument
    add("--cash", metavar="AMOUNT", default="10000", help="default 10000")
    add("--taker-fee-pct", metavar="PCT", help="default: the venue's, 0.05 without one")
    add("--maker-fee-pct", metavar="PCT", help="default: the venue's, 0.02 without one")
    add("--slippage-pct", metavar="PCT", default="0", help="how much worse takers fill; default 0")
    add("--venue", default="", help="apply this venue's lot, tick and minimum notional: binance")
    add("--max-leverage", metavar="N", type=int, default=50, help="default 50")
    add("--params", metavar="JSON", default="{}", help="what the program's init receives")
    add("--seed", metavar="N", type=int, default=0, help="goes into every random; default 0")
    sweep = parser.add_argument_group("sweeps")
    add = sweep.add_argument
    add("--sweep", metavar="NAME=VALUES", action="append", default=[], help="a,b,c or from..to:step")
    add("--samples", metavar="N", type=int, default=0, help="draw so many combinations instead of all")
    add("--objective", metavar="METRIC", default="", help="what the best run has most of; default sharpe")
    add("--walk-forward", metavar="N", type=int, default=0, help="choose on a part, try on the next, N times")
    add("--workers", metavar="N", type=int, default=0, help="processes; default: one a core")
    add("--cluster", metavar="URL", default="", help="dask://HOST:PORT or ray://HOST:PORT instead")
    output = parser.add_argument_group("output")
    output.add_argument(
        "--check", action="store_true", help="also test for look-ahead and for luck in the order of trades"
    )
    choice = output.add_mutually_exclusive_group()
    choice.add_argument("--json", action="store_true", help="print one JSON object")
    choice.add_argument("--report", metavar="FILE.html", type=Path, help="write one self-contained page")
    return parser


def run_backtest_command(options: argparse.Namespace, home: Path) -> int:
    """Carry the command out; raises `DeskError` for what the caller prints."""
    from engine.errors import InvalidInput

    try:
        _check_together(options)
        request = _request(options)
        if options.report is not None:
            _check_report(options.report)
        with _interrupts() as is_cancelled:
            if options.sweep:
                return _run_sweep(_sweep_request(options, request), home, is_cancelled, as_json=options.json)
            return _run_once(options, request, home, is_cancelled)
    except InvalidInput as error:
        raise _in_options(error, options) from error


def _shown(value: object) -> str:
    """Return what was given behind an option, on one line."""
    from engine.text import safe_line

    return safe_line(str(value), LONGEST_SHOWN)


def _check_together(options: argparse.Namespace) -> None:
    """Refuse options that would go unheard beside the others."""
    from engine.errors import InvalidInput

    for name in OF_SWEEPS:
        value = getattr(options, name.replace("-", "_"))
        if value and not options.sweep:
            raise InvalidInput.of(f"--{name}", _shown(value), "it belongs to --sweep")
    for name in OF_ONE_RUN:
        if getattr(options, name) and options.sweep:
            raise InvalidInput.of(f"--{name}", "with --sweep", "it is for one run; run the best of the sweep")


def _in_options(error: InvalidInput, options: argparse.Namespace) -> InvalidInput:
    """Return an error about a field of the request as one about the option that says it."""
    field, rest = error.message.partition(": ")[::2]
    is_of_store = field == "venue" and error.details.get("value") == options.stored
    option = "--stored" if is_of_store else OPTION_OF.get(field)
    return error if option is None else type(error)(f"{option}: {rest}", **{**error.details, "field": option})


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Take the first Ctrl-C or SIGTERM as the wish to end with what there is; yield whether one came.

    The second one ends the program at once.
    """
    wished = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.getsignal(number) for number in numbers}

    def as_before() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def wish(number: int, frame: object) -> None:
        wished.set()
        as_before()

    for number in numbers:
        signal.signal(number, wish)
    try:
        yield wished.is_set
    finally:
        as_before()


def _run_once(
    options: argparse.Namespace, request: BacktestRequest, home: Path, is_cancelled: Callable[[], bool]
) -> int:
    import asyncio

    from engine.backtesting import run

    bar = _ProgressBar()
    try:
        finished = asyncio.run(
            run(request, home, on_progress=bar.show, is_cancelled=is_cancelled, checks=options.check)
        )
    finally:
        bar.clear()
    _print_result(finished, options)
    return _exit_code(finished.result)


def _exit_code(result: BacktestResult) -> int:
    """Return 0 for a whole run; else say on standard error, in one line, what ended it."""
    from engine.model.backtest import BacktestStatus
    from engine.text import count

    sys.stdout.flush()
    decided = f"{result.program_calls:,} of {count(result.triggers, 'trigger')}"
    match result.status:
        case BacktestStatus.COMPLETED:
            return 0
        case BacktestStatus.CANCELLED:
            print(f"nightdesk: cancelled after {decided}; the result is of that part", file=sys.stderr)
            return CANCELLED
        case _:
            reason = result.ended_early or (result.error.sentence() if result.error else "")
            print(f"nightdesk: {result.status} after {decided}: {reason}", file=sys.stderr)
            return 1


def _print_result(finished: Backtest, options: argparse.Namespace) -> None:
    if options.json:
        import msgspec

        from engine.backtesting import json_of

        luck = finished.luck if options.check else None
        print(msgspec.json.encode(json_of(finished.result, finished.look_ahead, luck)).decode())
        return
    if options.report is not None:
        _write_report(options.report, finished.html())
    print(finished.text(min(WIDEST, shutil.get_terminal_size((100, 24)).columns)), end="")
    if options.check:
        print(_checked(finished))
    if options.report is not None:
        print(f"report written to {options.report}")


def _checked(finished: Backtest) -> str:
    """Say what the checks found, in sentences."""
    from engine.text import count

    finding, luck = finished.look_ahead, finished.luck
    if finding is None:
        said = ["Look-ahead: not checked; it needs candles of files and a program that was asked."]
    elif finding.is_clean:
        said = [f"Look-ahead: none; the future was changed at {count(len(finding.cuts), 'trigger')}."]
    else:
        said = [f"LOOK-AHEAD: the past changes with the future. {finding.difference}"]
    if luck is not None:
        orders, trades = count(luck.orders, "random order"), count(luck.trades, "trade")
        said.append(
            f"Luck: in {orders} of its {trades} the worst drawdown is"
            f" {luck.drawdown_pct.p5:.1f} % at the 5th percentile, {luck.drawdown_pct.p50:.1f} % at the"
            f" median; drawn anew, {luck.loss_share:.0%} end below the cash."
        )
    return "\n".join(said)


def _request(options: argparse.Namespace) -> BacktestRequest:
    import msgspec

    from engine.backtesting import read_pools, read_program
    from engine.errors import InvalidInput
    from engine.model.backtest import OPEN_LIMITS, BacktestRequest

    symbols, history = symbols_and_history(options)
    period = read_period(options.period, "--period")
    if not 1 <= options.max_leverage <= HIGHEST_LEVERAGE:
        raise InvalidInput.of("--max-leverage", options.max_leverage, f"1 to {HIGHEST_LEVERAGE}")
    taker_fee, maker_fee = options.taker_fee_pct, options.maker_fee_pct
    return BacktestRequest(
        source=read_program(options.program),
        name=options.program.stem,
        params=read_params(options.params, "--params"),
        symbols=symbols,
        period=period.value,
        pools=tuple(pool for path in options.signals for pool in read_pools(path, period)),
        schedule_seconds=0 if options.schedule is None else read_seconds(options.schedule, "--schedule"),
        history=history,
        start_ms=None if options.start is None else read_time(options.start, "--from"),
        end_ms=None if options.end is None else read_time(options.end, "--to"),
        cash=read_decimal(options.cash, "--cash"),
        taker_fee=None if taker_fee is None else read_percentage(taker_fee, "--taker-fee-pct"),
        maker_fee=None if maker_fee is None else read_percentage(maker_fee, "--maker-fee-pct"),
        slippage=read_percentage(options.slippage_pct, "--slippage-pct"),
        venue=options.venue,
        seed=options.seed,
        limits=msgspec.structs.replace(OPEN_LIMITS, max_leverage=options.max_leverage),
    )


def symbols_and_history(options: argparse.Namespace) -> tuple[tuple[str, ...], History]:
    """Return which symbols are traded, and where their candles come from."""
    from engine.errors import InvalidInput
    from engine.model.backtest import CandleFiles, Recording, StoredCandles

    symbols = tuple(options.symbol) or ("BTC",)
    candles = tuple(_symbol_and_path(text, symbols, "--candles") for text in options.candles)
    if not options.symbol and candles:
        symbols = tuple(dict.fromkeys(symbol for symbol, _ in candles))
    funding = tuple(_symbol_and_path(text, symbols, "--funding") for text in options.funding)
    for name in symbols:
        if not name or not name.isascii() or not name.isprintable() or " " in name:
            raise InvalidInput.of("--symbol", repr(name), "a name such as BTC")
    if candles and options.stored:
        raise InvalidInput.of("--stored", _shown(options.stored), "give --candles or --stored, not both")
    if funding and not candles:
        raise InvalidInput.of("--funding", _shown(options.funding[0]), "it belongs to --candles")
    if candles:
        return symbols, CandleFiles(candles, funding)
    return symbols, StoredCandles(options.stored) if options.stored is not None else Recording()


def _symbol_and_path(text: str, symbols: tuple[str, ...], option: str) -> tuple[str, str]:
    from engine.errors import InvalidInput

    symbol, separator, path = text.partition("=")
    is_named = bool(separator) and "/" not in symbol and "." not in symbol
    if not (path if is_named else text) or (is_named and not symbol):
        raise InvalidInput.of(option, text or "nothing", "allowed is FILE or SYMBOL=FILE")
    if is_named:
        return symbol, path
    if len(symbols) > 1:
        raise InvalidInput.of(option, text, "with several symbols say whose it is: SYMBOL=FILE")
    return symbols[0], text


def _sweep_request(options: argparse.Namespace, request: BacktestRequest) -> SweepRequest:
    from engine.backtesting import parse_range
    from engine.model.backtest import SweepRequest, WalkForward

    return SweepRequest(
        request=request,
        ranges=tuple(parse_range(text) for text in options.sweep),
        samples=options.samples,
        objective=options.objective or "sharpe",
        walk_forward=WalkForward(splits=options.walk_forward) if options.walk_forward else None,
        workers=options.workers,
        cluster=options.cluster,
    )


def _run_sweep(request: SweepRequest, home: Path, is_cancelled: Callable[[], bool], *, as_json: bool) -> int:
    import msgspec

    from engine.backtesting import run_sweep, sweep_text
    from engine.text import count

    bar = _ProgressBar()
    try:
        result: SweepResult = run_sweep(request, home, on_progress=bar.show, is_cancelled=is_cancelled)
    finally:
        bar.clear()
    if as_json:
        print(msgspec.json.encode(result).decode())
    else:
        print(sweep_text(result, min(WIDEST, shutil.get_terminal_size((100, 24)).columns)))
    if is_cancelled():
        sys.stdout.flush()
        made = sum(not line.error for line in result.lines)
        print(f"nightdesk: cancelled after {made:,} of {count(len(result.lines), 'run')}", file=sys.stderr)
        return CANCELLED
    return 0 if any(not line.error for line in result.lines) else 1


def _check_report(path: Path) -> None:
    """Refuse a report that could not be written before an hour of work is done for it."""
    from engine.errors import InvalidInput

    if path.is_dir() or not path.parent.is_dir():
        raise InvalidInput.of("--report", path, "a file in a folder that exists")


def _write_report(path: Path, html: str) -> None:
    from engine.errors import InvalidInput

    try:
        path.write_text(html, "utf-8")
    except OSError as error:
        raise InvalidInput.of("--report", path, f"a file that can be written: {error.strerror}") from error


class _ProgressBar:
    """One line on a terminal's standard error, painted anew ten times a second at most."""

    SECONDS_BETWEEN = 0.1
    CELLS = 30

    def __init__(self) -> None:
        self._is_shown = False
        self._quiet_until = 0.0
        self._is_terminal = sys.stderr.isatty()

    def show(self, progress: BacktestProgress) -> None:
        """Show how far a run is."""
        from engine.clock import WallClock

        now = WallClock().monotonic()
        if not self._is_terminal or now < self._quiet_until:
            return
        self._quiet_until = now + self.SECONDS_BETWEEN
        share = progress.done / progress.total if progress.total else 0.0
        filled = round(share * self.CELLS)
        bar = "█" * filled + "░" * (self.CELLS - filled)
        line = f"{progress.stage} {bar} {progress.done:,} of {progress.total:,}"
        print(f"\r\x1b[K{line[:79]}", end="", file=sys.stderr, flush=True)
        self._is_shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
