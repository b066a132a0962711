"""`nightdesk prompt-backtest`: a prompt over recorded markets, and past decisions asked again.

Results go to standard output, progress to standard error and only to a terminal. Exit codes: 0 done, 1
something failed or the run ended early, 2 a wrong option, 130 interrupted, with what there was kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tui.model_access import add_passphrase_option, connection_id_named, open_vault, trader_named
from tui.option_parser import OptionParser, home_option
from tui.option_values import (
    read_decimal,
    read_percentage,
    read_period,
    read_seconds,
    read_text_file,
    read_time,
)

if TYPE_CHECKING:
    from engine.desk import Desk
    from engine.model.account import TraderConfig
    from engine.model.prompt_backtest import PromptBacktestRequest, PromptRun, ReplayRequest

EPILOG = """\
examples:
  nightdesk prompt-backtest run pro --trader Rulebook --schedule 4h --from 2025-06-01
  nightdesk prompt-backtest run mine.txt --trader Ada --connection OpenAI --model gpt-4.1-mini --max-usd 2
  nightdesk prompt-backtest run pro --trader Ada --cache read_only
  nightdesk prompt-backtest replay --trader Ada --last 20 --replace bold careful
  nightdesk prompt-backtest list
  nightdesk prompt-backtest show pbt-0003
  nightdesk prompt-backtest diff pbt-0003 pbt-0004

