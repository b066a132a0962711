"""The brace form: what it means in Python, line by line, and what is said where it means nothing."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.program import SourceProblem
from engine.strategies.programs.braces import is_brace_form, translate_braces
from engine.strategies.programs.braces.translation import Translation


def translated(source: str) -> Translation:
    translation = translate_braces(source)
    assert isinstance(translation, Translation), translation
    return translation


def result_of(source: str, *arguments: Any) -> Any:
    """Run the `run` of a brace program as the Python it is translated to."""
    names: dict[str, Any] = {"log": lambda *values: None}
    exec(translated(source).python, names)
    return names["run"](*arguments)


class Context:
    """A `ctx` that keeps what is bought."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, float, dict[str, Any]]] = []

    def buy(self, symbol: str, quantity: float, **fields: Any) -> str:
        self.orders.append((symbol, quantity, fields))
        return "a decision"


@pytest.mark.parametrize(
    "source",
    [
        'fn run(ctx) { ctx.buy("BTC", 0.01) }',
        'fn run(ctx) { ctx.buy("BTC", 0.01); }',
        "fn run(ctx)\n{\n    ctx.buy('BTC', 0.01)\n}",
        'function run(ctx) { return ctx.buy("BTC", 0.01); }',
        'pub fn run(&mut ctx: Context) -> Decision { ctx.buy("BTC", 0.01) }',
        'const Q: f64 = 0.01;\nfn run(ctx) { ctx\n  .buy(\n    "BTC",\n    Q,\n  ) }',
    ],
)
def test_the_documented_program_however_it_is_laid_out(source: str) -> None:
    context = Context()
    result_of(source, context)
    assert context.orders == [("BTC", 0.01, {})]


def test_three_dots_hold() -> None:
    assert result_of("fn run(ctx) { ... }", Context()) is None


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("return 1 + 2 * 3 ** 2 % 5 - -1", 1 + 2 * 3**2 % 5 - -1),
        ("return (1 + 2) * 3 / 4", 2.25),
        ("return 1_000 + 2.5e-1 + 3f64 + 4u32", 1007.25),
        ("return !false && (null == None || 1 > 2)", True),
        ("return not true or 1 === 1 and 2 !== 3", True),
        ("return 1 < 2 ? 'yes' : 'no'", "yes"),
        ("let a = 5\nreturn if a > 3 { 'big' } else if a > 1 { 'mid' } else { 'small' }", "big"),
        ("let (a, b) = (1, 2)\nreturn [a, b]", [1, 2]),
        ("let a = 1; a += 2; a *= 3\nreturn a", 9),
        ("let mut total = 0\nfor i in 0..4 { total += i }\nreturn total", 6),
        ("let total = 0\nfor i in 0..=4 { total += i }\nreturn total", 10),
        ("let found = []\nfor x in [3, 1, 2] { if x == 1 { continue } found.push(x) }\nreturn found", [3, 2]),
        ("let n = 0\nwhile true { n += 1; if n >= 7 { break } }\nreturn n", 7),
        ("let n = 0\nloop {\n n += 1\n if n >= 7 { break; }\n}\nreturn n", 7),
        ("let s = 0\nfor (k, v) in {a: 1, 'b': 2, 3: 4} { s += v }\nreturn s", 7),
        ("let s = 0\nfor (a, b) in [(1, 2), (3, 4)] { s += a * b }\nreturn s", 14),
        ("let double = |x| x * 2\nreturn double(4) + (|a, b| a - b)(3, 1) + (|| 1)()", 11),
        ("fn add(a, b = 2) { a + b }\nreturn add(1) + add(a: 1, b: 1) + add(1, b = 0)", 6),
        (
            "fn of(x) { if x > 0 { 1 } else if x < 0 { -1 } else { 0 } }\nreturn [of(3), of(-3), of(0)]",
            [1, -1, 0],
        ),
        ("fn nothing(x) { x; }\nreturn nothing(1)", None),
        (
            "let m = {a: [1, 2, 3]}\nlet a = m['a']\na[0] = 9\nreturn m['a'][0] + a[-1] + a.len() + a.length",
            18,
        ),
        ("return [1, 2, 3, 4][1:3] + [1, 2, 3][1..] + [1, 2][:1]", [2, 3, 2, 3, 1]),
        ("return 2 in [1, 2] && 3 not in [1, 2] && null is None && ctx is not [1]", True),
        ("return 7.9 as i64 + (3 as f64)", 10.0),
        ('let rsi = 30.456\nreturn f"RSI {rsi:.1f}"', "RSI 30.5"),
        ("return 'a\\n\\u{1F600}\\x41\\q' + \"it's\"", "a\n😀Aqit's"),
        ("let lambda = 1\nlet is_not = 2 // names of Python's own\nreturn lambda + is_not", 3),
        ("let a = 1 /* over\ntwo lines */ + 2 # rest\nreturn a", 3),
        ("let a = 1\n    + 2\n    - 1\nlet b = [\n 1,\n 2,\n]\nreturn a + b[1]", 4),
        ("let long = true\n    && false\nreturn long", False),
        ("if true\n{\n return 1\n}\nelse\n{\n return 2\n}", 1),
        ("if false { } elif true { return 2 } else { return 3 }", 2),
        ("let x\nreturn x", None),
        ("return [1,\n 2].contains(2) && ![].is_empty() == false", True),
    ],
)
def test_what_it_means(body: str, value: object) -> None:
    assert result_of(f"fn run(ctx) {{\n{body}\n}}", None) == value


