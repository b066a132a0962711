"""Tools that propose signals, pools and factors."""

from __future__ import annotations

from typing import Annotated

import msgspec

from engine.assistants.tools.signals import pool_of, signal_ids
from engine.assistants.tools.texts import fields_text
from engine.assistants.tools.tool import Arguments, Draft, WriteTool
from engine.desk import Desk
from engine.errors import NotFound
from engine.model.assistant import AssistantKind
from engine.model.factor import FactorCategory
from engine.model.signal import PoolLogic, SignalDefinition, SignalPool

_KINDS = (AssistantKind.DESK, AssistantKind.SIGNAL)
_SIGNAL_FIELDS = ("name", "condition", "description", "enabled")
_POOL_FIELDS = ("name", "logic", "symbols", "cooldown_seconds", "enabled")


class _SaveSignal(Arguments, frozen=True, kw_only=True):
    name: str
    condition: Annotated[str, msgspec.Meta(description="tried with test_condition")]
    signal_id: Annotated[int, msgspec.Meta(description="0 for a new signal")] = 0
    description: str = ""
    enabled: bool = True


class _SavePool(Arguments, frozen=True, kw_only=True):
    name: str
    signals: Annotated[tuple[str, ...], msgspec.Meta(description="names of saved signals")]
    pool_id: Annotated[int, msgspec.Meta(description="0 for a new pool")] = 0
    logic: PoolLogic = PoolLogic.AND
    symbols: Annotated[tuple[str, ...], msgspec.Meta(description="empty for every symbol")] = ()
    cooldown_seconds: Annotated[int, msgspec.Meta(ge=0)] = 0
    enabled: bool = True


class _SaveFactor(Arguments, frozen=True, kw_only=True):
    name: str
    expression: Annotated[str, msgspec.Meta(description="of the words that query_factors lists")]
    meaning: str = ""


async def _save_signal(desk: Desk, asked: _SaveSignal) -> Draft:
    before = next((each for each in desk.signals.definitions() if each.signal_id == asked.signal_id), None)
    if asked.signal_id and before is None:
        raise NotFound(f"signal_id: there is no signal {asked.signal_id}; see get_signal_pools")
    changed = SignalDefinition(
        signal_id=asked.signal_id,
        name=asked.name.strip(),
        condition=desk.signals.check(asked.condition).condition,
        description=asked.description,
        enabled=asked.enabled,
    )

    async def carry_out() -> str:
        saved = await desk.signals.save_signal(changed)
        return f"saved signal {saved.signal_id}, {saved.name}: {saved.condition}"

    return Draft(
        summary=f"save signal {changed.name}",
        before="" if before is None else fields_text(before, _SIGNAL_FIELDS),
        after=fields_text(changed, _SIGNAL_FIELDS),
        carry_out=carry_out,
    )


async def _save_pool(desk: Desk, asked: _SavePool) -> Draft:
    before = pool_of(desk, asked.pool_id) if asked.pool_id else None
    changed = SignalPool(
        pool_id=asked.pool_id,
        name=asked.name.strip(),
        signal_ids=signal_ids(desk, asked.signals),
        logic=asked.logic,
        symbols=asked.symbols,
        cooldown_seconds=asked.cooldown_seconds,
        enabled=asked.enabled,
    )

    async def carry_out() -> str:
        saved = await desk.signals.save_pool(changed)
        return f"saved pool {saved.pool_id}, {saved.name}"

    return Draft(
        summary=f"save pool {changed.name}",
        before="" if before is None else _pool_text(desk, before),
        after=_pool_text(desk, changed),
        carry_out=carry_out,
    )


def _pool_text(desk: Desk, pool: SignalPool) -> str:
    conditions = {each.signal_id: f"{each.name} ({each.condition})" for each in desk.signals.definitions()}
    members = [f"signal: {conditions.get(identity, identity)}" for identity in pool.signal_ids]
    return "\n".join([fields_text(pool, _POOL_FIELDS), *members])


async def _save_factor(desk: Desk, asked: _SaveFactor) -> Draft:
    desk.markets.check_factor(asked.expression)
    before = next(
        (
            each.expression
            for each in desk.markets.factors()
            if each.name == asked.name and each.category is FactorCategory.CUSTOM
        ),
        "",
    )

    async def carry_out() -> str:
        saved = await desk.markets.save_factor(asked.name, asked.expression, asked.meaning)
        return f"saved factor {saved.name} = {saved.expression}"

    return Draft(
        summary=f"save factor {asked.name}", before=before, after=asked.expression, carry_out=carry_out
    )


SIGNAL_WRITES = (
    WriteTool(
        name="save_signal",
        meaning="Propose a signal, new or changed. A person confirms it.",
        kinds=_KINDS,
        parameters=_SaveSignal,
        run=_save_signal,
    ),
    WriteTool(
        name="save_pool",
        meaning="Propose a pool of saved signals, new or changed. A person confirms it.",
        kinds=_KINDS,
        parameters=_SavePool,
        run=_save_pool,
    ),
    WriteTool(
        name="save_factor",
        meaning="Propose a factor of one's own. A person confirms it.",
        kinds=_KINDS,
        parameters=_SaveFactor,
        run=_save_factor,
    ),
)
