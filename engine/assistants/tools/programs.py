"""Tools that read programs: the guide, sources, what is wrong with one, and what one does now."""

from __future__ import annotations

from typing import Annotated

import msgspec

from engine.assistants.tools.texts import as_json, chapter, no_such, page, picked
from engine.assistants.tools.tool import Arguments, ReadTool
from engine.desk import Desk
from engine.model.assistant import AssistantKind
from engine.model.program import Program

_KINDS = (AssistantKind.DESK, AssistantKind.PROGRAM)
_READERS = (*_KINDS, AssistantKind.ATTRIBUTION)
_SHOWN_RUNS = 20


class _Section(Arguments, frozen=True, kw_only=True):
    section: Annotated[str, msgspec.Meta(description="words of a heading; empty lists the headings")] = ""


class _ProgramPage(Arguments, frozen=True, kw_only=True):
    program_id: int
    first_line: Annotated[int, msgspec.Meta(description="where to go on in a long source, from 1")] = 1


class _StubPage(Arguments, frozen=True, kw_only=True):
    first_line: int = 1


class _Code(Arguments, frozen=True, kw_only=True):
    code: Annotated[str, msgspec.Meta(description="the whole source")]


class _TestRun(Arguments, frozen=True, kw_only=True):
    code: Annotated[str, msgspec.Meta(description="the whole source")]
    trader_id: Annotated[int, msgspec.Meta(description="whose account and symbols it sees")]
    symbol: Annotated[str, msgspec.Meta(description="what triggers it; empty for a schedule")] = ""


class _Log(Arguments, frozen=True, kw_only=True):
    program_id: Annotated[int, msgspec.Meta(description="0 for any")] = 0
    trader_id: Annotated[int, msgspec.Meta(description="0 for any")] = 0


def program_of(desk: Desk, program_id: int) -> Program:
    """Return a program; raises `NotFound` naming those there are."""
    for program in desk.programs.programs():
        if program.program_id == program_id:
            return program
    raise no_such("program", program_id, ((each.program_id, each.name) for each in desk.programs.programs()))


async def _list(desk: Desk, _: Arguments) -> str:
    bindings = desk.programs.bindings()
    return as_json(
        [
            picked(program, "program_id", "name", "description", "version", "enabled", "params")
            | {
                "bindings": [
                    picked(state.binding, "binding_id", "trader_id", "pool_ids", "schedule_seconds", "active")
                    | picked(state, "status", "reason", "runs", "failures")
                    for state in bindings
                    if state.binding.program_id == program.program_id
                ]
            }
            for program in desk.programs.programs()
        ]
    )


async def _guide(desk: Desk, asked: _Section) -> str:
    return chapter(desk.programs.guide(), asked.section)


async def _types(desk: Desk, asked: _StubPage) -> str:
    return page(desk.programs.type_stub(), asked.first_line)


async def _source(desk: Desk, asked: _ProgramPage) -> str:
    program = program_of(desk, asked.program_id)
    return f"{program.name}, version {program.version}\n{page(program.code, asked.first_line)}"


async def _check(desk: Desk, asked: _Code) -> str:
    report = await desk.programs.check(asked.code)
    return as_json({"ok": report.ok, "errors": report.errors, "warnings": report.warnings})


async def _test(desk: Desk, asked: _TestRun) -> str:
    run = await desk.programs.test_run(asked.code, asked.trader_id, asked.symbol)
    return as_json(
        {
            "success": run.error is None,
            "error": None if run.error is None else run.error.sentence(),
            "traceback": "" if run.error is None else run.error.traceback,
            "decisions": run.decisions,
            "printed": run.output[:2_000],
            "read": [(read.call, read.answer[:200]) for read in run.reads[:_SHOWN_RUNS]],
            "duration_ms": run.duration_ms,
        }
    )


async def _runs(desk: Desk, asked: _Log) -> str:
    found = await desk.programs.executions(
        program_id=asked.program_id or None, trader_id=asked.trader_id or None, limit=_SHOWN_RUNS
    )
    return as_json(
        [
            picked(run, "decision_id", "program_id", "program_version", "trader_id", "started_ms", "success")
            | {
                "trigger": run.trigger.kind,
                "symbol": run.trigger.symbol,
                "outcome": run.outcome[:200],
                "operations": [f"{each.operation} {each.symbol}".strip() for each in run.decisions],
                "error": "" if run.error is None else run.error.sentence()[:300],
                "printed": run.output[:200],
            }
            for run in found
        ]
    )


PROGRAM_TOOLS = (
    ReadTool(
        name="list_programs",
        meaning="List the programs with their bindings: who runs them, what wakes them, how they do.",
        kinds=_READERS,
        parameters=Arguments,
        run=_list,
    ),
    ReadTool(
        name="get_api_docs",
        meaning="Read the guide for program authors: its headings, or the chapters a word names.",
        kinds=_KINDS,
        parameters=_Section,
        run=_guide,
    ),
    ReadTool(
        name="get_type_stub",
        meaning="Read the types of everything a program is given (a .pyi), page by page.",
        kinds=_KINDS,
        parameters=_StubPage,
        run=_types,
    ),
    ReadTool(
        name="get_current_code",
        meaning="Read the saved source of a program, page by page.",
        kinds=_READERS,
        parameters=_ProgramPage,
        run=_source,
    ),
    ReadTool(
        name="validate_code",
        meaning="Check a source without running it: errors and warnings by line. Do it before proposing one.",
        kinds=_KINDS,
        parameters=_Code,
        run=_check,
    ),
    ReadTool(
        name="test_run_code",
        meaning="Run a source once in the sandbox on the present market, as a trader; trades nothing.",
        kinds=_KINDS,
        parameters=_TestRun,
        run=_test,
    ),
    ReadTool(
        name="get_execution_log",
        meaning="Read the last runs of programs: trigger, outcome, decisions, error and printed lines.",
        kinds=_READERS,
        parameters=_Log,
        run=_runs,
    ),
)
