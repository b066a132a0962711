"""The editor's messages: which line, what is wrong, what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.program import SourceProblem
from engine.strategies.programs.api_table.data import METHODS
from engine.strategies.programs.api_table.decision import SHORT_FORM_METHODS
from engine.strategies.programs.api_table.language import REFUSED_CALLS, REFUSED_IMPORTS
from engine.strategies.programs.api_table.shapes import Method
from engine.strategies.programs.stock import stock_programs
from engine.strategies.programs.validation import check_source

GOOD = """class S:
    def init(self, params):
        pass
    def should_trade(self, data):
        return Decision("hold")
"""


def deciding(*lines: str) -> str:
    """Return a program whose should_trade has these lines, of which the first is line 5."""
    body = "".join(f"        {line}\n" for line in lines)
    return f"class S:\n    def init(self, params):\n        pass\n    def should_trade(self, data):\n{body}"


def short(*lines: str) -> str:
    """Return a short-form program with these lines, of which the first is line 2."""
    return "def run(ctx):\n" + "".join(f"    {line}\n" for line in lines)


def said(problem: SourceProblem) -> str:
    return f"{problem.message}; {problem.advice}"


def assert_one_error(source: str, line: int, message: str, advice: str = "") -> None:
    report = check_source(source)
    assert [problem.line for problem in report.errors] == [line], report
    assert message in report.errors[0].message
    assert advice in report.errors[0].advice


@pytest.mark.parametrize(
    ("source", "line", "message", "advice"),
    [
        ("class S:\n    def should_trade(self, data)\n        pass", 2, "syntax error: expected ':'", ""),
        ("return 1", 1, "'return' outside function", ""),
        ("x = 1", 1, "no class definition", "class Strategy:"),
        (" \n", 1, "no class definition", "first program"),
        ("\n\nclass S:\n    pass", 3, "must have should_trade", "def should_trade(self, data):"),
        (GOOD + "\nclass T:\n    def should_trade(self, data): ...", 7, "only one class", "rename"),
        (GOOD + "\nclass T(S):\n    pass", 7, "only one class", ""),
        (GOOD + "\ndef run(ctx): ...", 7, "either a class or a run function", "remove one"),
        ("def run(ctx): ...\ndef run(ctx): ...", 2, "run is defined twice, in line 1", ""),
        ("def run(): ...", 1, "run must accept ctx", "def run(ctx):"),
        ("async def run(ctx): ...", 1, "plain `def`", "remove `async`"),
        (GOOD.replace("self, data", "self"), 4, "must accept data", "def should_trade(self, data):"),
        (GOOD.replace("self, data", "self, data, more"), 4, "must accept data", ""),
        (GOOD.replace("def should", "async def should"), 4, "plain `def`", ""),
        (GOOD.replace("self, params", "self"), 2, "init must accept params", ""),
        (GOOD.replace("init(self", "__init__(self"), 2, "made without arguments", "init(self, params)"),
        ("x\0", 1, "NUL byte", "UTF-8"),
        ("#" * 300_000, 1, "at most 262144 are allowed", ""),
        ("(" * 100_000, 1, "", ""),
    ],
)
def test_the_form_of_a_program(source: str, line: int, message: str, advice: str) -> None:
    assert_one_error(source, line, message, advice)


@pytest.mark.parametrize(
    ("source", "form"),
    [
        (GOOD, "class"),
        ("class Base:\n    def should_trade(self, data):\n        return Decision('hold')\n", "class"),
        (short("ctx.buy('BTC', 0.01)"), "run"),
        ('fn run(ctx) { ctx.buy("BTC", 0.01) }', "braces"),
        ("fn run(ctx) { ... }", "braces"),
    ],
)
def test_every_form_is_recognised(source: str, form: str) -> None:
    report = check_source(source)
    assert report.ok, report
    assert report.form == form


@pytest.mark.parametrize("name", sorted(REFUSED_IMPORTS))
def test_every_refused_import_says_what_to_do(name: str) -> None:
    assert_one_error(
        f"import {name}.x\n" + GOOD, 1, f"import {name} is not allowed", REFUSED_IMPORTS[name][:60]
    )
    assert_one_error(f"from {name} import x\n" + GOOD, 1, f"import {name} is not allowed")


@pytest.mark.parametrize("name", sorted(REFUSED_CALLS))
def test_every_refused_call_says_what_to_do(name: str) -> None:
    assert_one_error(GOOD + f"\nx = {name}()", 7, f"{name}() is not allowed", REFUSED_CALLS[name])


@pytest.mark.parametrize(
    ("source", "line", "message", "advice"),
    [
        ("import math, turtle\n" + GOOD, 1, "turtle is not allowed", "these work in a program"),
        ("import statistic\n" + GOOD, 1, "statistic is not allowed", "did you mean `statistics`?"),
        ("from . import other\n" + GOOD, 1, "a program is one file", ""),
    ],
)
def test_modules_that_the_sandbox_does_not_have(source: str, line: int, message: str, advice: str) -> None:
    assert_one_error(source, line, message, advice)


def test_imports_for_the_editor_alone_and_own_functions_are_left_in_peace() -> None:
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from nightdesk import Decision\n"
    own = "def compile(text):\n    return text\ncompile('x')\n"
    report = check_source(source + own + GOOD)
    assert report.ok, report


@pytest.mark.parametrize(
    ("call", "message", "advice"),
    [
        ('Decision("by")', "operation 'by' is not allowed", "did you mean `buy`?"),
        ("Decision(ActionType.BY)", "ActionType.BY does not exist", "BUY"),
        ("Decision()", "Decision has no operation", ""),
        ("Decision(action='by')", "action 'by' is not allowed", "`buy`"),
        ("Decision('sell', 'BTC', portion=2, min_price=1)", "portion 2 is out of range", ""),
        ('Decision("buy", "BTC", 0.5)', "a buy needs max_price", "max_price=price * 1.002"),
        ('Decision("sell", "BTC", 0.5, max_price=1)', "a sell needs min_price", "min_price="),
        ('Decision("close", "BTC", 0.5)', "a close needs min_price", "max_price="),
        ('Decision("buy", "BTC", max_price=1)', "needs target_portion_of_balance", "above 0 up to 1"),
        ('Decision("close", "BTC", min_price=1)', "needs target_portion_of_balance", "of the position"),
        ('Decision("BUY", max_price=1, target_portion_of_balance=1)', "a buy needs a symbol", ""),
        ('Decision("buy", "BTC", 1.5, max_price=1)', "1.5 is out of range", "above 0 up to 1"),
        ('Decision("buy", "BTC", -0.5, max_price=1)', "-0.5 is out of range", ""),
        ('Decision("buy", "BTC", 0, max_price=1)', "target_portion_of_balance is 0", ""),
        ('Decision("buy", "BTC", "0.5", max_price=1)', "'0.5' is not a number", ""),
        ('Decision("buy", "BTC", 0.5, 51, 1)', "leverage 51 is out of range", "50"),
        ('Decision("buy", "BTC", 0.5, 2.5, 1)', "leverage 2.5 is not a whole number", ""),
        ('Decision("buy", "BTC", 0.5, max_price=0)', "max_price 0 is out of range", "above 0"),
        ('Decision("buy", "BTC", 0.5, max_prize=1, max_price=1)', "no field max_prize", "max_price"),
        ('Decision("buy", "BTC", 0.5, max_price=1, time_in_force="Fok")', "'Fok' is not allowed", "Ioc"),
        ('Decision("buy", "BTC", 0.5, max_price=1, sl_execution="stop")', "'stop' is not allowed", "market"),
        ('Decision("hold", reason=3)', "reason 3 is not a text", ""),
        (
            'Decision("close", "BTC", 1.0, min_price=1, take_profit_price=2)',
            "a close takes no take_profit_price",
            "leave it out",
        ),
        (
            'Decision("buy", "BTC", 1.0, max_price=1, take_profit_price=2, stop_loss_price=3)',
            "stop_loss_price 3 must be below take_profit_price 2",
            "",
        ),
        (
            'Decision("short", "BTC", size_pct=120, leverage=2.0)',
            "size_pct 120 is out of range",
            "above 0 up to 100",
        ),
    ],
)
def test_decisions_are_checked_as_far_as_they_are_written_out(call: str, message: str, advice: str) -> None:
    assert_one_error(deciding(f"return {call}"), 5, message, advice)


def test_constants_of_the_module_are_followed() -> None:
    assert_one_error(
        "SHARE = 3\n" + deciding('return Decision("buy", "BTC", SHARE, max_price=1)'), 6, "3 is out"
    )


@pytest.mark.parametrize(
    "call",
    [
        'Decision("buy", "BTC", 0.5, max_price=price)',
        'Decision("buy", "BTC", quantity=0.1, max_price=price)',
        'Decision("Buy", "BTC", 0.5, **fields)',
        "Decision(*fields)",
        "Decision(operation)",
        "Decision(ActionType.HOLD)",
        "Decision(action='buy', symbol='BTC', portion=0.5, max_price=price)",
        'Decision("sell", "BTC", 1, 1, None, 5.0, "gtc", 2, 3)',
        'Decision(operation="long", symbol="BTC", leverage=2.0)',
        'Decision("buy", "BTC", size_pct=20, stop_loss_pct=2)',
        'Decision("hold", target_portion_of_balance=0.0 + price)',
    ],
)
def test_decisions_that_may_be_right_pass(call: str) -> None:
    source = "price, fields, operation = 1, {}, 'hold'\n" + deciding(f"return {call}")
    assert check_source(source) == check_source(GOOD)


@pytest.mark.parametrize(
    ("line", "message", "advice"),
    [
        ("data.get_prices('BTC')", "data.get_prices does not exist", "did you mean `get_price`"),
        ("data.postions", "data.postions does not exist", "did you mean `positions`"),
        ("data.prices", "data.prices does not exist", "get_market_data"),
        ("data._markets", "data._markets does not exist", ""),
        ("data.positions()", "is not a method", "write `data.positions`"),
        ("data.get_klines()", "is not called with what it takes", "get_klines(symbol: str, period: str"),
        ("data.get_klines('BTC', interval='7m')", "period '7m' is not known", ""),
        ("data.get_klines('BTC', '1h', 5, '1h')", "is not called with what it takes", ""),
        ("data.get_price('BTC', '1h')", "is not called with what it takes", "get_price(symbol: str)"),
        ("data.get_klines('BTC', '1h', n=5)", "is not called with what it takes", ""),
        ("data.get_klines('BTC', '7m')", "period '7m' is not known", "1m, 3m, 5m"),
        ("data.get_indicator('BTC', 'rssi', 14)", "indicator 'rssi(14)' is not known", ""),
        ("data.get_indicator('BTC', 'RSII14', '1h')", "indicator 'RSII14' is not known", "RSI14"),
        ("data.get_indicator('BTC', 'bbands(1)', '1h')", "indicator 'bbands(1)' is not known", ""),
        ("data.get_flow('BTC', 'CVDD', '1h')", "flow metric 'CVDD' is not known", "`CVD`"),
        ("data.get_price_change('BTC', 'day')", "period 'day' is not known", "24h"),
        ("data.buy('BTC', 1)", "belongs to the short form", 'Decision("buy", …)'),
    ],
)
def test_what_is_asked_of_data(line: str, message: str, advice: str) -> None:
    assert_one_error(deciding(line, 'return Decision("hold")'), 5, message, advice)


@pytest.mark.parametrize(
    ("line", "message", "advice"),
    [
        ("ctx.by('BTC', 1)", "ctx.by does not exist", "`buy`"),
        ("ctx.buy('BTC')", "ctx.buy() needs a quantity", "ctx.buy("),
        ("ctx.close()", "ctx.close() needs symbol", "ctx.close("),
        ("ctx.close('BTC', 1.5)", "portion 1.5 is out of range", "above 0 up to 1"),
        ("ctx.buy('BTC', 1, 2)", "takes symbol and quantity; the rest by name", ""),
        ("ctx.buy('BTC', 0)", "quantity is 0", ""),
        ("ctx.sell('BTC', 1, lev=2)", "has no field lev", "leverage"),
        ("ctx.close('BTC', stop_loss_price=1)", "has no field stop_loss_price", ""),
    ],
)
def test_the_calls_of_the_short_form(line: str, message: str, advice: str) -> None:
    assert_one_error(short("pass", line), 3, message, advice)


@pytest.mark.parametrize("method", [*METHODS, *SHORT_FORM_METHODS], ids=lambda method: method.name)
def test_every_example_of_the_table_passes(method: Method) -> None:
    line = method.example.replace("data.", "ctx.")
    report = check_source(short("price = 1.0", line))
    assert report.errors == report.warnings == ()


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        (GOOD.replace("init", "setup"), 1, "has no init"),
        (GOOD + "\nx = '\\d'", 7, "invalid escape"),
        (deciding('return Decison("hold")'), 5, "Decison is not defined; did you mean `Decision`?"),
        (deciding("if data.symbols:", '    return Decision("hold")'), 4, "can end without returning"),
        (deciding("while True:", "    break"), 4, "can end without returning"),
        (deciding("try:", "    return Decision('hold')", "except ValueError:", "    pass"), 4, "can end"),
        (deciding("return"), 5, "returns no Decision here"),
        (deciding("data.get_factor('BTC', 'zscore')", "return Decision('hold')"), 5, "`zscore20`"),
        (deciding("time.sleep(1)", "return Decision('hold')"), 5, "uses up the time limit"),
    ],
)
def test_warnings_do_not_keep_a_program_from_being_saved(source: str, line: int, message: str) -> None:
    report = check_source(source)
    assert report.ok, report
    assert [problem.line for problem in report.warnings] == [line]
    assert message in said(report.warnings[0])


@pytest.mark.parametrize("value", ["1", "'buy'", "{'operation': 'buy'}", "[]", "f'{data}'"])
def test_returning_what_is_no_decision_is_an_error(value: str) -> None:
    assert_one_error(deciding(f"return {value}"), 5, "it must return a Decision", "hold")


def test_a_generator_is_no_decision() -> None:
    assert_one_error(deciding("yield Decision('hold')"), 5, "yields")


@pytest.mark.parametrize(
    "lines",
    [
        ("if data.symbols:", "    return Decision('hold')", "else:", "    raise ValueError"),
        ("while True:", "    if data.symbols:", "        return Decision('hold')"),
        ("with data.lock:", "    return Decision('hold')"),
        ("try:", "    return Decision('hold')", "finally:", "    pass"),
        (
            "match data.symbols:",
            "    case []:",
            "        raise ValueError",
            "    case _:",
            "        return held",
        ),
        ("for symbol in data.symbols:", "    pass", "return [Decision('hold') for x in 'a'][0]"),
    ],
)
def test_ways_that_all_end_in_a_decision_pass(lines: tuple[str, ...]) -> None:
    report = check_source("held = None\n" + deciding(*lines))
    assert report.warnings == ()


def test_names_of_every_scope_are_found() -> None:
    report = check_source(
        "from collections import deque\nLIMIT: int = 3\nfor n in range(3): pass\n"
        + deciding(
            "global seen",
            "seen = deque(k * n for k in range(LIMIT))",
            "inner = lambda a, *b, **c: (a, b, c, self, math.pi, ActionType)",
            "if (found := inner(1)): log(found, __name__)",
            "def later(): return seen, other",
            "return Decision('hold')",
        )
    )
    assert [problem.message for problem in report.warnings] == ["other is not defined"]


def test_problems_come_in_the_order_of_their_lines() -> None:
    report = check_source(deciding("data.x", "open('f')", "data.y", "return Decision('by')") + "\nimport os")
    assert [problem.line for problem in report.errors] == [5, 6, 7, 8, 10]


def test_a_brace_program_is_spoken_of_in_its_own_lines() -> None:
    assert_one_error('// dips\nfn run(ctx) {\n\n    ctx.by("BTC", 1)\n}', 4, "ctx.by does not exist", "`buy`")
    assert_one_error("fn run(ctx) {\n    switch x { }\n}", 2, "there is no `switch` here", "if / else if")


@pytest.mark.parametrize("source", stock_programs().values(), ids=stock_programs())
def test_stock_programs_pass_without_a_word(source: str) -> None:
    report = check_source(source)
    assert report.errors == report.warnings == ()


FRAGMENTS = st.sampled_from(
    [
        *(
            "class S:\n",
            "    def should_trade(self, data):\n",
            "        return Decision(",
            "'buy', ",
            "**x)\n",
        ),
        *(
            "def run(ctx):\n",
            "    ctx.",
            "buy(",
            "'BTC', ",
            "0.1)\n",
            "fn run(ctx) {",
            "}",
            "let x = ",
            "|a| ",
        ),
        *(
            "if ",
            "else ",
            "x",
            "data.get_indicator(",
            "\n",
            "(",
            ")",
            "\\",
            "'",
            '"',
            "f'{",
            "\0",
            "lambda: ",
        ),
    ]
)


@settings(max_examples=200)
@given(st.text(max_size=200) | st.lists(FRAGMENTS, max_size=25).map("".join))
def test_no_text_makes_it_raise(source: str) -> None:
    report = check_source(source)
    lines = source.count("\n") + 2
    assert all(1 <= problem.line <= lines for problem in (*report.errors, *report.warnings))
