"""Tools that propose changes of traders, and what is to be deleted.

No tool raises a limit, switches trading on, touches a key or the kill switch, or starts a trader.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from engine.assistants.tools.programs import program_of
from engine.assistants.tools.prompts import prompt_of
from engine.assistants.tools.signals import pool_of
from engine.assistants.tools.texts import fields_text
from engine.assistants.tools.tool import Arguments, Draft, WriteTool
from engine.assistants.tools.traders import config_of
from engine.desk import Desk
from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.account import RiskLimits, TraderConfig, TraderKind
from engine.model.assistant import AssistantKind

_KINDS = (AssistantKind.DESK,)
_UNCHANGED = -1
_LOWERED = ("max_leverage", "default_leverage", "max_notional", "max_positions", "max_orders_per_minute")

_Lower = Annotated[int, msgspec.Meta(ge=0, description="a lower limit; 0 keeps the present one")]


class _UpdateTrader(Arguments, frozen=True, kw_only=True):
    trader_id: int
    name: Annotated[str, msgspec.Meta(description="empty keeps it, as for every other text and list")] = ""
    description: str = ""
    symbols: tuple[str, ...] = ()
    period: Annotated[str, msgspec.Meta(description="candle period it looks at, such as 15m")] = ""
    schedule_seconds: Annotated[
        int, msgspec.Meta(ge=-1, description="of a prompt trader; 0 for none, -1 keeps it")
    ] = _UNCHANGED
    pool_ids: Annotated[tuple[int, ...], msgspec.Meta(description="of a prompt trader: what wakes it")] = ()
    max_leverage: _Lower = 0
    default_leverage: _Lower = 0
    max_notional: _Lower = 0
    max_positions: _Lower = 0
    max_orders_per_minute: _Lower = 0
    disable_trading: Annotated[bool, msgspec.Meta(description="block new orders that add risk")] = False


class _CreateTrader(Arguments, frozen=True, kw_only=True):
    name: str
    kind: TraderKind
    capital: Annotated[int, msgspec.Meta(ge=1, le=1_000_000, description="in the quote currency")] = 10_000
    symbols: tuple[str, ...] = ("BTC", "ETH", "SOL")
    prompt_id: Annotated[int, msgspec.Meta(description="what a prompt trader decides by")] = 0
    connection_id: Annotated[int, msgspec.Meta(ge=0, description="0 for the built-in rules model")] = 0
    model: str = ""
    schedule_seconds: Annotated[int, msgspec.Meta(ge=0)] = 0
    pool_ids: tuple[int, ...] = ()
    description: str = ""


class Deletable(enum.StrEnum):
    """What an assistant may propose to delete."""

    PROGRAM = "program"
    PROMPT = "prompt"
    BINDING = "binding"
    SIGNAL = "signal"
    POOL = "pool"
    TRADER = "trader"


class _Delete(Arguments, frozen=True, kw_only=True):
    what: Deletable
    id: int


async def _update_trader(desk: Desk, asked: _UpdateTrader) -> Draft:
    before = config_of(desk, asked.trader_id)
    changes: dict[str, Any] = {
        name: value
        for name in ("name", "description", "symbols", "period", "pool_ids")
        if (value := getattr(asked, name))
    }
    if asked.schedule_seconds != _UNCHANGED:
        changes["schedule_seconds"] = asked.schedule_seconds
    limits = _lowered(before.limits, asked)
    edited = msgspec.structs.replace(before, **changes)
    changed = msgspec.structs.replace(
        edited, limits=limits, trading_enabled=before.trading_enabled and not asked.disable_trading
    )
    if changed == before:
        raise InvalidInput.of("trader_id", asked.trader_id, "say what is to be changed")

    async def carry_out() -> str:
        # What lowers risk comes first: should the rest be refused, the trader is only safer.
        if limits != before.limits:
            await desk.roster.set_limits(asked.trader_id, limits)
        if changed.trading_enabled != before.trading_enabled:
            await desk.roster.set_trading(asked.trader_id, enabled=False)
        if edited != before:
            await desk.roster.edit(changed)
        return f"changed trader {asked.trader_id}, {changed.name}"

    return Draft(
        summary=f"change trader {before.name}",
        before=fields_text(before),
        after=fields_text(changed),
        carry_out=carry_out,
    )


def _lowered(limits: RiskLimits, asked: _UpdateTrader) -> RiskLimits:
    """Return limits with the lower ones asked for; raises `InvalidInput` for one that is not lower."""
    changes: dict[str, Any] = {}
    for name in _LOWERED:
        wanted, present = getattr(asked, name), getattr(limits, name)
        if not wanted:
            continue
        if wanted > present:
            raise InvalidInput.of(name, wanted, f"an assistant may only lower it, from {present}")
        changes[name] = type(present)(wanted)
    highest = changes.get("max_leverage", limits.max_leverage)
    if changes.get("default_leverage", limits.default_leverage) > highest:
        changes["default_leverage"] = highest
    return msgspec.structs.replace(limits, **changes)


async def _create_trader(desk: Desk, asked: _CreateTrader) -> Draft:
    if (asked.kind is TraderKind.PROMPT) != bool(asked.prompt_id):
        raise InvalidInput.of("prompt_id", asked.prompt_id, "a prompt trader has a prompt, no other has one")
    config = TraderConfig(
        trader_id=0,
        name=asked.name.strip(),
        kind=asked.kind,
        initial_capital=Decimal(asked.capital),
        symbols=asked.symbols,
        strategy=prompt_of(desk, asked.prompt_id).name if asked.prompt_id else "",
        connection_id=asked.connection_id,
        model=asked.model,
        schedule_seconds=asked.schedule_seconds,
        pool_ids=asked.pool_ids,
        description=asked.description,
    )

    async def carry_out() -> str:
        made = await desk.roster.create(config)
        return f"made trader {made.trader_id}, {made.name}; it is paused until a person starts it"

    return Draft(
        summary=f"make {asked.kind} trader {config.name}",
        before="",
        after=fields_text(config),
        carry_out=carry_out,
    )


async def _delete(desk: Desk, asked: _Delete) -> Draft:
    name, text, remove = _removal(desk, asked)

    async def carry_out() -> str:
        await remove()
        return f"deleted {asked.what} {name}"

    return Draft(summary=f"delete {asked.what} {name}", before=text, after="", carry_out=carry_out)


def _removal(desk: Desk, asked: _Delete) -> tuple[str, str, Callable[[], Awaitable[object]]]:
    """Return the name of what is to go, what there is of it, and the deleting of it."""
    match asked.what:
        case Deletable.PROGRAM:
            program = program_of(desk, asked.id)
            return program.name, program.code, lambda: desk.programs.delete_program(asked.id)
        case Deletable.PROMPT:
            prompt = prompt_of(desk, asked.id)
            return prompt.name, prompt.text, lambda: desk.prompts.delete_prompt(asked.id)
        case Deletable.POOL:
            pool = pool_of(desk, asked.id)
            return pool.name, fields_text(pool), lambda: desk.signals.delete_pool(asked.id)
        case Deletable.SIGNAL:
            for signal in desk.signals.definitions():
                if signal.signal_id == asked.id:
                    return signal.name, fields_text(signal), lambda: desk.signals.delete_signal(asked.id)
        case Deletable.BINDING:
            for state in desk.programs.bindings():
                if state.binding.binding_id == asked.id:
                    text = fields_text(state.binding)
                    return str(asked.id), text, lambda: desk.programs.delete_binding(asked.id)
        case Deletable.TRADER:
            config = config_of(desk, asked.id)
            if desk.positions(asked.id):
                raise Conflict(f"id: {config.name} holds positions; a person has to close them first")
            return config.name, fields_text(config), lambda: desk.roster.delete(asked.id)
    raise NotFound(f"id: there is no {asked.what} {asked.id}")


DESK_WRITES = (
    WriteTool(
        name="update_trader",
        meaning="Propose to change a trader: name, symbols, waking, lower limits. A person confirms it.",
        kinds=(*_KINDS, AssistantKind.ATTRIBUTION),
        parameters=_UpdateTrader,
        run=_update_trader,
    ),
    WriteTool(
        name="create_trader",
        meaning="Propose a new paper trader with the default limits, paused. A person confirms it.",
        kinds=_KINDS,
        parameters=_CreateTrader,
        run=_create_trader,
    ),
    WriteTool(
        name="suggest_delete",
        meaning="Propose to delete a program, prompt, binding, signal, pool or trader. A person confirms it.",
        kinds=_KINDS,
        parameters=_Delete,
        run=_delete,
    ),
)
