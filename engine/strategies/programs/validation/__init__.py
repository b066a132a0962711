"""What an editor says about a program before it runs: friendly messages with line numbers.

This is advice, not a boundary: the sandbox is, and a program that slips past these checks finds
nothing there. Nothing of a source is ever executed here.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.program import SourceProblem, SourceReport
from engine.strategies.programs.braces import is_brace_form, translate_braces
from engine.strategies.programs.braces.translation import Translation
from engine.strategies.programs.host import MAX_SOURCE_BYTES
from engine.strategies.programs.validation.data_use import check_data_use
from engine.strategies.programs.validation.decisions import check_decisions
from engine.strategies.programs.validation.findings import Finding
from engine.strategies.programs.validation.forms import find_entry
from engine.strategies.programs.validation.modules import check_imports, check_refused_calls
from engine.strategies.programs.validation.names import check_undefined_names
from engine.strategies.programs.validation.returns import check_returns
from engine.strategies.programs.validation.source import ParsedSource, parse, program_source

CHECKS = (check_refused_calls, check_decisions, check_data_use, check_undefined_names, check_returns)


def check_source(source: str) -> SourceReport:
    """Return what is wrong with a program, in the order of its lines.

    The longest source takes some hundred milliseconds: call it off the event loop, in one thread at
    a time (what Python warns of is caught for the whole process meanwhile). It raises nothing.
    """
    problem = _unreadable(source)
    if problem is not None:
        return SourceReport(errors=(problem,))
    try:
        if not is_brace_form(source):
            return _check_python(source)
        translation = translate_braces(source)
        if isinstance(translation, SourceProblem):
            return SourceReport(errors=(translation,))
        return _in_lines_of(translation, _check_python(translation.python))
    except RecursionError:
        return SourceReport(errors=(SourceProblem(1, "the source is nested too deeply to be checked"),))


def _unreadable(source: str) -> SourceProblem | None:
    size = len(source.encode(errors="replace"))
    if size > MAX_SOURCE_BYTES:
        return SourceProblem(
            1, f"the program is {size} bytes long; at most {MAX_SOURCE_BYTES} are allowed", "make it shorter"
        )
    if "\0" in source:
        line = source[: source.index("\0")].count("\n") + 1
        return SourceProblem(line, "the source contains a NUL byte", "save it as plain UTF-8 text")
    if not source.strip():
        return SourceProblem(
            1, "the program is empty: no class definition", "begin with the guide's first program"
        )
    return None


def _check_python(source: str) -> SourceReport:
    parsed = parse(source)
    if isinstance(parsed, SourceProblem):
        return SourceReport(errors=(parsed,))
    form, entry, findings = find_entry(parsed)
    findings += check_imports(parsed.nodes)
    if entry is not None:
        program = program_source(parsed, form, entry)
        for check in CHECKS:
            findings += check(program)
    return _report(form, findings, parsed)


def _report(form: str, findings: Iterable[Finding], parsed: ParsedSource) -> SourceReport:
    found = list(findings)
    errors = [each.problem for each in found if each.is_error]
    warned = [*(each.problem for each in found if not each.is_error), *parsed.spoken]
    return SourceReport(errors=_in_order(errors), warnings=_in_order(warned), form=form)


def _in_order(problems: Iterable[SourceProblem]) -> tuple[SourceProblem, ...]:
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))


def _in_lines_of(translation: Translation, report: SourceReport) -> SourceReport:
    """Return what was found in a translated source, at the lines of the original."""

    def moved(problems: tuple[SourceProblem, ...]) -> tuple[SourceProblem, ...]:
        return _in_order(
            SourceProblem(translation.original_line(each.line), each.message, each.advice)
            for each in problems
        )

    return SourceReport(
        errors=moved(report.errors), warnings=moved(report.warnings), form="braces" if report.form else ""
    )
