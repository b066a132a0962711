"""Tools that read traders: how each stands, how it is set up, and what may be wrong with one."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from engine.assistants.tools.texts import as_json, no_such, picked
from engine.assistants.tools.tool import EVERY_KIND, Arguments, ReadTool
from engine.desk import Desk
from engine.model.account import TraderConfig, TraderKind, TraderStatus, TraderSummary
from engine.model.assistant import AssistantKind
from engine.model.decision import DecisionRecord, DecisionStatus
from engine.model.language_model import ConnectionState

_SETUP_KINDS = (AssistantKind.DESK, AssistantKind.PROMPT, AssistantKind.PROGRAM, AssistantKind.ATTRIBUTION)
_RECENT = 20
_FAILURES = (DecisionStatus.FAILED, DecisionStatus.REFUSED)


class _Trader(Arguments, frozen=True, kw_only=True):
    trader_id: Annotated[int, msgspec.Meta(description="an id of list_ai_accounts")]


def config_of(desk: Desk, trader_id: int) -> TraderConfig:
    """Return a trader's configuration; raises `NotFound` naming those there are."""
    for config in desk.roster.configs():
        if config.trader_id == trader_id:
            return config
    raise no_such("trader", trader_id, ((each.trader_id, each.name) for each in desk.roster.configs()))


def summary_of(desk: Desk, trader_id: int) -> TraderSummary | None:
    """Return how a trader stands; None before its first picture."""
    return next((each for each in desk.traders() if each.trader_id == trader_id), None)


async def _list(desk: Desk, _: Arguments) -> str:
    return as_json([_standing(trader) for trader in desk.traders()])


async def _details(desk: Desk, asked: _Trader) -> str:
    config, trader = config_of(desk, asked.trader_id), summary_of(desk, asked.trader_id)
    bindings = [state for state in desk.programs.bindings() if state.binding.trader_id == asked.trader_id]
    return as_json(
        {
            "config": config,
            "standing": None if trader is None else _standing(trader),
            "programs": [
                picked(state.binding, "binding_id", "program_id", "pool_ids", "schedule_seconds", "active")
                | picked(state, "status", "reason")
                for state in bindings
            ],
            "prompt_ids": [
                each.prompt_id for each in desk.prompts.bindings() if each.trader_id == asked.trader_id
            ],
            "positions": desk.positions(asked.trader_id),
            "open_orders": [
                picked(order, "symbol", "side", "type", "quantity", "price", "trigger_price", "status")
                for order in desk.orders(asked.trader_id)[-10:]
            ],
        }
    )


async def _overview(desk: Desk, _: Arguments) -> str:
    market = desk.market()
    return as_json(
        {
            "market": market,
            "traders": [_standing(trader) for trader in desk.traders()],
            "feeds": [
                picked(feed, "symbol", "quote_age_ms", "is_stale", "book") for feed in desk.markets.feeds()
            ],
            "models": [_connection(state) for state in desk.models.connections()],
            "vault": desk.vault.status().state,
            "counts": {
                "programs": len(desk.programs.programs()),
                "prompts": len(desk.prompts.prompts()),
                "pools": len(desk.signals.pools()),
                "positions": len(desk.positions()),
                "backtests": len(desk.backtests.runs()),
            },
            "standings": [
                picked(each, "rank", "name", "return_pct", "max_drawdown_pct", "trades", "win_rate")
                for each in desk.arena.standings()[:10]
            ],
        }
    )


async def _diagnose(desk: Desk, asked: _Trader) -> str:
    config = config_of(desk, asked.trader_id)
    recent = desk.decisions(asked.trader_id, _RECENT)
    findings = [
        *_state_findings(desk, config),
        *_waking_findings(desk, config),
        *_model_findings(desk, config),
    ]
    if config.kind is not TraderKind.MANUAL:
        findings += _decision_findings(recent)
    return as_json(
        {
            "trader": config.name,
            "findings": findings or ["nothing is found to be wrong"],
            "recent": [
                picked(record, "decision_id", "started_ms", "status", "stage")
                | {"outcome": record.outcome[:200]}
                for record in recent[-8:]
            ],
        }
    )


