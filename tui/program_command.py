"""`nightdesk program`: new, validate, test, bind and list programs from the command line.

Results go to standard output, errors of a program as `FILE:LINE: what is wrong; what to write`. Exit
codes: 0 done, 1 the program is wrong or failed, 2 a wrong option.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui.option_parser import OptionParser, home_option
from tui.option_values import (
    read_params,
    read_period,
    read_seconds,
    read_text_file,
    read_text_if_there,
    read_time,
)

if TYPE_CHECKING:
    from engine.desk import ProgramDesk
    from engine.model.program import Program, ProgramRun, SourceProblem

EPILOG = """\
examples:
  nightdesk program new breakout.py --form class
  nightdesk program new mine.py --from rsi_mean_reversion
  nightdesk program validate mine.py
  nightdesk program test mine.py --symbol BTC --params '{"portion": 0.1}'
  nightdesk program bind mine.py --trader Reversion --schedule 5m
  nightdesk program list

`test` runs a program once on the market that comes with the desk and trades nothing.
`bind` and `list` open the home, which a running desk holds: use its programs screen then.
"""


def build_program_parser() -> OptionParser:
    """Return the parser of everything behind `nightdesk program`."""
    home = home_option(OptionParser)
    parser = OptionParser(
        prog="nightdesk program",
        description="Programs: write them, try them, give them to traders.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[home],
    )
    parser.set_defaults(version=False, data_command=None, backtest_command=None)
    commands = parser.add_subparsers(dest="program_command", required=True, metavar="COMMAND")

    def command(name: str, summary: str) -> OptionParser:
        return commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", parents=[home]
        )

    new = command("new", "write a program to start from")
    new.add_argument("file", metavar="FILE.py", type=Path)
    new.add_argument("--form", choices=("class", "run", "braces"), default="class")
    new.add_argument("--from", dest="sample", metavar="NAME", help="copy a program that comes with the desk")
    new.add_argument("--stub", action="store_true", help="also write nightdesk.pyi beside it, for editors")
    validate = command("validate", "say what is wrong with programs, line by line")
    validate.add_argument("files", metavar="FILE.py", type=Path, nargs="+")
    test = command("test", "run a program once on the recorded market; nothing is traded")
    test.add_argument("file", metavar="FILE.py", type=Path)
    test.add_argument("--symbol", default="", help="the symbol that wakes it; left out, a schedule does")
    test.add_argument("--period", default="15m", help="what data.period says; default 15m")
    test.add_argument("--at", metavar="TIME", help="a time of the recording; default its end")
    test.add_argument("--params", metavar="JSON", default="{}", help="what init receives")
    bind = command("bind", "save a program in the home and give it to a trader")
    bind.add_argument("file", metavar="FILE.py|NAME", help="a file, or the name of a saved program")
    bind.add_argument("--trader", required=True, metavar="NAME", help="a trader's name or number")
    bind.add_argument("--name", help="what to save it as; default: the file's name")
    bind.add_argument("--schedule", metavar="EVERY", help="such as 30s, 5m or 1h of market time")
    bind.add_argument("--pool", metavar="NAME", action="append", default=[], help="a pool that wakes it")
    bind.add_argument("--params", metavar="JSON", default="{}", help="what init receives")
    bind.add_argument("--inactive", action="store_true", help="keep it from being woken for now")
    command("list", "show the programs of the home and who runs them")
    return parser


def run_program_command(options: argparse.Namespace, home: Path) -> int:
    """Carry out one command; raises `DeskError` for what the caller prints."""
    import asyncio

    match options.program_command:
        case "new":
            return _new(options)
        case "validate":
            return max(_validate(path) for path in options.files)
        case "test":
            return asyncio.run(_test(options))
        case "bind":
            return asyncio.run(_bind(options, home))
        case _:
            return asyncio.run(_list(home))


def _new(options: argparse.Namespace) -> int:
    from engine.errors import InvalidInput
    from engine.program_files import sample_programs, type_stub
    from tui.program_templates import TEMPLATES

    path: Path = options.file
    if path.exists():
        raise InvalidInput.of("FILE", path, "a file that is not there yet")
    if options.sample is None:
        source = next(template.code for template in TEMPLATES if template.key == options.form)
    else:
        samples = sample_programs()
        if options.sample not in samples:
            raise InvalidInput.of("--from", options.sample, f"allowed is {', '.join(samples)}")
        source = samples[options.sample]
    _write(path, source)
    print(f"{path} written; try it with: nightdesk program test {path}")
    if options.stub:
        stub = path.with_name("nightdesk.pyi")
        _write(stub, type_stub())
        print(f"{stub} written")
    return 0


def _write(path: Path, text: str) -> None:
    from engine.errors import InvalidInput

    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InvalidInput.of("FILE", path, f"a file that can be written: {error.strerror}") from error


def _validate(path: Path) -> int:
    from engine.program_files import check

    report = check(read_text_file(path, "FILE"))
    for problem in report.errors:
        print(_problem(path, problem, "error"))
    for problem in report.warnings:
        print(_problem(path, problem, "warning"))
    if report.ok:
        print(f"{path}: valid ({report.form})")
    return 0 if report.ok else 1


def _problem(path: Path, problem: SourceProblem, kind: str) -> str:
    advice = f"; {problem.advice}" if problem.advice else ""
    return f"{path}:{problem.line}: {kind}: {problem.message}{advice}"


async def _test(options: argparse.Namespace) -> int:
    from engine.program_files import check, run_once

    source = read_text_file(options.file, "FILE")
    if not check(source).ok:
        return _validate(options.file)
    run = await run_once(
        source,
        symbol=options.symbol,
        period=read_period(options.period, "--period").value,
        params=read_params(options.params, "--params"),
        at_ms=None if options.at is None else read_time(options.at, "--at"),
    )
    _print_run(run, options.file)
    return 0 if run.error is None else 1


def _print_run(run: ProgramRun, path: Path) -> None:
    if run.output:
        print(run.output.rstrip("\n"))
    for read in run.reads:
        print(f"  asked {read.call}: {read.answer[:160]}")
    if run.error is not None:
        error = run.error
        where = f"{path}:{error.line}" if error.line is not None else str(path)
        print(f"{where}: {': '.join(filter(None, (error.kind, error.message)))}", file=sys.stderr)
        if error.traceback:
            print(error.traceback, file=sys.stderr)
        for advice in error.advice:
            print(f"  {advice}", file=sys.stderr)
        return
    for decision in run.decisions:
        size = (
            f"{decision.quantity.normalize():f}"
            if decision.quantity is not None
            else f"{decision.portion:.0%}"
        )
        asked = "" if decision.operation == "hold" else f" {decision.symbol} {size} at {decision.leverage}x"
        print(f"decision: {decision.operation}{asked}" + (f", {decision.reason}" if decision.reason else ""))
    print(f"took {run.duration_ms:.1f} ms in the sandbox")


async def _bind(options: argparse.Namespace, home: Path) -> int:
    from engine.errors import InvalidInput, NotFound
    from engine.model.program import Binding
    from engine.program_files import library
    from engine.settings import load_settings

    schedule_seconds = 0 if options.schedule is None else read_seconds(options.schedule, "--schedule")
    params = read_params(options.params, "--params")
    async with library(home, load_settings(home)) as desk:
        traders = {trader.name: trader.trader_id for trader in desk.traders()}
        traders |= {str(trader.trader_id): trader.trader_id for trader in desk.traders()}
        if options.trader not in traders:
            raise NotFound(f"--trader: there is no {options.trader}; there are {', '.join(traders)}")
        pools = {pool.name: pool.pool_id for pool in desk.signals.pools()}
        for name in options.pool:
            if name not in pools:
                raise InvalidInput.of("--pool", name, f"there are {', '.join(pools) or 'none'}")
        program = await _saved(desk.programs, options)
        trader_id = traders[options.trader]
        state = await desk.programs.save_binding(
            Binding(
                binding_id=_bound_as(desk.programs, trader_id, program.program_id),
                trader_id=trader_id,
                program_id=program.program_id,
                pool_ids=tuple(pools[name] for name in options.pool),
                schedule_seconds=schedule_seconds,
                params=params,
                active=not options.inactive,
            )
        )
    print(
        f"{program.name} (version {program.version}) is bound to {options.trader}"
        f" as binding {state.binding.binding_id}"
    )
    return 0


def _bound_as(programs: ProgramDesk, trader_id: int, program_id: int) -> int:
    """Return by which binding a trader runs a program already, which binding again changes; 0 for none."""
    for binding in (state.binding for state in programs.bindings()):
        if (binding.trader_id, binding.program_id) == (trader_id, program_id):
            return binding.binding_id
    return 0


async def _saved(desk: ProgramDesk, options: argparse.Namespace) -> Program:
    """Return the program named, or the file's, saved under its name."""
    from engine.errors import NotFound
    from engine.model.program import Program

    known = {program.name: program for program in desk.programs()}
    path = Path(options.file)
    source = read_text_if_there(path, "FILE")
    if source is None:
        if options.file not in known:
            names = ", ".join(known) or "none"
            raise NotFound(f"FILE: {options.file} is neither a file nor a saved program; saved are {names}")
        return known[options.file]
    name = options.name or path.stem
    before = known.get(name)
    if before is not None and before.code == source:
        return before
    program = Program(program_id=before.program_id if before else 0, name=name, code=source)
    return await desk.save_program(program)


async def _list(home: Path) -> int:
    from engine.program_files import library
    from engine.settings import load_settings

    async with library(home, load_settings(home)) as desk:
        traders = {trader.trader_id: trader.name for trader in desk.traders()}
        programs, bindings = desk.programs.programs(), desk.programs.bindings()
    if not programs:
        print("no programs yet; nightdesk program new writes one to start from")
    for program in programs:
        print(f"{program.program_id:>3}  {program.name}  version {program.version}")
        for state in bindings:
            binding = state.binding
            if binding.program_id == program.program_id:
                wakes = f"every {binding.schedule_seconds} s" if binding.schedule_seconds else ""
                pools = f"pools {', '.join(map(str, binding.pool_ids))}" if binding.pool_ids else ""
                how = ", ".join(word for word in (wakes, pools) if word) or "nothing wakes it"
                print(f"       {traders.get(binding.trader_id, binding.trader_id)}: {state.status}, {how}")
    return 0