def test_an_inner_let_leaves_the_outer_one_alone() -> None:
    source = (
        'fn run(ctx) { let x = 1; if true { let x = 2; x += 1; log(f"{x}") } for x in 5..6 { } return x }'
    )
    assert result_of(source, None) == 1


def test_inner_functions_change_what_they_did_not_declare() -> None:
    source = """
        let runs = 0
        fn run(ctx) {
            let total = 10
            fn add(x) { total += x; runs += 1 }
            add(1); add(2)
            return [total, runs]
        }
    """
    assert result_of(source, None) == [13, 2]


def test_a_made_up_name_is_none_of_the_authors() -> None:
    assert result_of("fn run(ctx) { let x = 1; let x_2 = 5; if true { let x = 2 } return x_2 }", None) == 5


def test_every_line_knows_where_it_came_from() -> None:
    source = "// first\nlet a = 1\n\nfn run(ctx) {\n  if a > 1 {\n    log(a)\n  }\n  else { log(\n 2) }\n}"
    translation = translated(source)
    python = translation.python.splitlines()
    where = {text.strip(): translation.original_line(number) for number, text in enumerate(python, start=1)}
    assert where == {
        "a = 1": 2,
        "def run(ctx):": 4,
        "if (a > 1):": 5,
        "return log(a)": 6,
        "else:": 8,
        "return log(2)": 8,
    }
    assert Translation("x").original_line(5) == 5


@pytest.mark.parametrize(
    ("source", "line", "message", "advice"),
    [
        ("fn run(ctx) {\n match x { 1 => 2 }\n}", 2, "there is no `match` here", "if / else if"),
        ("fn run(ctx) {\n\n let f = (x) => x\n}", 3, "unexpected `=>`", "|x| x * 2"),
        ("fn run(ctx) {\n i++\n}", 2, "unexpected `+", "+= 1"),
        ("fn run(ctx) {\n for (let i = 0; i < 3; i++) {}\n}", 2, "unexpected `let`", "for i in 0..10"),
        ("fn run(ctx) {\n println!('x')\n}", 2, "unexpected `!(`", "log(…)"),
        ("fn run(ctx) {\n ctx::buy('BTC', 1)\n}", 2, "unexpected `::`", "a dot"),
        ("fn run(ctx) {\n let a = `x`\n}", 2, "unexpected ``", "double quotes"),
        ("fn run(ctx) {\n try { } \n}", 2, "there is no `try` here", "ends the run"),
        ("fn run(ctx) {\n let a = (1 + 2\n\n}", 2, "`(` was never closed", "add `)`"),
        ("fn run(ctx) {\n if x {\n  log(1)\n}\n", 1, "`{` was never closed", "add `}`"),
        ("fn run(ctx) {\n 3 = x\n}", 2, "cannot be given", "a name before the ="),
        ('fn run(ctx) {\n f"{1 +}"\n}', 2, "cannot be read", "write Python"),
        ("fn run(ctx) { let }", 1, "unexpected `}`", "the brace form has"),
    ],
)
def test_what_has_no_counterpart_is_said_with_its_line(
    source: str, line: int, message: str, advice: str
) -> None:
    problem = translate_braces(source)
    assert isinstance(problem, SourceProblem), problem
    assert problem.line == line
    assert message in problem.message
    assert advice in problem.advice