def _state_findings(desk: Desk, config: TraderConfig) -> list[str]:
    findings = []
    trader = summary_of(desk, config.trader_id)
    if trader is not None and trader.status is not TraderStatus.ACTIVE:
        findings.append(f"it is {trader.status}: {trader.status_reason or 'a person has to start it'}")
    if not config.trading_enabled:
        findings.append("trading is disabled: orders that add risk are denied")
    if desk.market().kill_switch:
        findings.append("the kill switch is engaged: no entries on the whole desk")
    if trader is not None and trader.account.available <= Decimal(0):
        findings.append(f"nothing is available: {trader.account.available} of {trader.account.equity}")
    stale = [each.symbol for each in desk.markets.feeds() if each.is_stale and each.symbol in config.symbols]
    if stale:
        findings.append(f"the feed is stale for {', '.join(stale)}")
    return findings


def _waking_findings(desk: Desk, config: TraderConfig) -> list[str]:
    if config.kind is TraderKind.MANUAL:
        return ["it is a manual trader: nothing decides for it"]
    pools = {pool.pool_id: pool for pool in desk.signals.pools()}
    if config.kind is TraderKind.PROMPT:
        wakings = [(config.pool_ids, config.schedule_seconds)]
    else:
        bound = [each for each in desk.programs.bindings() if each.binding.trader_id == config.trader_id]
        wakings = [
            (each.binding.pool_ids, each.binding.schedule_seconds) for each in bound if each.binding.active
        ]
        if not wakings:
            return ["no active binding: no program runs for it"]
    findings = []
    if not any(pool_ids or seconds for pool_ids, seconds in wakings):
        findings.append("neither a pool nor a schedule wakes it")
    for pool_id in sorted({pool_id for pool_ids, _ in wakings for pool_id in pool_ids}):
        pool = pools.get(pool_id)
        if pool is None:
            findings.append(f"pool {pool_id} is gone")
        elif not pool.enabled:
            findings.append(f"pool {pool.name} is switched off")
        elif pool.symbols and not set(pool.symbols) & set(config.symbols):
            findings.append(f"pool {pool.name} watches none of its symbols")
    return findings


def _model_findings(desk: Desk, config: TraderConfig) -> list[str]:
    if config.kind is not TraderKind.PROMPT or not config.connection_id:
        return []
    for state in desk.models.connections():
        if state.connection.connection_id == config.connection_id:
            return [f"its model cannot be asked: {state.problem}"] if state.problem else []
    return [f"its model connection {config.connection_id} is gone"]


def _decision_findings(recent: tuple[DecisionRecord, ...]) -> list[str]:
    if not recent:
        return ["it has not decided yet"]
    bad = [record for record in recent if record.status in _FAILURES]
    if not bad:
        return []
    return [f"{len(bad)} of its last {len(recent)} decisions were refused or failed; last: {bad[-1].outcome}"]


def _standing(trader: TraderSummary) -> dict[str, object]:
    names = ("trader_id", "name", "kind", "mode", "status", "status_reason", "strategy", "model")
    return picked(trader, *names, "open_positions", "open_orders", "thinking") | {
        "account": picked(trader.account, "equity", "available", "used_margin", "unrealized_pnl", "day_pnl")
    }


def _connection(state: ConnectionState) -> dict[str, object]:
    return picked(state.connection, "connection_id", "name", "vendor") | picked(
        state, "problem", "calls_today", "tokens_today", "usd_today", "traders"
    )


TRADER_TOOLS = (
    ReadTool(
        name="list_ai_accounts",
        meaning="List the traders: status, strategy, model, account and what is open.",
        kinds=EVERY_KIND,
        parameters=Arguments,
        run=_list,
    ),
    ReadTool(
        name="get_trader_details",
        meaning="Read a trader's whole setup: limits, strategy, what wakes it, positions and orders.",
        kinds=_SETUP_KINDS,
        parameters=_Trader,
        run=_details,
    ),
    ReadTool(
        name="get_system_overview",
        meaning="Read the state of the whole desk: market, feeds, traders, models, counts, standings.",
        kinds=(AssistantKind.DESK, AssistantKind.ATTRIBUTION),
        parameters=Arguments,
        run=_overview,
    ),
    ReadTool(
        name="diagnose_trader_issues",
        meaning="Look for what keeps a trader from deciding or trading.",
        kinds=(AssistantKind.DESK, AssistantKind.ATTRIBUTION, AssistantKind.PROMPT, AssistantKind.PROGRAM),
        parameters=_Trader,
        run=_diagnose,
    ),
)
