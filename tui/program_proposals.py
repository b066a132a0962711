"""What deleting a program or a binding would do, in a sentence before it happens, and what toggles them."""

from __future__ import annotations

import msgspec

from engine.errors import NotFound
from engine.model.program import BindingState, Program
from engine.text import count
from tui.bridge import DeskBridge
from tui.price_alerts import Task
from tui.program_view import NEW_DRAFT, ProgramView, wakes_words
from tui.proposals import Proposal


def program_with(view: ProgramView, program_id: int) -> Program:
    """Return a program, or raise `NotFound` when it has gone."""
    program = view.program(program_id)
    if program is None:
        raise NotFound(f"program: there is no program {program_id} any more", field="program_id")
    return program


def binding_with(view: ProgramView, binding_id: int) -> BindingState:
    """Return a binding as it stands, or raise `NotFound` when it has gone."""
    state = view.binding(binding_id)
    if state is None:
        raise NotFound(f"binding: there is no binding {binding_id} any more", field="binding_id")
    return state


def binding_name(view: ProgramView, state: BindingState) -> str:
    """Return what a binding is called: `RSI reversion by Reversion`."""
    binding = state.binding
    return f"{view.program_name(binding.program_id)} by {view.desk.trader_name(binding.trader_id)}"


def propose_delete_program(view: ProgramView, program_id: int, bridge: DeskBridge) -> Proposal:
    """Return what deleting a program would do; the desk itself refuses while a binding uses it."""
    program = program_with(view, program_id)
    traders = [view.desk.trader_name(item.binding.trader_id) for item in view.bindings_of(program_id)]
    unsaved = f" {NEW_DRAFT} What is not saved goes with it." if program_id in view.changed else ""

    async def run() -> str:
        await bridge.desk.programs.delete_program(program_id)
        return f"program {program.name} is deleted; what it ran stays in the log"

    used = f"Run by {', '.join(traders)}: delete their bindings first." if traders else ""
    return Proposal(
        title="Delete program",
        sentence=f"Delete the program {program.name} with its {count(program.version, 'version')}.",
        verb="Delete",
        run=run,
        warning=(used + unsaved).strip(),
    )


def propose_delete_binding(view: ProgramView, binding_id: int, bridge: DeskBridge) -> Proposal:
    """Return what deleting a binding would do."""
    state = binding_with(view, binding_id)
    name = binding_name(view, state)

    async def run() -> str:
        await bridge.desk.programs.delete_binding(binding_id)
        return f"{name} is unbound; its positions and orders stay"

    return Proposal(
        title="Delete binding",
        sentence=f"Let {name} end, woken by {wakes_words(view, state.binding)}.",
        verb="Delete",
        run=run,
        warning="It decides right now: the desk refuses until it is done." if state.thinking else "",
    )


def toggle_program(view: ProgramView, program_id: int, bridge: DeskBridge) -> Task:
    """Return the task that switches a program off, or on again; raises `NotFound`."""
    program = program_with(view, program_id)
    changed = msgspec.structs.replace(program, enabled=not program.enabled)

    async def run() -> str:
        saved = await bridge.desk.programs.save_program(changed)
        return f"program {saved.name} is {'on' if saved.enabled else 'off'}"

    return run


def toggle_binding(view: ProgramView, binding_id: int, bridge: DeskBridge) -> Task:
    """Return the task that switches a binding off, or on again; raises `NotFound`."""
    state = binding_with(view, binding_id)
    changed = msgspec.structs.replace(state.binding, active=not state.binding.active)

    async def run() -> str:
        saved = await bridge.desk.programs.save_binding(changed)
        return f"{binding_name(view, saved)} is {'active' if saved.binding.active else 'paused'}"

    return run
