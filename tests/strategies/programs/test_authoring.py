"""What authors read: the table agrees with the sandbox, the documents with the table, the examples run."""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest
from mypy import api as mypy

from engine.errors import InvalidInput
from engine.strategies.programs import authoring, documents
from engine.strategies.programs.api_table import data, decision, language, words
from engine.strategies.programs.api_table.shapes import Method, Record
from engine.strategies.programs.validation import check_source

GUEST = [
    node
    for entry in files("engine.strategies.programs").iterdir()
    if entry.name.startswith("guest_") and entry.name.endswith(".py")
    for node in ast.parse(entry.read_text("utf-8")).body
]
"""Everything at the top of the texts that run inside the sandbox."""
FENCED = re.compile(r"```(python|rust)\n(.*?)```", re.DOTALL)
EXAMPLES = [text for _, text in FENCED.findall(authoring.guide())]


def guest_class(name: str) -> ast.ClassDef:
    (found,) = (node for node in GUEST if isinstance(node, ast.ClassDef) and node.name == name)
    return found


def public(names: list[str]) -> set[str]:
    return {name for name in names if not name.startswith("_")}


def is_property(function: ast.FunctionDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "property" for each in function.decorator_list)


def attributes_of(node: ast.ClassDef) -> set[str]:
    """Return what can be read of an instance: properties, annotations and what `__init__` sets."""
    functions = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    set_in_init = [
        each.attr
        for function in functions
        if function.name == "__init__"
        for each in ast.walk(function)
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)
    ]
    in_class = [
        target.id
        for each in node.body
        if isinstance(each, ast.Assign | ast.AnnAssign)
        for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
        if isinstance(target, ast.Name)
    ]
    return public([*(each.name for each in functions if is_property(each)), *set_in_init, *in_class])


def methods_of(node: ast.ClassDef) -> dict[str, ast.arguments]:
    return {
        each.name: each.args
        for each in node.body
        if isinstance(each, ast.FunctionDef) and not is_property(each) and not each.name.startswith("_")
    }


def defaults_of(arguments: ast.arguments) -> dict[str, str]:
    """Return each parameter but self with its default as text, empty for none."""
    names = [each.arg for each in arguments.args]
    texts = [ast.unparse(each).replace("'", '"') for each in arguments.defaults]
    padded = [""] * (len(names) - len(texts)) + texts
    return dict(zip(names[1:], padded[1:], strict=True))


def test_data_has_exactly_the_attributes_of_the_table() -> None:
    assert attributes_of(guest_class("MarketData")) == {field.name for field in data.ATTRIBUTES}


METHODS = [
    *(("MarketData", method) for method in (*data.METHODS, *data.FORM_A_METHODS)),
    *(("Context", method) for method in decision.SHORT_FORM_METHODS),
]


@pytest.mark.parametrize("owner", ["MarketData", "Context"])
def test_data_has_exactly_the_methods_of_the_table(owner: str) -> None:
    assert set(methods_of(guest_class(owner))) == {method.name for of, method in METHODS if of == owner}


@pytest.mark.parametrize(("owner", "method"), METHODS, ids=lambda each: getattr(each, "name", each))
def test_methods_take_what_the_table_says(owner: str, method: Method) -> None:
    """One of several forms of a call may leave parameters out or demand what another does not."""
    has_forms = sum(each.name == method.name for _, each in METHODS) > 1
    taken = defaults_of(methods_of(guest_class(owner))[method.name])
    positional = {each.name: each.default for each in method.parameters if not each.keyword_only}
    if has_forms:
        assert list(positional) == list(taken)[: len(positional)]
        assert all(default in ("", taken[name]) for name, default in positional.items())
    else:
        assert positional == taken


@pytest.mark.parametrize("record", data.RECORDS, ids=lambda record: record.name)
def test_records_have_exactly_the_fields_of_the_table(record: Record) -> None:
    assert attributes_of(guest_class(record.name)) == {field.name for field in record.fields}


def test_a_decision_has_the_fields_of_the_table_in_their_order() -> None:
    (init,) = (each for each in guest_class("Decision").body if isinstance(each, ast.FunctionDef))
    fields = {each.name: each for each in decision.DECISION_FIELDS}
    by_keyword = [each.arg for each in init.args.kwonlyargs]
    taken = defaults_of(init.args)
    assert [*taken, *by_keyword] == list(fields)
    assert by_keyword == [each.name for each in fields.values() if each.keyword_only]
    assert all(fields[name].default == default for name, default in taken.items())


