"""Writes what authors read from the table of the guest API: the type stub and the guide's tables.

`python -m engine.strategies.programs.documents` brings `guest_stub.pyi` and `guide.md` up to date.
The guide's prose is written in `guide.md` itself; what stands between `<!-- table: NAME -->` and
`<!-- end -->` is made here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.strategies.programs.api_table import data, decision, language, words
from engine.strategies.programs.api_table.shapes import Field, Method, Parameter, declarations

FOLDER = Path(__file__).parent
STUB_FILE = "guest_stub.pyi"
GUIDE_FILE = "guide.md"

_MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_INDENT = "    "
_LOG = """\
def log(*values: object, sep: str = " ", end: str = "\\n") -> None:
    \"\"\"Print to the trader's reasoning.\"\"\"\
"""
_WIDTH = 110
_COMMENT_WIDTH = 100


def stub_text() -> str:
    """Return the type stub: every name a program is given, with its type."""
    parts = [
        f'"""Types of everything a program is given; save it as `{language.TYPING_MODULE}.pyi`."""',
        "import math as math\nimport time as time\nfrom typing import Any, TypedDict, overload",
        _LOG,
        _class(
            "ActionType",
            "The operations by name.",
            (Field(each, "str", "") for each in decision.ACTION_TYPES),
        ),
        _decision_class(),
        *(_class(record.name, record.meaning, record.fields) for record in data.RECORDS),
        *(
            _class(f"{shape.name}(TypedDict, total=False)", shape.meaning, shape.keys)
            for shape in data.SHAPES
        ),
        _class(
            "MarketData",
            "The `data` of a program: its trigger, its account and the market.",
            data.ATTRIBUTES,
            _methods((*data.METHODS, *data.FORM_A_METHODS)),
        ),
        _class(
            "Context(MarketData)",
            "The `ctx` of the short form: the same, and the orders it can give.",
            (),
            _methods(decision.SHORT_FORM_METHODS),
        ),
    ]
    return "\n\n".join(parts) + "\n"


def guide_text(guide: str) -> str:
    """Return a guide with its marked tables made anew; raises `KeyError` for one that has no maker."""
    return _MARKED.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", guide)


def _decision_class() -> str:
    fields = [Field(each.name, each.type, each.rule) for each in decision.DECISION_FIELDS]
    parameters = tuple(field.parameter for field in decision.DECISION_FIELDS)
    init = _function("__init__", parameters, "None", "Name the operation, and what it needs.")
    return _class("Decision", "What a program wants done.", fields, [init])


def _class(head: str, meaning: str, fields: Iterable[Field], methods: Iterable[str] = ()) -> str:
    lines = [f'"""{meaning}"""', ""]
    for field in fields:
        lines += [*([f"# {_comment(field.meaning)}"] if field.meaning else []), f"{field.name}: {field.type}"]
    for method in methods:
        lines += method.splitlines()
    body = "\n".join(_INDENT + line if line else "" for line in lines).rstrip()
    return f"class {head}:\n{body}"


def _comment(meaning: str) -> str:
    return meaning if len(meaning) < _COMMENT_WIDTH else meaning[:_COMMENT_WIDTH].rpartition(" ")[0] + " …"


def _methods(methods: tuple[Method, ...]) -> list[str]:
    names = [method.name for method in methods]
    ordered = sorted(methods, key=lambda method: names.index(method.name))
    return [
        ("@overload\n" if names.count(method.name) > 1 else "")
        + _function(method.name, method.parameters, method.returns, method.meaning)
        for method in ordered
    ]


def _function(name: str, parameters: tuple[Parameter, ...], returns: str, meaning: str) -> str:
    given = ["self", *declarations(parameters)]
    head = f"def {name}({', '.join(given)}) -> {returns}:"
    if len(head) > _WIDTH - len(_INDENT):
        head = "\n".join([f"def {name}(", *(f"{_INDENT}{each}," for each in given), f") -> {returns}:"])
    first_sentence = meaning.partition(". ")[0].removesuffix(".")
    return f'{head}\n{_INDENT}"""{first_sentence}."""'


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _fields(fields: Iterable[Field], first: str = "name") -> str:
    rows = ((f"`{each.name}`", f"`{each.type}`", each.meaning) for each in fields)
    return _table((first, "type", "meaning"), rows)


def _keys(fields: Iterable[Field], first: str) -> str:
    rows = ((_code_list(each.name), each.type, each.meaning) for each in fields)
    return _table((first, "keys of the answer", "meaning"), rows)


def _calls(methods: Iterable[Method]) -> str:
    rows = (
        (
            f"`{each.name}({', '.join(_brief(parameter) for parameter in each.parameters)})`",
            f"`{each.returns}`",
            each.meaning + (f" Unknown: `{each.missing}`." if each.missing else ""),
            f"`{each.example}`",
        )
        for each in methods
    )
    return _table(("call", "answer", "meaning", "example"), rows)


def _short_calls() -> str:
    rows = ((each.meaning, f"`{each.example}`", _further(each)) for each in decision.SHORT_FORM_METHODS)
    return _table(("meaning", "example", "further fields, by name"), rows)


def _further(method: Method) -> str:
    return ", ".join(f"`{each.name}`" for each in method.parameters if each.keyword_only) or "none"


def _brief(parameter: Parameter) -> str:
    return parameter.name + (f"={parameter.default}" if parameter.default else "")


def _code_list(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


def _decision_fields() -> str:
    rows = ((f"`{each.name}`", f"`{each.type}`", each.rule) for each in decision.DECISION_FIELDS)
    return _table(("field", "type", "rule"), rows)


def _records() -> str:
    return "\n\n".join(
        f"**{record.name}**: {record.meaning}\n\n{_fields(record.fields, 'field')}" for record in data.RECORDS
    )


def _refused(refused: dict[str, str], suffix: str) -> str:
    by_advice: dict[str, list[str]] = {}
    for name, advice in refused.items():
        by_advice.setdefault(advice, []).append(f"`{name}{suffix}`")
    return _table(("refused", "instead"), ((", ".join(names), why) for why, names in by_advice.items()))


def _shape(name: str) -> str:
    (shape,) = (each for each in data.SHAPES if each.name == name)
    return _fields(shape.keys, "key")


TABLES: dict[str, Callable[[], str]] = {
    "attributes": lambda: _fields(data.ATTRIBUTES, "attribute"),
    "methods": lambda: _calls(data.METHODS),
    "documented_methods": lambda: _calls(data.FORM_A_METHODS),
    "short_form": _short_calls,
    "records": _records,
    "indicators": lambda: _keys(words.INDICATORS, "indicator"),
    "flow": lambda: _keys(words.FLOW_METRICS, "metric"),
    "market_data": lambda: _shape("MarketSummary"),
    "factor": lambda: _shape("Factor"),
    "periods": lambda: _code_list(", ".join(words.PERIODS)),
    "decision": _decision_fields,
    "injected": lambda: _fields(language.INJECTED),
    "builtins": lambda: _code_list(", ".join(language.BUILTINS)),
    "modules": lambda: _code_list(", ".join(language.ALLOWED_MODULES)),
    "refused_imports": lambda: _refused(language.REFUSED_IMPORTS, ""),
    "refused_calls": lambda: _refused(language.REFUSED_CALLS, "()"),
}


def main() -> None:
    """Bring both files up to date."""
    guide = FOLDER / GUIDE_FILE
    (FOLDER / STUB_FILE).write_text(stub_text(), "utf-8")
    guide.write_text(guide_text(guide.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
