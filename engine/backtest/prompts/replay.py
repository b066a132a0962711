"""Past decisions asked again with another prompt; nothing trades.

The exact prompt that was sent is changed and sent as it was then: the same kind of request, the reply
read by the same strict rules, with the trader's symbols and leverage limit as they are now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from engine.backtest.prompts.budget import check_max_usd
from engine.backtest.prompts.differences import change_type, differences
from engine.errors import DeskError, InvalidInput, ReplyUnusable
from engine.language_models.base import LanguageModel, Message
from engine.model.account import TraderConfig
from engine.model.decision import DecisionRecord
from engine.model.prompt_backtest import ReplacementRule, ReplayItem, ReplayItemStatus, ReplayRequest
from engine.strategies.decision import MAX_REPLY_BYTES
from engine.strategies.prompts.market_block import find_market_block
from engine.strategies.prompts.request import decision_request, decisions_of
from engine.text import safe_line, safe_text

MAX_DECISIONS = 500
MAX_RULES = 50
MAX_PROMPT_BYTES = 1024 * 1024
MAX_REASONING = 64_000


def check_replay(request: ReplayRequest) -> None:
    """Raise `InvalidInput` for a request that would ask nothing, too much, or the same as before."""
    count = len(request.decision_ids)
    if not 1 <= count <= MAX_DECISIONS or len(set(request.decision_ids)) != count:
        raise InvalidInput.of("decision_ids", f"a list of {count}", f"1 to {MAX_DECISIONS}, each once")
    if not request.model.strip():
        raise InvalidInput.of("model", "nothing", "the name of a model")
    if request.text and request.rules:
        raise InvalidInput.of("rules", f"{len(request.rules)} beside a text", "give a text or rules")
    if len(request.rules) > MAX_RULES:
        raise InvalidInput.of("rules", len(request.rules), f"up to {MAX_RULES}")
    if any(not rule.find for rule in request.rules):
        raise InvalidInput.of("rules", "a rule that finds nothing", "a text to look for in each")
    if len(request.text.encode()) > MAX_PROMPT_BYTES:
        raise InvalidInput.of("text", f"{len(request.text):,} characters", f"up to {MAX_PROMPT_BYTES} bytes")
    check_max_usd(request.max_usd)


def changed_prompt(prompt: str, text: str, rules: Sequence[ReplacementRule]) -> str:
    """Return the prompt to ask with: `text` where given, else `prompt` with each rule applied in turn.

    Raises `InvalidInput` for a result that is too long.
    """
    changed = text or prompt
    for rule in rules:
        length = len(changed) + changed.count(rule.find) * (len(rule.replace) - len(rule.find))
        if length > MAX_PROMPT_BYTES:
            raise InvalidInput.of("rules", f"a prompt of {length:,}", f"up to {MAX_PROMPT_BYTES} characters")
        changed = changed.replace(rule.find, rule.replace)
    return changed


def pending_item(record: DecisionRecord, request: ReplayRequest, realized_pnl: Decimal | None) -> ReplayItem:
    """Return a decision that waits to be asked again, failed at once if it cannot be.

    `realized_pnl` is what it came to, None while anything it opened is held.
    """
    item = ReplayItem(decision_id=record.decision_id, original=record.decisions, realized_pnl=realized_pnl)
    if not record.prompt:
        return failed(item, "it has no prompt: it was not made by a model, or failed before it was asked")
    try:
        prompt = changed_prompt(record.prompt, request.text, request.rules)
    except InvalidInput as error:
        return failed(item, error.message)
    return msgspec.structs.replace(item, prompt=prompt)


def failed(item: ReplayItem, reason: str) -> ReplayItem:
    """Return an item that came to nothing, and why."""
    return msgspec.structs.replace(item, status=ReplayItemStatus.FAILED, error=safe_line(reason))


async def ask_again(item: ReplayItem, trader: TraderConfig, model: LanguageModel) -> ReplayItem:
    """Return an item with what the model decides on its prompt, or why that came to nothing.

    `trader` says with which model and how it is asked, and which symbols and leverage are allowed.
    """
    asked = decision_request(trader, (Message(role="user", content=item.prompt),))
    try:
        reply = await model.ask(asked)
    except DeskError as error:
        cost = error.details.get("cost_usd")
        item = msgspec.structs.replace(
            item,
            reply=safe_text(error.details.get("reply", ""), MAX_REPLY_BYTES),
            tokens=int(error.details.get("tokens", 0)),
            cost_usd=None if cost is None else Decimal(cost),
        )
        return failed(item, error.message)
    item = msgspec.structs.replace(
        item,
        reply=safe_text(reply.content, MAX_REPLY_BYTES),
        reasoning=safe_text(reply.reasoning, MAX_REASONING),
        tokens=reply.usage.total,
        cost_usd=reply.cost_usd,
        cached=reply.cached,
    )
    try:
        changed = decisions_of(reply, trader, _marks(item.prompt))
    except ReplyUnusable as error:
        return failed(item, error.message)
    return msgspec.structs.replace(
        item,
        status=ReplayItemStatus.COMPLETED,
        error="",
        changed=changed,
        changes=differences(item.original, changed),
        change_type=change_type(item.original, changed),
    )


def _marks(prompt: str) -> Mapping[str, Decimal]:
    """Return the marks of the market block in a prompt: what a distance in per cent counts from."""
    try:
        return {each.symbol: each.mark for each in find_market_block(prompt).symbols}
    except InvalidInput:
        return {}
