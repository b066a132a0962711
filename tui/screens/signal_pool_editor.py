"""The editor of a pool: which signals, joined how, on which symbols, and which traders they wake."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import DeskError, InvalidInput
from engine.model.signal import PoolLogic, SignalPool
from tui.bridge import DeskBridge
from tui.numbers import read_number
from tui.screens.signal_fields import MAX_NAME_LENGTH, YES_NO, Choice, PickList, TextField
from tui.screens.signal_form import PICKING_HINT, FormScreen
from tui.screens.signal_trial import TrialLine
from tui.screens.ticket_fields import ChoiceField
from tui.signal_preview import PreviewSpan, PreviewTarget
from tui.signal_proposals import set_listeners
from tui.signal_view import LOGIC_WORDS, SignalView, can_listen, duration
from tui.widgets.number_field import NumberField
from tui.widgets.wrapped_text import WrappedText

PREVIEW_SPAN = PreviewSpan.WEEK
COOLDOWN_STEP_S = Decimal(60)


class PoolForm(msgspec.Struct, frozen=True):
    """What the pool editor holds: texts as they were typed."""

    name: str
    cooldown: str
    pool: SignalPool
    listeners: frozenset[int]


class PoolEditor(FormScreen):
    """Edits one pool, new (`pool_id` 0) or kept, and who listens to it."""

    DEFAULT_CSS = """
    PoolEditor #cooldown-said { width: 1fr; margin-left: 2; }
    """
    hint = PICKING_HINT
    first_field = "name"
    field_of_detail: ClassVar[dict[str, str]] = {
        "signal_ids": "members",
        "cooldown_seconds": "cooldown",
        "pool_ids": "listeners",
        "trader_id": "listeners",
    }

    def __init__(self, bridge: DeskBridge, view: SignalView, pool: SignalPool, symbol: str) -> None:
        super().__init__()
        self._bridge = bridge
        self._view = view
        self._pool = pool
        self._symbol = symbol
        self._heard_by = frozenset(view.listeners.get(pool.pool_id, ()))
        self.heading = f"Pool {pool.name}" if pool.pool_id else "New pool"

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields."""
        pool, view = self._pool, self._view
        with self.row():
            yield self.label("name", "name")
            yield TextField(pool.name, placeholder="Oversold bounce", max_length=MAX_NAME_LENGTH, id="name")
        with self.row():
            yield self.label("logic", "fires on")
            logic = [(item.value, LOGIC_WORDS[item]) for item in PoolLogic]
            yield ChoiceField(logic, pool.logic.value, id="logic")
            yield self.label("enabled", "enabled", "-second")
            yield ChoiceField(YES_NO, "yes" if pool.enabled else "no", id="enabled")
        with self.row():
            yield self.label("cooldown", "cooldown (s)")
            field = NumberField(step=COOLDOWN_STEP_S, placeholder="0", id="cooldown")
            field.value = str(pool.cooldown_seconds) if pool.cooldown_seconds else ""
            yield field
            yield WrappedText(id="cooldown-said")
        with self.row("-list"):
            yield self.label("members", "signals")
            signals = [Choice(str(item.signal_id), item.name, item.condition) for item in view.definitions]
            picked = [str(signal_id) for signal_id in pool.signal_ids]
            yield PickList(signals, picked, empty_text="no signals yet: define one first", id="members")
        with self.row("-list"):
            yield self.label("symbols", "symbols\n(none = all)")
            symbols = [Choice(item.symbol, item.symbol) for item in view.desk.instruments]
            yield PickList(symbols, pool.symbols, empty_text="no symbols", id="symbols")
            yield self.label("listeners", "wakes", "-second")
            traders = [
                Choice(str(item.trader_id), item.name) for item in view.desk.traders if can_listen(item)
            ]
            heard = [str(trader_id) for trader_id in self._heard_by]
            yield PickList(traders, heard, empty_text="no trader decides", id="listeners")
        yield TrialLine(self._bridge, id="tried")

    @property
    def values(self) -> PoolForm:
        """The pool as the fields have it, and who listens."""
        cooldown = self.query_one("#cooldown", NumberField).value.strip()
        seconds = read_number(cooldown or "0")
        pool = msgspec.structs.replace(
            self._pool,
            name=self.query_one("#name", Input).value.strip(),
            logic=PoolLogic(self.query_one("#logic", ChoiceField).value),
            enabled=self.query_one("#enabled", ChoiceField).value == "yes",
            signal_ids=tuple(int(key) for key in self._picked("members")),
            symbols=self._picked("symbols"),
            cooldown_seconds=int(seconds) if seconds is not None else 0,
        )
        listeners = frozenset(int(key) for key in self._picked("listeners"))
        return PoolForm(pool.name, cooldown, pool, listeners)

    def _picked(self, name: str) -> tuple[str, ...]:
        return self.query_one(f"#{name}", PickList).picked

    async def save(self) -> str:
        """Keep the pool, then who listens; raises `DeskError` for the part that was refused."""
        form = self.values
        seconds = read_number(form.cooldown or "0")
        if seconds is None or seconds != seconds.to_integral_value():
            raise InvalidInput.of("cooldown_seconds", form.cooldown, "give whole seconds, such as 300")
        saved = await self._bridge.desk.signals.save_pool(form.pool)
        self._pool = saved
        if form.listeners != self._heard_by:
            try:
                await set_listeners(self._bridge, saved.pool_id, form.listeners)
            except DeskError as error:
                message = f"the pool is saved, who listens is not: {error.message}"
                raise InvalidInput(message, field="pool_ids") from error
            self._heard_by = form.listeners
        names = ", ".join(self._view.desk.trader_name(trader_id) for trader_id in sorted(form.listeners))
        return f"pool {saved.name} wakes {names or 'nobody yet'}"

    def changed(self) -> None:
        """Say what the cooldown means and try the pool on the recorded past soon."""
        form = self.values
        said = duration(form.pool.cooldown_seconds) + " of silence after a fire"
        self.query_one("#cooldown-said", WrappedText).show(
            said if form.pool.cooldown_seconds else "no silence after a fire", "muted"
        )
        trial = self.query_one(TrialLine)
        if form.pool.signal_ids:
            watched = form.pool.symbols or (self._symbol,)
            symbol = self._symbol if self._symbol in watched else watched[0]
            trial.try_soon(PreviewTarget(name="", symbol=symbol, span=PREVIEW_SPAN, pool=form.pool))
        else:
            trial.forget("space picks its signals")