@pytest.mark.parametrize("brackets", ["()", "[]"])
@pytest.mark.parametrize("depth", [80, 30_000])
def test_very_deep_nesting_is_refused(brackets: str, depth: int) -> None:
    source = f"fn run(ctx) {{\n return {brackets[0] * depth}1{brackets[1] * depth}\n}}"
    problem = translate_braces(source)
    assert isinstance(problem, SourceProblem)
    assert problem.line == 2
    assert "nested more than 80 deep" in problem.message


def test_nesting_that_people_write_is_taken() -> None:
    assert result_of("fn run(ctx) { return " + "[" * 50 + "]" * 50 + ".len() }", None) == 1


@pytest.mark.parametrize(
    ("source", "is_brace"),
    [
        ("// a\n/* b */ fn run(ctx) { }", True),
        ("let x = 1", True),
        ("pub fn run(ctx) {}", True),
        ("def run(ctx):\n    pass", False),
        ('"""\nfn run(ctx) {}\n"""', False),
        ("fn = 1", False),
        ("let = fn(1)", False),
        ("", False),
    ],
)
def test_which_sources_are_in_braces(source: str, is_brace: bool) -> None:
    assert is_brace_form(source) is is_brace


NUMBERS = st.integers(0, 50).map(str)
NAMES = st.sampled_from(["a", "b", "c"])
EXPRESSIONS = st.recursive(
    NUMBERS | NAMES | st.sampled_from(["true", "false", "null", "'x'"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "<", "==", "!=", "&&", "||"]), inner).map(
            lambda parts: " ".join(parts)
        ),
        inner.map(lambda each: f"({each})"),
        inner.map(lambda each: f"!{each}"),
        inner.map(lambda each: f"[{each}]"),
        st.tuples(inner, inner, inner).map(lambda p: f"(if {p[0]} {{ {p[1]} }} else {{ {p[2]} }})"),
        st.tuples(NAMES, inner).map(lambda p: f"(|{p[0]}| {p[1]})"),
    ),
    max_leaves=8,
)
STATEMENTS = st.recursive(
    st.tuples(st.sampled_from(["let ", ""]), NAMES, EXPRESSIONS).map(lambda p: f"{p[0]}{p[1]} = {p[2]}")
    | EXPRESSIONS.map(lambda each: f"return {each}"),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["\n", ";", ";\n"]), inner).map("".join),
        st.tuples(EXPRESSIONS, inner).map(lambda p: f"if {p[0]} {{ {p[1]} }}"),
        st.tuples(EXPRESSIONS, inner, inner).map(lambda p: f"if {p[0]} {{\n{p[1]}\n}} else {{ {p[2]} }}"),
        st.tuples(NAMES, inner).map(lambda p: f"for {p[0]} in 0..3 {{ {p[1]} }}"),
        st.tuples(EXPRESSIONS, inner).map(lambda p: f"while {p[0]} {{ {p[1]}; break }}"),
        inner.map(lambda each: f"fn inner(a) {{ {each} }}"),
    ),
    max_leaves=6,
)


@given(STATEMENTS)
def test_whatever_is_written_becomes_python_that_compiles(body: str) -> None:
    source = f"fn run(a) {{\nlet b = 1; let c = 2\n{body}\n}}"
    translation = translated(source)
    compile(ast.parse(translation.python), "translated", "exec")
    assert len(translation.lines) == len(translation.python.splitlines())
    assert all(1 <= line <= source.count("\n") + 1 for line in translation.lines)


OPERATORS = ["+", "-", "*", "<", ">", "==", "!=", "&&", "||"]


@given(st.lists(st.tuples(st.sampled_from(OPERATORS), st.integers(0, 9)), min_size=1, max_size=6))
def test_operators_bind_as_they_do_in_rust(rest: list[tuple[str, int]]) -> None:
    """Against Python's own precedence, which is the same for these but for chains of comparisons."""
    if sum(operator in ("<", ">", "==", "!=") for operator, _ in rest) > 1:
        return
    text = "1" + "".join(f" {operator} {number}" for operator, number in rest)
    expected = eval(text.replace("&&", "and").replace("||", "or"))
    assert result_of(f"fn run(ctx) {{ return {text} }}", None) == expected


@given(st.text(max_size=120))
def test_no_text_makes_it_raise(text: str) -> None:
    assert isinstance(translate_braces(f"fn run(ctx) {{ {text} }}"), Translation | SourceProblem)
