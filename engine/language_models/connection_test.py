"""Test connection: a model is asked for one word, and how it went is said in words."""

from __future__ import annotations

from engine.errors import DeskError
from engine.language_models.base import LanguageModel, Message, ModelReply, ModelRequest
from engine.language_models.faults import ModelFault
from engine.model.language_model import ConnectionTest
from engine.text import safe_line

MAX_TOKENS = 256
"""Enough for a word after some thought; a model that thinks longer is cut off, which is an answer too."""

_QUESTION = "Answer with the single word: ready"


async def run_connection_test(
    asked: LanguageModel, model: str, listed: tuple[str, ...] = ()
) -> ConnectionTest:
    """Ask a model for one word; raises nothing for what the server, the vault or a cap does.

    `listed` are the models the server lists, empty where it lists none.
    """
    request = ModelRequest(
        model=model,
        messages=(Message(role="user", content=_QUESTION),),
        max_output_tokens=MAX_TOKENS,
    )
    try:
        reply = await asked.ask(request)
    except DeskError as error:
        if error.details.get("fault") == ModelFault.CUT_OFF:
            message = f"{model} answers; a test allows it {MAX_TOKENS} tokens, which it needs to think"
            return ConnectionTest(success=True, message=message, model=model, models=listed)
        return ConnectionTest(
            success=False, message=error.message + _advice(error, model, listed), model=model, models=listed
        )
    return ConnectionTest(
        success=True,
        message=_praise(model, reply),
        latency_ms=reply.latency_ms,
        model=model,
        models=listed,
    )


def _praise(model: str, reply: ModelReply) -> str:
    said = safe_line(reply.content.strip(), 40) or "nothing, after thinking"
    counted = "about " if reply.usage.is_estimate else ""
    first = "" if reply.first_token_ms is None else f", first token after {reply.first_token_ms} ms"
    price = "price not known" if reply.cost_usd is None else f"{reply.cost_usd:.6f} USD"
    took = f"{reply.latency_ms} ms{first}, {counted}{reply.usage.total} tokens, {price}"
    return f"{model} answers “{said}” ({took})"


def _advice(error: DeskError, model: str, listed: tuple[str, ...]) -> str:
    """Return which models there are instead of one there is not."""
    if error.details.get("fault") != ModelFault.UNKNOWN_MODEL or not listed:
        return ""
    return f"; it has {', '.join(listed[:8])}" + (" …" if len(listed) > 8 else "")
