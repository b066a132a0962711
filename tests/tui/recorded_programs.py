"""The recorded desk's programs side: sources, bindings and executions with fixed values.

Commands change the tables, are noted in `calls` and raise `failure` when a test sets one. A source is
checked by Python's own parser; a line with `nosuch` in it is what the desk refuses besides.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.decision import Decision, Operation
from engine.model.program import (
    Binding,
    BindingState,
    BindingStatus,
    DataRead,
    MarketPicture,
    Parameter,
    Program,
    ProgramError,
    ProgramExecution,
    ProgramRun,
    ProgramVersion,
    SourceProblem,
    SourceReport,
)
from engine.model.trigger import Trigger, TriggerKind

D = Decimal
NOW_MS = 1_772_373_807_000
MINUTE_MS = 60_000

RSI_V1 = '''"""Buy what fell too far, and leave when it is back in the middle."""

OVERSOLD = 30


class RsiReversion:
    def init(self, params):
        self.oversold = params.get("oversold", OVERSOLD)

    def should_trade(self, data):
        symbol = data.trigger_symbol or "BTC"
        rsi = data.get_indicator(symbol, "RSI14", "15m").get("value")
        if rsi is None:
            return Decision("hold", reason="no RSI yet")
        return Decision("hold", reason=f"RSI {rsi:.1f}")
'''
RSI_V2 = RSI_V1.replace('        return Decision("hold", reason=f"RSI {rsi:.1f}")\n', "") + (
    '        print(f"{symbol}: RSI {rsi:.1f} against {self.oversold}")\n'
    "        if rsi < self.oversold and symbol not in data.positions:\n"
    "            price = data.get_price(symbol)\n"
    "            return Decision(\n"
    '                "buy",\n'
    "                symbol=symbol,\n"
    "                target_portion_of_balance=0.25,\n"
    "                leverage=2,\n"
    "                max_price=price * 1.002,  # never far from what was looked at\n"
    '                reason=f"RSI {rsi:.1f} is below {self.oversold}",\n'
    "            )\n"
    '        return Decision("hold", reason=f"RSI {rsi:.1f}")\n'
)
RSI_V3 = RSI_V2.replace("OVERSOLD = 30", "OVERSOLD = 28").replace(
    "leverage=2,\n", "leverage=2,\n                stop_loss_price=price * 0.98,\n"
)
BREAKOUT = '''def run(ctx):
    """Follow a close above the range of the last day."""
    candles = ctx.get_klines("BTC", "1h", 24)
    high = max(candle.high for candle in candles)
    return ctx.buy("BTC", 0.01 / (len(candles) - 24))
'''
BRACES = """fn run(ctx) {
    // the short form with braces
    if ctx.get_price("BTC") < 60000 {
        ctx.buy("BTC", 0.01)
    }
}
"""
PROGRAMS = (
    Program(
        program_id=1,
        name="RSI reversion",
        code=RSI_V3,
        description="Buys what fell too far, and leaves when it is back in the middle",
        params={"oversold": 28, "side": "long"},
        version=3,
        created_ms=NOW_MS - 90 * 86_400_000,
        updated_ms=NOW_MS - 3 * 86_400_000,
    ),
    Program(
        program_id=2,
        name="Range breakout",
        code=BREAKOUT,
        description="Follows a close above the range of a day",
        version=2,
        created_ms=NOW_MS - 30 * 86_400_000,
        updated_ms=NOW_MS - 7_200_000,
    ),
    Program(program_id=3, name="First steps", code=BRACES, created_ms=NOW_MS - 86_400_000),
    Program(
        program_id=4, name="Old idea", code=RSI_V1, description="Kept for its notes", enabled=False, version=7
    ),
)
VERSIONS = (
    ProgramVersion(program_id=1, version=1, code=RSI_V1, saved_ms=NOW_MS - 90 * 86_400_000),
    ProgramVersion(program_id=1, version=2, code=RSI_V2, saved_ms=NOW_MS - 40 * 86_400_000),
    ProgramVersion(program_id=1, version=3, code=RSI_V3, saved_ms=NOW_MS - 3 * 86_400_000),
)
DIVISION = ProgramError(
    kind="ZeroDivisionError",
    message="division by zero",
    line=5,
    column=27,
    code="0.01 / (len(candles) - 24)",
    function="run",
    traceback=(
        "Traceback (most recent call last):\n"
        '  File "program.py", line 5, in run\n'
        '    return ctx.buy("BTC", 0.01 / (len(candles) - 24))\n'
        "                          ~~~~~^~~~~~~~~~~~~~~~~~~~~\n"
        "ZeroDivisionError: division by zero"
    ),
    advice=("Check the divisor before you divide, such as `if count:`",),
)
BINDINGS = (
    BindingState(
        binding=Binding(
            binding_id=1,
            trader_id=1,
            program_id=1,
            pool_ids=(1,),
            schedule_seconds=300,
            params={"oversold": 25},
        ),
        status=BindingStatus.ACTIVE,
        last_trigger_ms=NOW_MS - 4 * MINUTE_MS,
        runs=1_204,
        failures=2,
    ),
    BindingState(
        binding=Binding(binding_id=2, trader_id=1, program_id=2, schedule_seconds=3_600),
        status=BindingStatus.ERROR,
        reason=DIVISION.sentence(),
        traceback=DIVISION.traceback,
        last_trigger_ms=NOW_MS - 42 * MINUTE_MS,
        runs=31,
        failures=1,
    ),
    BindingState(
        binding=Binding(binding_id=3, trader_id=1, program_id=4, pool_ids=(2,), active=False),
        status=BindingStatus.PAUSED,
        last_trigger_ms=NOW_MS - 3 * 86_400_000,
        runs=88,
    ),
)
BUY = Decision(
    operation=Operation.BUY,
    symbol="BTC",
    portion=D("0.25"),
    leverage=2,
    max_price=D("67148.1"),
    stop_loss=D("65674.5"),
    reason="RSI 24.1 is below 25",
)
HOLD = Decision(operation=Operation.HOLD, reason="RSI 41.7")
KLINES = (
    "[" + ",".join(f'{{"timestamp":{1772370000 + 60 * n},"close":{67000.5 + n}}}' for n in range(24)) + "]"
)
READS = (
    DataRead(
        call='get_indicator("BTC", "RSI14", "15m")',
        answer='{"value": 24.1, "series": [31.2, 28.8, 26.0, 24.1]}',
    ),
    DataRead(call='get_klines("BTC", "15m", 24)', answer=KLINES),
    DataRead(call='get_price("BTC")', answer="67014.1"),
)
CONTEXT = (
    '{"trigger_symbol":"BTC","trigger_type":"signal","available_balance":8204.51,"total_equity":10204.51,'
    '"positions":{"BTC":{"side":"long","size":0.15,"entry_price":66451.2,"unrealized_pnl":84.2,"leverage":2}},'
    '"triggered_signals":[{"name":"RSI oversold","value":29.4},{"name":"Takers sell","value":0.77}],'
    '"trigger_market_regime":{"regime":"exhaustion","conf":0.62,"direction":"bullish","reason":"tired"}}'
)


def execution(number: int, minutes_ago: int, **changes: Any) -> ProgramExecution:
    """Return a line of the log: a hold of the first binding, changed."""
    at_ms = NOW_MS - minutes_ago * MINUTE_MS
    held = ProgramExecution(
        decision_id=f"d-{number}",
        binding_id=1,
        trader_id=1,
        program_id=1,
        program_version=3,
        trigger=Trigger(kind=TriggerKind.SCHEDULED, symbol="", ts_ms=at_ms),
        started_ms=at_ms,
        success=True,
        params={"oversold": 25, "side": "long"},
        decisions=(HOLD,),
        outcome="held",
        output="BTC: RSI 41.7 against 25",
        market_context=CONTEXT,
        reads=READS[:1],
        duration_ms=1.84,
    )
    return msgspec.structs.replace(held, **changes)


EXECUTIONS = (
    execution(94, 4),
    execution(
        93,
        9,
        trigger=Trigger(
            kind=TriggerKind.SIGNAL,
            symbol="BTC",
            ts_ms=NOW_MS - 9 * MINUTE_MS,
            signal="Reversal",
            detail="RSI 24.1",
        ),
        decisions=(BUY,),
        order_ids=("o-0", "o-1"),
        outcome="bought 0.150 BTC at 67,012.40",
        reads=READS,
        duration_ms=2.31,
    ),
    execution(
        92,
        42,
        binding_id=2,
        program_id=2,
        program_version=2,
        success=False,
        decisions=(),
        outcome="",
        error=DIVISION,
        output="",
        duration_ms=0.92,
    ),
    execution(91, 49),
)
SYNTAX_ADVICE = "close what is open on the lines above"
GUIDE = """# Programs

