"""The dialog of a backtest: what is run, over which history, with which money, and what wakes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import DeskError, InvalidInput
from engine.model.backtest import BacktestPool, BacktestRequest, BacktestRun
from tui.backtest_entry import (
    HISTORY_WORDS,
    SOURCE_HINTS,
    BacktestFields,
    backtest_pool,
    fields_of,
    pool_words,
    read_request,
    request_words,
)
from tui.bridge import DeskBridge
from tui.screens.signal_fields import Choice, PickList, TextField
from tui.screens.signal_form import FormScreen
from tui.screens.ticket_fields import ChoiceField
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

AS_IT_WAS = "run"
NO_PROGRAM = ("", "no program yet")
VENUES = (("", "none, no lot"), ("paper", "paper"), ("binance", "binance"))
HINT = "tab next · space picks · Enter starts · Esc leaves"


CLOSE_BELOW = 35


class PoolList(PickList):
    """Pools to pick from, which can become others."""

    def offer(self, choices: Sequence[Choice], picked: Sequence[str]) -> None:
        """Offer other pools, with these picked."""
        self._choices, self._picked = tuple(choices), frozenset(picked)
        self._show_choices()


class BacktestForm(FormScreen):
    """Asks what to backtest; `started` is told the run.

    `request` fills the fields, None leaves them at what is usual; `program` is the name of the program
    to begin with.
    """

    DEFAULT_CSS = """
    BacktestForm #said { height: 2; margin: 0 0 0 13; padding: 0 1; width: 1fr; }
    BacktestForm .row.-list { height: 4; }
    BacktestForm .row #seed { width: 9; }
    BacktestForm .row #label-seed { width: 6; }
    BacktestForm.-close .row { margin-bottom: 0; }
    """
    hint = HINT
    first_field = "program"
    heading = "New backtest"
    field_of_detail: ClassVar[dict[str, str]] = {
        "start_ms": "start",
        "end_ms": "end",
        "taker_fee": "taker",
        "maker_fee": "maker",
        "schedule_seconds": "schedule",
        "source": "program",
        "code": "program",
        "candles": "source",
        "history": "source",
        "binding_id": "program",
    }

    def __init__(
        self,
        bridge: DeskBridge,
        request: BacktestRequest | None,
        started: Callable[[BacktestRun], None],
        *,
        program: str = "",
    ) -> None:
        super().__init__()
        desk = bridge.desk
        self._bridge = bridge
        self._started = started
        self._programs = {f"program:{item.program_id}": item for item in desk.programs.programs()}
        self._definitions = desk.signals.definitions()
        self._pools: dict[str, BacktestPool] = {}
        named = next((key for key, item in self._programs.items() if item.name == program), "")
        first = named or next(iter(self._programs), "")
        self._base = request or self._request_of_program(first)
        self._chosen = AS_IT_WAS if request else first
        if request is not None:
            self.heading = f"Backtest of {request.name}"

    def _request_of_program(self, key: str) -> BacktestRequest:
        """Return the request of a program with what is usual."""
        program = self._programs.get(key)
        symbol = self._bridge.view.selection.symbol or "BTC"
        if program is None:
            return BacktestRequest(source="", symbols=(symbol,))
        return BacktestRequest(
            source=program.code,
            name=program.name,
            program_id=program.program_id,
            program_version=program.version,
            params=program.params,
            symbols=(symbol,),
        )

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields."""
        fields = fields_of(self._base)
        with self.row():
            yield self.label("program", "program")
            yield ChoiceField(self._program_choices(), self._chosen, id="program")
        with self.row():
            yield self.label("symbols", "symbols")
            yield TextField(fields.symbols, placeholder="BTC, ETH", id="symbols")
            yield self.label("period", "candles of", "-second")
            periods = [(name, name) for name in self._bridge.desk.markets.periods()]
            yield ChoiceField(periods or [(fields.period, fields.period)], fields.period, id="period")
        with self.row():
            yield self.label("history", "history")
            yield ChoiceField(tuple(HISTORY_WORDS.items()), fields.history, id="history")
            yield self.label("source", "from", "-second")
            yield TextField(fields.source, placeholder=SOURCE_HINTS[fields.history], id="source")
        for pairs in (
            (("start", "begins", fields.start, "its beginning"), ("end", "ends", fields.end, "its end")),
            (("cash", "cash", fields.cash, "10,000"), ("slippage", "slippage %", fields.slippage, "0")),
            (("taker", "taker fee %", fields.taker, "usual"), ("maker", "maker %", fields.maker, "usual")),
        ):
            with self.row():
                for place, (name, label, value, hint) in enumerate(pairs):
                    yield self.label(name, label, "-second" if place else "")
                    yield TextField(value, placeholder=hint, id=name)
        with self.row():
            yield self.label("venue", "rules of")
            yield ChoiceField(VENUES, fields.venue, id="venue")
            yield self.label("schedule", "every", "-second")
            yield TextField(fields.schedule, placeholder="5m, or nothing", id="schedule")
        with self.row():
            yield self.label("params", "parameters")
            yield TextField(fields.params, placeholder='oversold=30 or {"oversold": 30}', id="params")
            yield self.label("seed", "seed", "-second")
            yield TextField(fields.seed, placeholder="0", id="seed")
        with self.row("-list"):
            yield self.label("pools", "woken by\npools")
            choices, picked = self._offered_pools()
            yield PoolList(choices, picked, empty_text="no pools: S makes some", id="pools")
        yield WrappedText(id="said")

    def _program_choices(self) -> list[tuple[str, str]]:
        choices = [(AS_IT_WAS, f"{self._base.name}, as it was run")] if self._chosen == AS_IT_WAS else []
        choices += [(key, item.name) for key, item in self._programs.items()]
        desk = self._bridge.desk
        for state in desk.programs.bindings():
            binding = state.binding
            name = next(
                (item.name for item in self._programs.values() if item.program_id == binding.program_id), ""
            )
            trader = self._bridge.view.trader_name(binding.trader_id)
            choices.append((f"binding:{binding.binding_id}", f"{name} as bound to {trader}"))
        return choices or [NO_PROGRAM]

    def _offered_pools(self) -> tuple[list[Choice], list[str]]:
        """Return the pools of the request, picked, and those of the desk."""
        own = {f"own:{place}": pool for place, pool in enumerate(self._base.pools)}
        names = {pool.name for pool in own.values()}
        desk = {
            f"pool:{pool.pool_id}": backtest_pool(pool, self._definitions)
            for pool in self._bridge.desk.signals.pools()
            if pool.name not in names
        }
        self._pools = own | desk
        choices = [Choice(key, pool.name, pool_words(pool)) for key, pool in self._pools.items()]
        return choices, list(own)

    @property
    def values(self) -> tuple[BacktestFields, str, tuple[str, ...]]:
        """The fields as they are, the program chosen and the pools picked."""
        return (
            BacktestFields(
                symbols=self._text("symbols"),
                period=self._choice("period"),
                history=self._choice("history"),
                source=self._text("source"),
                start=self._text("start"),
                end=self._text("end"),
                cash=self._text("cash"),
                seed=self._text("seed"),
                taker=self._text("taker"),
                maker=self._text("maker"),
                slippage=self._text("slippage"),
                venue=self._choice("venue"),
                schedule=self._text("schedule"),
                params=self._text("params"),
            ),
            self._choice("program"),
            self.query_one(PoolList).picked,
        )

    @on(events.Resize)
    def leave_out_lines(self, event: events.Resize) -> None:
        """Leave out the lines between the rows where not all of it would be in view."""
        self.set_class(event.size.height < CLOSE_BELOW, "-close")

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _choice(self, name: str) -> str:
        return self.query_one(f"#{name}", ChoiceField).value

    def _request(self) -> BacktestRequest:
        """Return the request the fields describe; raises `InvalidInput`."""
        fields, program, picked = self.values
        if not program:
            raise InvalidInput.of("program", "nothing", "write a program first: A, then N")
        return read_request(fields, self._base, (self._pools[key] for key in picked))

    def changed(self) -> None:
        """Take over another program, and say in a sentence what is run."""
        chosen = self._choice("program")
        if chosen != self._chosen:
            self._take_program(chosen)
            return
        self.query_one("#source", Input).placeholder = SOURCE_HINTS[self._choice("history")]
        said = self.query_one("#said", WrappedText)
        try:
            request = self._request()
        except DeskError as error:
            said.show(refusal_text(error), "danger")
            return
        is_woken = bool(request.pools or request.schedule_seconds)
        sign = "✓" if is_woken else "Pick a pool or give a span, nothing wakes it yet:"
        said.show(f"{sign} {request_words(request)}", "gain" if is_woken else "warning")

    def _take_program(self, key: str) -> None:
        self._chosen = key
        if key.startswith("binding:"):
            work = self._take_binding(key, int(key.removeprefix("binding:")))
            self.run_worker(work, group="binding", exclusive=True, exit_on_error=False)
        elif key in self._programs:
            program = self._request_of_program(key)
            self._base = msgspec.structs.replace(
                self._base,
                source=program.source,
                name=program.name,
                program_id=program.program_id,
                program_version=program.program_version,
                binding_id=0,
            )
            self.query_one("#params", Input).value = fields_of(program).params
            self.changed()

    async def _take_binding(self, key: str, binding_id: int) -> None:
        """Fill every field with what a binding does."""
        try:
            request = await self._bridge.desk.backtests.request_of(binding_id)
        except DeskError as error:
            self.blame(error)
            return
        if self._choice("program") == key:
            self._fill(request)

    def _fill(self, request: BacktestRequest) -> None:
        self._base = request
        for name, value in msgspec.structs.asdict(fields_of(request)).items():
            field = self.query_one(f"#{name}")
            if isinstance(field, Input):
                field.value = value
            elif isinstance(field, ChoiceField):
                field.value = value
                field.refresh()
        self.query_one(PoolList).offer(*self._offered_pools())
        self.changed()

    async def save(self) -> str:
        """Start the run; raises `DeskError`."""
        run = await self._bridge.desk.backtests.start(self._request())
        self._started(run)
        return f"{run.run_id}: {run.name} is {run.status.value}"
