"""What the writing tools draft: nothing is written before it is carried out, and no limit goes up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.assistants.proposals import CHANGED, ProposalBook, carried_out
from engine.assistants.registry import TOOLS
from engine.assistants.tools.tool import Draft, WriteTool
from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.account import TraderKind
from engine.model.assistant import AssistantKind, Proposal, ProposalStatus, ToolCall
from tests.assistants.small_desk import SmallDesk

WRITERS = {tool.name: tool for tool in TOOLS if isinstance(tool, WriteTool)}


async def draft(desk: SmallDesk, name: str, /, **arguments: object) -> Draft:
    return await WRITERS[name].draft(desk.seen, msgspec.json.encode(arguments).decode())


def state_of(desk: SmallDesk) -> Any:
    return (
        list(desk.calls),
        list(desk.roster.calls),
        dict(desk.roster.traders),
        dict(desk.prompts.kept),
        dict(desk.prompts.bound),
        desk.programs.programs(),
        desk.programs.bindings(),
        desk.signals.definitions(),
        desk.signals.pools(),
        desk.markets.factors(),
    )


CALLS: list[tuple[str, dict[str, object]]] = [
    ("suggest_save_code", {"name": "new one", "code": "x = 1\n"}),
    ("suggest_apply_prompt", {"name": "new one", "text": "{output_format}"}),
    ("suggest_prompt_modification", {"prompt_id": 1, "find": "Trade", "replace": "Watch"}),
    ("bind_program", {"trader_id": 3, "program_id": 1, "schedule_seconds": 60}),
    ("bind_prompt", {"trader_id": 2, "prompt_id": 2}),
    ("save_signal", {"name": "dip", "condition": "rsi14 < 20 on 15m"}),
    ("save_factor", {"name": "mine", "expression": "close / open"}),
    ("update_trader", {"trader_id": 2, "max_notional": 500, "symbols": ["BTC"], "disable_trading": True}),
    ("create_trader", {"name": "Second", "kind": "prompt", "prompt_id": 2}),
    ("suggest_delete", {"what": "prompt", "id": 2}),
]


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=[name for name, _ in CALLS])
async def test_a_draft_writes_nothing_and_carrying_it_out_does(
    name: str, arguments: dict[str, object]
) -> None:
    desk = SmallDesk()
    before = state_of(desk)
    made = await draft(desk, name, **arguments)
    assert state_of(desk) == before
    assert made.summary
    assert made.before != made.after
    assert await made.carry_out()
    assert state_of(desk) != before


async def test_a_pool_is_made_of_signals_by_their_names() -> None:
    desk = SmallDesk()
    signal = desk.signals.definitions()[0]
    made = await draft(desk, "save_pool", name="dips", signals=[signal.name], logic="or", symbols=["BTC"])
    assert f"{signal.name} ({signal.condition})" in made.after
    await made.carry_out()
    saved = next(call[1] for call in desk.calls if call[0] == "save_pool")
    assert (saved.name, saved.signal_ids, saved.logic) == ("dips", (signal.signal_id,), "or")


@pytest.mark.parametrize(
    "limit", ["max_leverage", "default_leverage", "max_notional", "max_positions", "max_orders_per_minute"]
)
async def test_no_limit_goes_up(limit: str) -> None:
    desk = SmallDesk()
    present = getattr(desk.roster.traders[2].limits, limit)
    with pytest.raises(InvalidInput, match="only lower"):
        await draft(desk, "update_trader", trader_id=2, **{limit: int(present) + 1})
    lower = await draft(desk, "update_trader", trader_id=2, **{limit: int(present) - 1})
    await lower.carry_out()
    after = desk.roster.traders[2].limits
    assert getattr(after, limit) == present - 1
    assert after.default_leverage <= after.max_leverage


async def test_trading_is_only_ever_switched_off_and_keys_are_no_parameter() -> None:
    desk = SmallDesk()
    made = await draft(desk, "update_trader", trader_id=2, disable_trading=True, schedule_seconds=0)
    await made.carry_out()
    changed = desk.roster.traders[2]
    assert (changed.trading_enabled, changed.schedule_seconds) == (False, 0)
    unchanged = await draft(desk, "update_trader", trader_id=2, name="Seer")
    await unchanged.carry_out()
    assert desk.roster.traders[2].trading_enabled is False
    for forbidden in ("trading_enabled", "api_key", "initial_capital", "mode", "limits", "status"):
        with pytest.raises(InvalidInput, match="arguments"):
            await draft(desk, "update_trader", **{"trader_id": 2, forbidden: 1})
    with pytest.raises(InvalidInput, match="say what"):
        await draft(desk, "update_trader", trader_id=2)


async def test_a_new_trader_has_the_default_limits_and_a_prompt_only_if_it_prompts() -> None:
    desk = SmallDesk()
    await (await draft(desk, "create_trader", name="A", kind="prompt", prompt_id=2, capital=500)).carry_out()
    made = desk.roster.traders[4]
    assert (made.kind, made.strategy, made.initial_capital) == (TraderKind.PROMPT, "careful", Decimal(500))
    assert made.limits == type(made.limits)()
    for wrong in ({"kind": "prompt"}, {"kind": "manual", "prompt_id": 1}):
        with pytest.raises(InvalidInput, match="prompt_id"):
            await draft(desk, "create_trader", name="B", **wrong)


async def test_what_cannot_be_is_refused_before_a_person_is_asked() -> None:
    desk = SmallDesk()
    refused: list[tuple[type[Exception], str, dict[str, object]]] = [
        (InvalidInput, "suggest_save_code", {"name": "x", "code": "nosuch()"}),
        (InvalidInput, "suggest_save_code", {"code": "x = 1"}),
        (NotFound, "suggest_save_code", {"program_id": 99, "code": "x = 1"}),
        (InvalidInput, "suggest_apply_prompt", {"name": "long", "text": "x" * 2_000}),
        (InvalidInput, "suggest_apply_prompt", {"text": "x"}),
        (InvalidInput, "suggest_prompt_modification", {"prompt_id": 1, "find": "moon", "replace": ""}),
        (InvalidInput, "suggest_prompt_modification", {"prompt_id": 1, "find": "o", "replace": ""}),
        (InvalidInput, "suggest_prompt_modification", {"prompt_id": 1, "find": "", "replace": "x"}),
        (NotFound, "bind_program", {"trader_id": 1, "program_id": 99}),
        (NotFound, "bind_program", {"trader_id": 1, "program_id": 1, "pool_ids": [99]}),
        (Conflict, "bind_prompt", {"trader_id": 2, "prompt_id": 1}),
        (NotFound, "save_signal", {"signal_id": 99, "name": "x", "condition": "rsi14 < 20 on 15m"}),
        (NotFound, "save_pool", {"name": "x", "signals": ["moon"]}),
        (NotFound, "suggest_delete", {"what": "binding", "id": 99}),
        (InvalidInput, "suggest_delete", {"what": "vault", "id": 1}),
    ]
    for error, name, arguments in refused:
        with pytest.raises(error):
            await draft(desk, name, **arguments)


async def proposed(desk: SmallDesk, name: str, /, **arguments: object) -> Proposal:
    text = msgspec.json.encode(arguments).decode()
    call = ToolCall(call_id="chat-0001-2-1", tool=name, arguments=text)
    return ProposalBook([]).prepare("chat-0001", call, await draft(desk, name, **arguments), 5)


async def test_a_proposal_does_exactly_what_was_shown_or_nothing() -> None:
    desk = SmallDesk()
    asked = {"prompt_id": 1, "find": "Trade", "replace": "Watch"}
    proposal = await proposed(desk, "suggest_prompt_modification", **asked)
    assert (proposal.before, proposal.after[:5]) == (desk.prompts.kept[1].text, "Watch")
    desk.prompts.kept[1] = msgspec.structs.replace(desk.prompts.kept[1], text="Trade now.")
    changed = await carried_out(desk.seen, AssistantKind.PROMPT, proposal)
    assert (changed.status, changed.outcome) == (ProposalStatus.EXPIRED, CHANGED)
    assert desk.prompts.kept[1].text == "Trade now."
    again = await proposed(desk, "suggest_prompt_modification", **asked)
    done = await carried_out(desk.seen, AssistantKind.PROMPT, again)
    assert done.status is ProposalStatus.CONFIRMED
    assert done.outcome == "saved prompt 1, default, version 2"
    assert desk.prompts.kept[1].text == "Watch now."


async def test_a_proposal_the_desk_refuses_says_why() -> None:
    desk = SmallDesk()
    proposal = await proposed(desk, "suggest_apply_prompt", name="careful", text="x")
    refused = await carried_out(desk.seen, AssistantKind.PROMPT, proposal)
    assert (refused.status, refused.outcome) == (ProposalStatus.FAILED, "name: careful is taken")
    foreign = msgspec.structs.replace(proposal, tool="get_news")
    assert (await carried_out(desk.seen, AssistantKind.PROMPT, foreign)).status is ProposalStatus.FAILED
    other_kind = await carried_out(desk.seen, AssistantKind.SIGNAL, proposal)
    assert other_kind.status is ProposalStatus.FAILED


async def test_what_a_person_compares_is_safe_to_show() -> None:
    desk = SmallDesk()
    proposal = await proposed(
        desk,
        "suggest_save_code",
        name="evil\x1b[2J\n[/foo]",
        code="x = 1  # \u202e\x1b]0;pwn\x07 sk-abc1234567890abcdef\n",
    )
    shown = proposal.summary + proposal.before + proposal.after
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\n" not in proposal.summary
    assert "abc1234567890" not in shown