A program is Python that decides. It is woken by a pool, by a schedule or by hand.

## The class

```python
class Strategy:
    def should_trade(self, data):
        return Decision("hold", reason="nothing to do")
```

## What `data` has

| name | what it is |
|---|---|
| `data.get_price(symbol)` | the mark price |
| `data.positions` | open positions by symbol |

- Missing data is `None`, never 0.
- What you `print` is kept with the run.

## The short form

Return `ctx.buy(symbol, quantity)`, `ctx.sell`, `ctx.close` or `ctx.hold(reason)`.
"""


class RecordedPrograms:
    """The programs desk over fixed tables."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note = note
        self.program_list: tuple[Program, ...] = PROGRAMS
        self.version_list: tuple[ProgramVersion, ...] = VERSIONS
        self.binding_list: tuple[BindingState, ...] = BINDINGS
        self.execution_list: tuple[ProgramExecution, ...] = EXECUTIONS
        self.run = ProgramRun(
            decisions=(BUY,),
            output="BTC: RSI 24.1 against 28",
            input_data=CONTEXT,
            reads=READS,
            duration_ms=2.31,
        )

    def programs(self) -> tuple[Program, ...]:
        return self.program_list

    async def check(self, source: str) -> SourceReport:
        is_brace_form = source.lstrip().startswith("fn ")
        errors = [
            SourceProblem(number, "nosuch is not known here", "use data.get_price(symbol)")
            for number, line in enumerate(source.splitlines(), start=1)
            if "nosuch" in line
        ]
        if not is_brace_form:
            try:
                ast.parse(source)
            except SyntaxError as error:
                errors.append(SourceProblem(error.lineno or 1, error.msg, SYNTAX_ADVICE))
        form = "braces" if is_brace_form else "run" if "def run(" in source else "class"
        lacks_init = form == "class" and "def init(" not in source
        advice = "add `def init(self, params)` to read parameters"
        warnings = (SourceProblem(1, "the class has no init", advice),) if lacks_init else ()
        return SourceReport(errors=tuple(errors), warnings=warnings, form=form)

    async def versions(self, program_id: int) -> tuple[ProgramVersion, ...]:
        return tuple(item for item in self.version_list if item.program_id == program_id)

    async def save_program(self, program: Program) -> Program:
        self._note("save_program", program)
        report = await self.check(program.code)
        if not report.ok:
            first = report.errors[0]
            raise InvalidInput(f"code: line {first.line}: {first.message}; {first.advice}", field="code")
        if not program.name:
            raise InvalidInput("name: a program needs one, such as RSI reversion", field="name")
        if any(
            item.name == program.name and item.program_id != program.program_id for item in self.program_list
        ):
            raise InvalidInput(f"name: {program.name} is taken", field="name", value=program.name)
        kept = self._numbered(program)
        others = tuple(item for item in self.program_list if item.program_id != kept.program_id)
        self.program_list = tuple(sorted((*others, kept), key=lambda item: item.program_id))
        return kept

    def _numbered(self, program: Program) -> Program:
        """Return a program with its id and its version, and keep that version."""
        before = next((item for item in self.program_list if item.program_id == program.program_id), None)
        if before is not None and before.code == program.code:
            return program
        kept = msgspec.structs.replace(
            program, program_id=program.program_id or 100, version=before.version + 1 if before else 1
        )
        version = ProgramVersion(
            program_id=kept.program_id, version=kept.version, code=kept.code, saved_ms=NOW_MS
        )
        self.version_list = (*self.version_list, version)
        return kept

    async def delete_program(self, program_id: int) -> None:
        self._note("delete_program", program_id)
        if any(item.binding.program_id == program_id for item in self.binding_list):
            raise Conflict("program: Reversion runs it", field="program_id", value=str(program_id))
        self.program_list = tuple(item for item in self.program_list if item.program_id != program_id)

    def bindings(self) -> tuple[BindingState, ...]:
        return self.binding_list

    async def save_binding(self, binding: Binding) -> BindingState:
        self._note("save_binding", binding)
        if binding.exchange not in ("paper", "binance"):
            raise InvalidInput.of("exchange", binding.exchange, "it is one of paper, binance")
        others = tuple(item for item in self.binding_list if item.binding.binding_id != binding.binding_id)
        if any(
            (item.binding.trader_id, item.binding.program_id) == (binding.trader_id, binding.program_id)
            for item in others
        ):
            raise Conflict("program_id: Reversion runs it already", field="program_id")
        kept = msgspec.structs.replace(binding, binding_id=binding.binding_id or 100)
        status = BindingStatus.ACTIVE if kept.active else BindingStatus.PAUSED
        state = BindingState(binding=kept, status=status)
        self.binding_list = tuple(sorted((*others, state), key=lambda item: item.binding.binding_id))
        return state

    async def delete_binding(self, binding_id: int) -> None:
        self._note("delete_binding", binding_id)
        found = next((item for item in self.binding_list if item.binding.binding_id == binding_id), None)
        if found is None:
            raise NotFound(f"binding: there is no {binding_id}", field="binding_id")
        self.binding_list = tuple(item for item in self.binding_list if item is not found)

    async def executions(
        self, *, program_id: int | None = None, trader_id: int | None = None, limit: int = 50
    ) -> tuple[ProgramExecution, ...]:
        return self.execution_list[:limit]

    async def test_run(
        self, source: str, trader_id: int, symbol: str = "", params: Mapping[str, Parameter] = {}
    ) -> ProgramRun:
        self._note("test_run", trader_id, symbol, dict(params))
        if "len(candles) - 24" in source:
            return ProgramRun(error=DIVISION, reads=READS[1:2], duration_ms=0.92)
        return self.run

    async def preview_run(self, binding_id: int) -> ProgramRun:
        self._note("preview_run", binding_id)
        return self.run

    async def query_market_data(
        self,
        symbol: str,
        period: str = "1h",
        indicators: tuple[str, ...] = (),
        flow_metrics: tuple[str, ...] = (),
    ) -> MarketPicture:
        return MarketPicture(
            symbol=symbol,
            period=period,
            price=67_014.1,
            indicators={},
            flow={},
            regime="{}",
            klines="[]",
            ts_ms=NOW_MS,
        )

    def available_symbols(self) -> tuple[str, ...]:
        return ("BTC", "ETH", "SOL")

    def guide(self) -> str:
        return GUIDE

    def type_stub(self) -> str:
        return ""
