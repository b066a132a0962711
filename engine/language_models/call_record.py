"""The record of a call: on whose account it was made, what was asked and what came of it."""

from __future__ import annotations

import uuid

import msgspec

from engine.language_models.base import ModelReply, ModelRequest
from engine.model.language_model import CallPurpose, ModelCall, ModelConnection


class CallAccount(msgspec.Struct, frozen=True, kw_only=True):
    """On whose account a call is made, and what for."""

    purpose: CallPurpose
    trader_id: int = 0
    subject: str = ""


def model_call(
    connection: ModelConnection,
    request: ModelRequest,
    account: CallAccount,
    started_ms: int,
    reply: ModelReply,
    failure: str,
) -> ModelCall:
    """Return the record of a call; `failure` is why it has no whole answer, empty where it has."""
    return ModelCall(
        call_id=uuid.uuid4().hex,
        connection_id=connection.connection_id,
        model=request.model,
        purpose=account.purpose,
        started_ms=started_ms,
        trader_id=account.trader_id,
        subject=account.subject,
        request=reply.body,
        reply=reply.content,
        reasoning=reply.reasoning,
        finish_reason=reply.finish_reason,
        error=failure,
        attempts=reply.attempts,
        first_token_ms=reply.first_token_ms,
        latency_ms=reply.latency_ms,
        usage=reply.usage,
        cost_usd=reply.cost_usd,
    )