Replies are recorded: the same run again asks nobody, costs nothing and comes out the same. Nothing is
traded. The commands open the home, which a running desk holds.
"""


def build_prompt_backtest_parser() -> OptionParser:
    """Return the parser of everything behind `nightdesk prompt-backtest`."""
    home = home_option(OptionParser)
    parser = OptionParser(
        prog="nightdesk prompt-backtest",
        description="Ask a model over recorded markets, or past decisions with another prompt.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[home],
    )
    commands = parser.add_subparsers(dest="prompt_backtest_command", required=True, metavar="COMMAND")

    def command(name: str, summary: str) -> OptionParser:
        return commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", parents=[home]
        )

    _add_run_options(command("run", "ask a prompt over recorded snapshots, and trade its answers on paper"))
    _add_replay_options(command("replay", "ask past decisions again with a changed prompt"))
    command("list", "show the runs of the home")
    show = command("show", "print what a run came to")
    show.add_argument("run_id", metavar="RUN", help="such as pbt-0003")
    show.add_argument("--json", action="store_true", help="print one JSON object")
    diff = command("diff", "show what changed: in a replay, or between two runs over snapshots")
    diff.add_argument("run_id", metavar="RUN", help="such as pbt-0003")
    diff.add_argument("other", metavar="DECISION|RUN", nargs="?", help="one decision, or the other run")
    return parser


def _add_run_options(parser: OptionParser) -> None:
    add = parser.add_argument
    add("prompt", metavar="FILE.txt|NAME", help="a file, or the name of a saved prompt")
    add("--trader", metavar="NAME", required=True, help="whose limits and, unless given, model count")
    _add_model_options(parser)
    add("--symbol", metavar="NAME", action="append", default=[], help="may be repeated; default the trader's")
    add("--period", help="of candles; default the trader's")
    add("--schedule", metavar="EVERY", help="a snapshot such as every 4h; default 4h without --signals")
    add("--signals", metavar="POOL.json", type=Path, action="append", default=[], help="and at each fire")
    add("--candles", metavar="[SYMBOL=]FILE", action="append", default=[], help="may be repeated")
    add("--funding", metavar="[SYMBOL=]FILE", action="append", default=[], help="columns t_ms and rate")
    add("--stored", metavar="VENUE", help="use the candles that `nightdesk data` has stored of a venue")
    add("--from", dest="start", metavar="TIME", help="default: where the history begins")
    add("--to", dest="end", metavar="TIME", help="default: where the history ends")
    add("--cash", metavar="AMOUNT", help="default: the trader's initial capital")
    add("--slippage-pct", metavar="PCT", default="0", help="how much worse takers fill; default 0")
    add("--max-samples", metavar="N", type=int, default=500, help="most snapshots; default 500")
    add("--json", action="store_true", help="print one JSON object")


def _add_replay_options(parser: OptionParser) -> None:
    add = parser.add_argument
    add("decisions", metavar="DECISION", nargs="*", help="ids of decisions")
    add("--trader", metavar="NAME", help="in place of ids: the last decisions of this trader")
    add("--last", metavar="N", type=int, default=20, help="how many of them; default 20")
    _add_model_options(parser)
    add("--replace", metavar=("FIND", "WITH"), nargs=2, action="append", default=[], help="may be repeated")
    add("--prompt", metavar="FILE.txt", type=Path, help="the whole prompt to ask with, as it is")
    add("--json", action="store_true", help="print one JSON object")


def _add_model_options(parser: OptionParser) -> None:
    add = parser.add_argument
    add("--connection", metavar="NAME", help="where to ask: a name, a number or rules; default the trader's")
    add("--model", metavar="NAME", help="which model; default the trader's")
    add("--cache", choices=("read_write", "read_only", "off"), default="read_write", help="recorded replies")
    add("--max-usd", metavar="USD", default="5", help="end once so much is spent, 0 for no bound; default 5")
    add("--name", default="", help="what to call the run")
    add_passphrase_option(parser)


def run_prompt_backtest_command(options: argparse.Namespace, home: Path) -> int:
    """Carry out one command; raises `DeskError` for what the caller prints."""
    import asyncio

    return asyncio.run(_at_home(options, home))


async def _at_home(options: argparse.Namespace, home: Path) -> int:
    from engine.program_files import library
    from engine.settings import load_settings
    from tui import prompt_backtest_reports as reports

    async with library(home, load_settings(home)) as desk:
        match options.prompt_backtest_command:
            case "run":
                request = _run_request(desk, options)
                await open_vault(desk, request.connection_id, options.passphrase_fd)
                run = await _followed(desk, lambda: desk.prompt_backtests.start(request))
                await reports.show(desk, run.run_id, as_json=options.json)
            case "replay":
                replay = await _replay_request(desk, options)
                await open_vault(desk, replay.connection_id, options.passphrase_fd)
                run = await _followed(desk, lambda: desk.prompt_backtests.start_replay(replay))
                await reports.show(desk, run.run_id, as_json=options.json)
            case "list":
                reports.show_list(desk)
                return 0
            case "show":
                await reports.show(desk, options.run_id, as_json=options.json)
                return 0
            case _:
                await reports.show_difference(desk, options.run_id, options.other)
                return 0
    return _exit_code(run)


async def _followed(desk: Desk, start: Callable[[], Awaitable[PromptRun]]) -> PromptRun:
    """Start a run, show how far it is, and return its line once it is over."""
    from engine.model.event import Topic
    from engine.model.prompt_backtest import PromptRunStatus

    news = desk.stream([Topic.PROMPT_BACKTESTS])
    try:
        run = await start()
        while run.status is PromptRunStatus.RUNNING:
            batch = await anext(news)
            run = batch.levels.get((Topic.PROMPT_BACKTESTS, run.run_id), run)
            if sys.stderr.isatty():
                done = f"{run.run_id}: {run.completed + run.failed:,} of {run.total:,}"
                print(f"\r{done}, {run.cost_usd:.4f} USD\x1b[K", end="", file=sys.stderr, flush=True)
    finally:
        news.close()
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    return run


def _exit_code(run: PromptRun) -> int:
    """Return 0 for a whole run; else say on standard error, in one line, what ended it."""
    from engine.model.prompt_backtest import PromptRunStatus

    sys.stdout.flush()
    if run.status is PromptRunStatus.COMPLETED:
        return 0
    print(f"nightdesk: {run.run_id} is {run.status}: {run.error}", file=sys.stderr)
    return 1


def _run_request(desk: Desk, options: argparse.Namespace) -> PromptBacktestRequest:
    from engine.backtesting import read_pools
    from engine.model.prompt_backtest import PromptBacktestRequest, ReplyCacheMode
    from tui.backtest_command import symbols_and_history

    trader = trader_named(desk, options.trader)
    named = bool(options.symbol) or bool(options.candles)
    symbols, history = symbols_and_history(options)
    period = read_period(options.period or trader.period, "--period")
    connection_id, model = _model(desk, options, trader)
    prompt_id, version, name, text = _prompt(desk, options.prompt)
    schedule = options.schedule or ("" if options.signals else "4h")
    return PromptBacktestRequest(
        text=text,
        trader_id=trader.trader_id,
        connection_id=connection_id,
        model=model,
        name=options.name or name,
        prompt_id=prompt_id,
        prompt_version=version,
        symbols=symbols if named else trader.symbols,
        period=period.value,
        schedule_seconds=read_seconds(schedule, "--schedule") if schedule else 0,
        pools=tuple(pool for path in options.signals for pool in read_pools(path, period)),
        history=history,
        start_ms=None if options.start is None else read_time(options.start, "--from"),
        end_ms=None if options.end is None else read_time(options.end, "--to"),
        cash=trader.initial_capital if options.cash is None else read_decimal(options.cash, "--cash"),
        slippage=read_percentage(options.slippage_pct, "--slippage-pct"),
        cache=ReplyCacheMode(options.cache),
        max_usd=read_decimal(options.max_usd, "--max-usd") or None,
        max_samples=options.max_samples,
    )


async def _replay_request(desk: Desk, options: argparse.Namespace) -> ReplayRequest:
    from engine.errors import InvalidInput
    from engine.model.prompt_backtest import ReplacementRule, ReplayRequest, ReplyCacheMode

    if bool(options.decisions) is (options.trader is not None):
        raise InvalidInput.of(
            "DECISION", "ids and --trader", "give ids of decisions or --trader, one of them"
        )
    decisions = tuple(options.decisions)
    if options.trader is not None:
        trader = trader_named(desk, options.trader)
        recent = await desk.arena.chat(trader_id=trader.trader_id, limit=options.last)
        decisions = tuple(record.decision_id for record in recent if record.prompt)
    else:
        story = await desk.arena.story(decisions[0])
        trader = trader_named(desk, str(story.record.trader_id))
    connection_id, model = _model(desk, options, trader)
    return ReplayRequest(
        decision_ids=decisions,
        connection_id=connection_id,
        model=model,
        name=options.name,
        text="" if options.prompt is None else read_text_file(options.prompt, "--prompt"),
        rules=tuple(ReplacementRule(find, replace) for find, replace in options.replace),
        cache=ReplyCacheMode(options.cache),
        max_usd=read_decimal(options.max_usd, "--max-usd") or None,
    )


def _model(desk: Desk, options: argparse.Namespace, trader: TraderConfig) -> tuple[int, str]:
    """Return which connection and model are asked: what was named, else the trader's."""
    connection_id = trader.connection_id
    if options.connection is not None:
        connection_id = connection_id_named(desk, options.connection)
    return connection_id, options.model or trader.model


def _prompt(desk: Desk, named: str) -> tuple[int, int, str, str]:
    """Return id, version, name and text of a saved prompt, or of a file, which has neither of the first."""
    from engine.errors import NotFound

    path = Path(named)
    if path.is_file():
        return 0, 0, path.stem, read_text_file(path, "FILE")
    for prompt in desk.prompts.prompts():
        if named in (prompt.name, str(prompt.prompt_id)):
            return prompt.prompt_id, prompt.version, prompt.name, prompt.text
    names = ", ".join(prompt.name for prompt in desk.prompts.prompts()) or "none"
    raise NotFound(f"FILE: {named} is neither a file nor a saved prompt; saved are {names}")
