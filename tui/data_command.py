"""`nightdesk data`: import, list, gaps, backfill and export of recorded candles.

Tables and results go to standard output, progress to standard error and only to a terminal.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.option_parser import home_option
from tui.option_values import read_period, read_time

if TYPE_CHECKING:
    from engine.candle_data import BackfillProgress, BackfillTask, CandleData, SeriesKey

WIDTH = 80
SERIES_WIDTH = 28
PROGRESS_SECONDS = 0.25

EPILOG = """\
examples:
  nightdesk data import user_data/data/binance/futures/*-1m-futures.feather
  nightdesk data import btc.csv --venue binance --symbol BTC
  nightdesk data list
  nightdesk data gaps BTC
  nightdesk data backfill binance BTC 1m --from 2025-05-01 --to 2025-06-01
  nightdesk data export binance BTC 1h btc.parquet

Times are UTC; a range holds the candles that open from its start until before
its end. All of it works while a desk runs on the same home.
"""


def build_data_parser() -> argparse.ArgumentParser:
    """Return the parser of everything behind `nightdesk data`."""
    home = home_option(argparse.ArgumentParser)
    parser = argparse.ArgumentParser(
        prog="nightdesk data",
        description="Recorded candles: bring them in, see what is there, fetch what is missing.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[home],
    )
    parser.set_defaults(version=False, program_command=None, backtest_command=None)
    commands = parser.add_subparsers(dest="data_command", required=True, metavar="COMMAND")

    def command(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", parents=[home]
        )

    imports = command("import", "store the candles of files: of all of them or, on an error, of none")
    imports.add_argument("files", nargs="+", metavar="FILE", type=Path, help=".parquet, .csv or .feather")
    imports.add_argument("--venue", help="such as binance; needed unless a freqtrade file's folder says it")
    imports.add_argument("--symbol", help="such as BTC; needed unless a freqtrade file's name says it")
    imports.add_argument("--period", help="such as 1m; left out, it is told from the rows' spacing")
    imports.add_argument(
        "--replace", action="store_true", help="let rows that differ from stored ones take their place"
    )
    command("list", "show what is stored")
    gaps = command("gaps", "show which candles are missing")
    gaps.add_argument("symbol", nargs="?", metavar="SYMBOL", help="only this symbol's")
    backfill = command("backfill", "fetch what is missing from a venue; can be repeated and goes on")
    _add_series(backfill)
    backfill.add_argument("--from", dest="start", metavar="TIME", required=True, help="such as 2025-05-01")
    backfill.add_argument("--to", dest="end", metavar="TIME", help="such as 2025-05-31T12:00; default now")
    backfill.add_argument("--base-url", metavar="URL", help="another address of the venue's REST interface")
    export = command("export", "write stored candles to a file; a longer period is made of minutes")
    _add_series(export)
    export.add_argument("file", metavar="FILE", type=Path, help="ending in .parquet, .csv or .feather")
    export.add_argument("--from", dest="start", metavar="TIME", help="default: the first candle")
    export.add_argument("--to", dest="end", metavar="TIME", help="default: the last candle")
    export.add_argument("--replace", action="store_true", help="write over a file that is there")
    return parser


def _add_series(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("venue", metavar="VENUE", help="binance or hyperliquid")
    parser.add_argument("symbol", metavar="SYMBOL", help="such as BTC")
    parser.add_argument("period", metavar="PERIOD", help="such as 1m, 1h, 1d")


def run_data_command(options: argparse.Namespace, home: Path) -> int:
    """Carry out one command on `home`; raises `DeskError` for what the caller prints."""
    from engine.candle_data import CandleData

    data = CandleData(home)
    match options.data_command:
        case "import":
            return _import(data, options)
        case "list":
            return _list(data)
        case "gaps":
            return _gaps(data, options.symbol)
        case "backfill":
            return _backfill(data, options)
        case _:
            return _export(data, options)


def _import(data: CandleData, options: argparse.Namespace) -> int:
    imported = data.import_files(
        options.files,
        venue=options.venue,
        symbol=options.symbol,
        period=None if options.period is None else read_period(options.period, "--period"),
        replace=options.replace,
    )
    for each in imported:
        rows = each.rows
        print(f"{each.path}: {each.key}")
        print(f"  {rows.added:,} new, {rows.replaced:,} replaced, {rows.equal:,} already there")
    return 0


def _list(data: CandleData) -> int:
    covered = data.coverage()
    if not covered:
        print("no candles are stored; nightdesk data import or backfill brings some in")
        return 0
    rows = [
        (_series(each.key), f"{each.rows:,}", _time(each.first_ms), _time(each.last_ms), f"{each.missing:,}")
        for each in covered
    ]
    _print_table(("series", "rows", "first", "last", "missing"), rows)
    return 0


def _gaps(data: CandleData, symbol: str | None) -> int:
    series = data.gaps(symbol)
    rows = [
        (_series(each.coverage.key), _time(gap.start_ms), _time(gap.end_ms), f"{gap.missing:,}")
        for each in series
        for gap in each.gaps
    ]
    if rows:
        _print_table(("series", "from", "until", "missing"), rows)
    else:
        print(f"no gaps in {len(series)} series" if series else "no candles are stored")
    return 0


def _export(data: CandleData, options: argparse.Namespace) -> int:
    exported = data.export(
        options.venue,
        options.symbol,
        read_period(options.period, "PERIOD"),
        options.file,
        read_time(options.start, "--from") if options.start else None,
        read_time(options.end, "--to") if options.end else None,
        replace=options.replace,
    )
    print(f"{exported.path}: {exported.rows:,} candles of {exported.key}")
    if exported.aggregated_from:
        print(f"  {exported.key.period} is not stored: made of {exported.aggregated_from} candles")
    return 0


def _backfill(data: CandleData, options: argparse.Namespace) -> int:
    from engine.candle_data import BackfillState
    from engine.clock import WallClock

    task = data.backfill(
        options.venue,
        options.symbol,
        read_period(options.period, "PERIOD"),
        read_time(options.start, "--from"),
        read_time(options.end, "--to") if options.end else WallClock().now_ms(),
        base_url=options.base_url,
    )
    progress = asyncio.run(_run_shown(task))
    if progress.note:
        print(progress.note)
    written = f"{progress.rows_written:,} candles of {progress.key} written"
    if progress.state is BackfillState.DONE:
        print(written)
        return 0
    if progress.state is BackfillState.CANCELLED:
        print(f"nightdesk: cancelled at {progress.percent:.0f} %; {written}", file=sys.stderr)
        return 130
    print(f"nightdesk: {progress.error}", file=sys.stderr)
    print(f"{written}; repeat the command to go on", file=sys.stderr)
    return 1


async def _run_shown(task: BackfillTask) -> BackfillProgress:
    """Run a backfill with a line of progress; Ctrl-C and SIGTERM cancel it in order."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    showing = asyncio.create_task(_show(task)) if sys.stderr.isatty() else None
    try:
        return await task.run()
    finally:
        if showing is not None:
            showing.cancel()
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


async def _show(task: BackfillTask) -> None:
    while True:
        progress = task.progress
        line = f"{progress.percent:5.1f} %  {progress.rows_written:,} candles  {progress.note}"
        print(f"\r\x1b[K{line[: WIDTH - 1]}", end="", file=sys.stderr, flush=True)
        await asyncio.sleep(PROGRESS_SECONDS)


def _series(key: SeriesKey) -> str:
    text = str(key)
    return (
        text if len(text) <= SERIES_WIDTH else f"{text[: SERIES_WIDTH - len(key.period) - 2]}… {key.period}"
    )


def _time(ts_ms: int) -> str:
    from tui.format import market_date_time

    return market_date_time(ts_ms)


def _print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as their content, the first to the left and the others to the right."""
    table = [header, *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(header))]
    for row in table:
        cells = (
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        print(" ".join(cells).rstrip())
