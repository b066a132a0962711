"""Tools that read decisions: what was decided, why, with which prompt, and what it came to."""

from __future__ import annotations

from typing import Annotated

import msgspec

from engine.assistants.tools.texts import as_json, page, picked
from engine.assistants.tools.tool import Arguments, ReadTool
from engine.clock import DAY_MS
from engine.desk import Desk
from engine.model.arena import Dimension
from engine.model.assistant import AssistantKind
from engine.model.decision import DecisionRecord

_KINDS = (AssistantKind.DESK, AssistantKind.PROMPT, AssistantKind.ATTRIBUTION)
_SHOWN_TEXT = 1_500

_DecisionId = Annotated[str, msgspec.Meta(description="an id of get_decision_list")]


class _List(Arguments, frozen=True, kw_only=True):
    trader_id: Annotated[int, msgspec.Meta(description="0 for all")] = 0
    symbol: str = ""
    operation: Annotated[str, msgspec.Meta(description="buy, sell, close or hold; empty for all")] = ""
    text: Annotated[str, msgspec.Meta(description="what is searched for in them")] = ""
    before_ms: Annotated[int, msgspec.Meta(description="UTC ms; 0 for the latest")] = 0


class _Decision(Arguments, frozen=True, kw_only=True):
    decision_id: _DecisionId


class _DecisionPage(Arguments, frozen=True, kw_only=True):
    decision_id: _DecisionId
    first_line: Annotated[int, msgspec.Meta(description="where to go on in a long prompt, from 1")] = 1


class _Attribution(Arguments, frozen=True, kw_only=True):
    dimension: Dimension = Dimension.STRATEGY
    trader_id: Annotated[int, msgspec.Meta(description="0 for all")] = 0
    days: Annotated[int, msgspec.Meta(ge=0, le=3650, description="0 for all time")] = 0


async def _list(desk: Desk, asked: _List) -> str:
    records = await desk.arena.chat(
        trader_id=asked.trader_id or None,
        before_ms=asked.before_ms or None,
        symbol=asked.symbol,
        operation=asked.operation,
        text=asked.text,
        limit=20,
    )
    return as_json([_line(record) for record in records])


async def _details(desk: Desk, asked: _Decision) -> str:
    record = (await desk.arena.story(asked.decision_id)).record
    return as_json(
        _line(record)
        | {
            "trigger": record.trigger,
            "decisions": record.decisions,
            "reply": record.reply[:_SHOWN_TEXT],
            "reasoning": record.reasoning[:_SHOWN_TEXT],
            "prompt_characters": len(record.prompt),
        }
    )


async def _prompt(desk: Desk, asked: _DecisionPage) -> str:
    record = (await desk.arena.story(asked.decision_id)).record
    return page(record.prompt or "(a program decided: there was no prompt)", asked.first_line)


async def _chain(desk: Desk, asked: _Decision) -> str:
    story = await desk.arena.story(asked.decision_id)
    return as_json(
        _line(story.record)
        | {
            "trigger": story.record.trigger,
            "decisions": story.record.decisions,
            "calls": [
                picked(call, "purpose", "model", "latency_ms", "attempts", "finish_reason", "error")
                | picked(call, "usage", "cost_usd")
                for call in story.calls
            ],
            "orders": [
                picked(order, "client_order_id", "symbol", "side", "type", "quantity", "price", "status")
                | picked(order, "filled_quantity", "average_price", "status_reason")
                for order in story.orders[:10]
            ],
            "fills": [
                picked(fill, "symbol", "side", "price", "quantity", "fee", "realized_pnl", "ts_ms")
                for fill in story.fills[:20]
            ],
            "realized_pnl": story.realized_pnl,
            "is_settled": story.is_settled,
        }
    )


async def _attribution(desk: Desk, asked: _Attribution) -> str:
    since_ms = desk.market().now_ms - asked.days * DAY_MS if asked.days else 0
    rows = await desk.arena.attribution(asked.dimension, trader_id=asked.trader_id or None, since_ms=since_ms)
    return as_json(rows[:30])


def _line(record: DecisionRecord) -> dict[str, object]:
    names = ("decision_id", "trader_id", "started_ms", "status", "stage", "strategy", "model", "regime")
    return picked(record, *names, "latency_ms", "tokens", "cost_usd") | {
        "woken_by": f"{record.trigger.kind} {record.trigger.signal} {record.trigger.symbol}".strip(),
        "operations": [f"{each.operation} {each.symbol}".strip() for each in record.decisions],
        "why": [each.reason[:150] for each in record.decisions],
        "outcome": record.outcome[:200],
    }


DECISION_TOOLS = (
    ReadTool(
        name="get_decision_list",
        meaning="List up to 20 decisions before a time, oldest first: who, what, why and how it ended.",
        kinds=_KINDS,
        parameters=_List,
        run=_list,
    ),
    ReadTool(
        name="get_decision_details",
        meaning="Read one decision with its trigger, raw reply and reasoning.",
        kinds=_KINDS,
        parameters=_Decision,
        run=_details,
    ),
    ReadTool(
        name="get_prompt_context",
        meaning="Read the exact prompt that a decision was made by, page by page.",
        kinds=_KINDS,
        parameters=_DecisionPage,
        run=_prompt,
    ),
    ReadTool(
        name="get_trade_decision_chain",
        meaning="Follow a decision from its trigger over calls, orders and fills to its profit or loss.",
        kinds=_KINDS,
        parameters=_Decision,
        run=_chain,
    ),
    ReadTool(
        name="get_attribution_summary",
        meaning="Tell where profit and loss came from: by strategy, account, symbol, operation, trigger, "
        "regime or model.",
        kinds=_KINDS,
        parameters=_Attribution,
        run=_attribution,
    ),
)
