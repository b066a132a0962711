"""The dialog of a binding: which trader runs which program, what wakes it, and with which parameters."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import DeskError, InvalidInput
from engine.model.program import Binding
from tui.bridge import DeskBridge
from tui.program_params import params_text, read_params, read_schedule
from tui.program_view import ProgramView, can_run_programs, wakes_words
from tui.screens.signal_fields import YES_NO, Choice, PickList, TextField
from tui.screens.signal_form import PICKING_HINT, FormScreen
from tui.screens.ticket_fields import ChoiceField
from tui.signal_view import duration, pool_members_text
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

NOBODY = ("", "nobody runs programs")
NOTHING = ("", "no program yet")


class BindingFields(msgspec.Struct, frozen=True):
    """What the dialog holds: texts as they were typed."""

    program: str
    trader: str
    pools: tuple[str, ...]
    schedule: str
    params: str
    exchange: str
    active: bool


class BindingForm(FormScreen):
    """Edits one binding, new (`binding_id` 0) or kept."""

    DEFAULT_CSS = """
    BindingForm #said { height: 2; margin: 0 0 0 13; padding: 0 1; width: 1fr; }
    """
    hint = PICKING_HINT
    field_of_detail: ClassVar[dict[str, str]] = {
        "trader_id": "trader",
        "program_id": "program",
        "pool_ids": "pools",
        "schedule_seconds": "schedule",
    }

    def __init__(self, bridge: DeskBridge, view: ProgramView, binding: Binding) -> None:
        super().__init__()
        self._bridge = bridge
        self._view = view
        self._binding = binding
        self.first_field = "pools" if binding.binding_id else "trader"
        name = view.program_name(binding.program_id)
        self.heading = f"Binding of {name}" if binding.binding_id else f"Who runs {name}"

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields."""
        binding, view = self._binding, self._view
        with self.row():
            programs = [(str(item.program_id), item.name) for item in view.programs] or [NOTHING]
            yield self.label("program", "program")
            yield ChoiceField(programs, str(binding.program_id), id="program")
            traders = [
                (str(item.trader_id), item.name) for item in view.desk.traders if can_run_programs(item)
            ] or [NOBODY]
            chosen = str(binding.trader_id) if str(binding.trader_id) in dict(traders) else traders[0][0]
            yield self.label("trader", "run by", "-second")
            yield ChoiceField(traders, chosen, id="trader")
        with self.row("-list"):
            yield self.label("pools", "woken by\npools")
            pools = [Choice(str(item.pool_id), item.name, self._members(item.pool_id)) for item in view.pools]
            picked = [str(pool_id) for pool_id in binding.pool_ids]
            yield PickList(pools, picked, empty_text="no pools yet: S makes some", id="pools")
        with self.row():
            yield self.label("schedule", "and every")
            typed = duration(binding.schedule_seconds) if binding.schedule_seconds else ""
            yield TextField(typed, placeholder="5m, or nothing", id="schedule")
            yield self.label("active", "active", "-second")
            yield ChoiceField(YES_NO, "yes" if binding.active else "no", id="active")
        with self.row():
            yield self.label("params", "parameters")
            yield TextField(params_text(binding.params), placeholder="the program's own", id="params")
            yield self.label("exchange", "exchange", "-second")
            yield TextField(binding.exchange, placeholder="paper", id="exchange")
        yield WrappedText(id="said")

    def _members(self, pool_id: int) -> str:
        from tui.signal_view import SignalView

        definitions = self._bridge.desk.signals.definitions()
        pool = next(item for item in self._view.pools if item.pool_id == pool_id)
        return pool_members_text(SignalView(definitions=definitions), pool)

    @property
    def values(self) -> BindingFields:
        """The fields as they are."""
        return BindingFields(
            self._chosen("program"),
            self._chosen("trader"),
            self.query_one("#pools", PickList).picked,
            self._text("schedule"),
            self._text("params"),
            self._text("exchange"),
            self._chosen("active") == "yes",
        )

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _chosen(self, name: str) -> str:
        return self.query_one(f"#{name}", ChoiceField).value

    def _made(self) -> Binding:
        """Return the binding the fields describe; raises `InvalidInput`."""
        fields = self.values
        if not fields.trader:
            raise InvalidInput.of("trader_id", "nobody", "a trader of the kind program runs programs")
        if not fields.program:
            raise InvalidInput.of("program_id", "nothing", "write a program first")
        return msgspec.structs.replace(
            self._binding,
            program_id=int(fields.program),
            trader_id=int(fields.trader),
            pool_ids=tuple(int(key) for key in fields.pools),
            schedule_seconds=read_schedule(fields.schedule),
            params=read_params(fields.params),
            exchange=fields.exchange,
            active=fields.active,
        )

    def changed(self) -> None:
        """Say in a sentence what the binding does."""
        said = self.query_one("#said", WrappedText)
        try:
            binding = self._made()
        except DeskError as error:
            said.show(refusal_text(error), "danger")
            return
        view = self._view
        wakes = wakes_words(view, binding)
        sentence = (
            f"{view.desk.trader_name(binding.trader_id)} runs {view.program_name(binding.program_id)}, "
            f"woken by {wakes}" + (f", with {params_text(binding.params)}" if binding.params else "")
        )
        if wakes == "nothing":
            said.show(f"{sentence}: pick a pool or give a span, or it never runs by itself", "warning")
        elif not binding.active:
            said.show(f"{sentence}, once it is active", "warning")
        else:
            said.show(f"✓ {sentence}", "gain")

    async def save(self) -> str:
        """Keep the binding; raises `DeskError`."""
        state = await self._bridge.desk.programs.save_binding(self._made())
        binding, view = state.binding, self._view
        name = view.program_name(binding.program_id)
        return (
            f"{view.desk.trader_name(binding.trader_id)} runs {name}, woken by {wakes_words(view, binding)}"
        )