def test_the_names_that_are_simply_there_are_those_the_sandbox_puts_there() -> None:
    (namespace,) = (
        node.value
        for top in GUEST
        for node in ast.walk(top)
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "namespace"
    )
    assert isinstance(namespace, ast.Dict)
    keys = {each.value for each in namespace.keys if isinstance(each, ast.Constant)}
    assert keys - {"__name__", "__builtins__"} == language.INJECTED_NAMES


@pytest.mark.parametrize("name", [*words.INDICATOR_NAMES, *words.FLOW_NAMES])
def test_every_word_of_the_table_is_one_the_desk_answers(name: str) -> None:
    call = "get_flow" if name in words.FLOW_NAMES else "get_indicator"
    for period in words.PERIODS:
        report = check_source(f"def run(ctx):\n    return ctx.{call}('BTC', {name!r}, {period!r})")
        assert report.ok, report


def test_the_stub_and_the_guide_are_up_to_date() -> None:
    again = "run `python -m engine.strategies.programs.documents`"
    assert authoring.type_stub() == documents.stub_text(), again
    guide = (documents.FOLDER / documents.GUIDE_FILE).read_text("utf-8")
    assert documents.guide_text(guide) == guide, again


def test_the_guide_has_every_table_and_no_marks() -> None:
    marked = (documents.FOLDER / documents.GUIDE_FILE).read_text("utf-8")
    assert set(re.findall(r"<!-- table: (\w+) -->", marked)) == set(documents.TABLES)
    assert authoring.guide().startswith("# Program Development Guide\n\n## Context Object\n")
    assert "<!--" not in authoring.guide()


TYPED_PROGRAM = """
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nightdesk import Context, Decision, MarketData, log


class Typed:
    def init(self, params: dict[str, Any]) -> None:
        self.portion = float(params.get("portion", 0.2))

    def should_trade(self, data: MarketData) -> Decision:
        for symbol, held in data.positions.items():
            log(symbol, held.holding_duration_str)
        candles = data.get_klines("BTC", "1h", 24)
        rsi = data.get_indicator("BTC", "RSI14", "1h").get("value")
        if data.get_regime("BTC") == "noise" or data.get_indicator("BTC", "rsi", 14) is None:
            return Decision(action="hold")
        price = data.get_price("BTC")
        if rsi is None or price is None or not candles or rsi > 30:
            return Decision("hold", reason="nothing to do")
        return Decision("buy", "BTC", self.portion, max_price=price * 1.002, stop_loss_price=candles[-1].low)


def other(ctx: Context) -> None:
    funding = ctx.get_flow("BTC", "FUNDING", "1h").get("annualized")
    if funding is not None and funding > 20:
        ctx.sell("BTC", 0.01, reason="paid to wait", stop_loss_pct=5)
"""


def test_an_editor_accepts_a_typed_program_and_sees_a_wrong_one(tmp_path: Path) -> None:
    (tmp_path / "nightdesk.pyi").write_text(authoring.type_stub(), "utf-8")
    program = tmp_path / "program.py"
    options = ["--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}", str(program)]
    program.write_text(TYPED_PROGRAM, "utf-8")
    output, errors, code = mypy.run(options)
    assert code == 0, output + errors
    program.write_text(TYPED_PROGRAM.replace("price * 1.002", "str(price)"), "utf-8")
    output, errors, code = mypy.run(options)
    assert 'incompatible type "str"; expected "float | None"' in output


def test_the_typed_program_passes_the_editor_of_the_desk() -> None:
    report = check_source(TYPED_PROGRAM)
    assert report.errors == report.warnings == ()


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda source: source.strip().splitlines()[0][:40])
def test_every_example_of_the_guide_passes(source: str) -> None:
    report = check_source(source)
    assert report.ok, report
    assert all("has no init" in problem.message for problem in report.warnings), report


def test_the_guide_shows_every_form_and_enough_ideas() -> None:
    forms = [check_source(source).form for source in EXAMPLES]
    assert set(forms) == {"class", "run", "braces"}
    assert len(forms) >= 12


def test_a_program_in_braces_becomes_python_and_python_stays_as_it_is() -> None:
    python = "def run(ctx):\n    ctx.hold()\n"
    assert authoring.translate(python).python == python
    translation = authoring.translate('\nfn run(ctx) {\n\n ctx.buy("BTC", 0.01)\n}')
    assert translation.python == "def run(ctx):\n    return ctx.buy('BTC', 0.01)\n"
    assert translation.original_line(2) == 4


def test_a_program_that_cannot_be_translated_names_the_line_and_the_remedy() -> None:
    with pytest.raises(
        InvalidInput, match=r"source: line 2: .*`switch`.*; write if / else if / else"
    ) as raised:
        authoring.translate("fn run(ctx) {\n switch x {}\n}")
    assert raised.value.details["line"] == "2"
