"""One call of a model: the request as it is sent, and the answer as it comes in, checked at every step."""

from __future__ import annotations

import asyncio
import contextlib
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.clock import Clock, WallClock
from engine.errors import ModelFailed, ReplyUnusable
from engine.language_models.answer import StreamedAnswer
from engine.language_models.base import DeltaListener, ModelReply, ModelRequest, ignore_delta
from engine.language_models.endpoint import Endpoint
from engine.language_models.faults import ModelFault, fault_of, model_error, read_error
from engine.language_models.limits import CallLimits
from engine.language_models.request_body import request_body
from engine.language_models.retry_pause import asked_pause
from engine.language_models.sse import EventStreamParser, EventTooLong
from engine.language_models.tokens import estimated_usage
from engine.language_models.vendors import VendorRow
from engine.model.language_model import TokenUsage
from engine.secrecy.redaction import redact
from engine.text import safe_line

if TYPE_CHECKING:
    import httpx

MAX_STREAM_BYTES = 16 * 1024 * 1024
_ERROR_BODY_BYTES = 4096
_ERROR_BODY_SECONDS = 2.0
_EXCERPT = 200


class Retry(Exception):
    """Nothing was answered and asking again may help; `cause` is the error if it does not."""

    def __init__(self, cause: ModelFailed | ReplyUnusable, retry_after: float | None = None) -> None:
        super().__init__(cause.message)
        self.cause = cause
        self.retry_after = retry_after


class ChatCall:
    """One call: what is asked of whom, and its answer so far.

    Raises `InvalidInput` for a schema that is not a JSON object.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        row: VendorRow,
        request: ModelRequest,
        limits: CallLimits,
        *,
        on_reasoning: DeltaListener = ignore_delta,
        on_content: DeltaListener = ignore_delta,
    ) -> None:
        self._request = request
        self._clock: Clock = WallClock()
        self._started = 0.0
        self._first_token_ms: int | None = None
        self._may_cost = False
        self.endpoint = endpoint
        self.limits = limits
        self.body = request_body(request, row)
        self.attempts = 0
        self.answer = StreamedAnswer(on_reasoning, on_content, self.excerpt, self.failed)

    def start(self, clock: Clock) -> None:
        """Measure from now, on this clock."""
        self._clock, self._started = clock, clock.monotonic()

    def sent(self, silence: asyncio.Timeout) -> None:
        """Begin the wait for the first token; from now on a call may cost, even one that is given up."""
        self._may_cost = True
        self.restart(silence)

    def restart(self, silence: asyncio.Timeout) -> None:
        """Let the wait for the next token begin now."""
        silence.reschedule(asyncio.get_running_loop().time() + self.limits.first_token_seconds)

    def failed(self, fault: ModelFault, what: str) -> ModelFailed | ReplyUnusable:
        """Return the error of a fault, with what there is of the answer in its `details`."""
        error = model_error(fault, self.endpoint.base_url, what)
        error.details |= {"reply": self.answer.content, "reasoning": self.answer.reasoning}
        return error

    def excerpt(self, raw: bytes) -> str:
        """Return a short, safe piece of what a server sent, without the key."""
        text = self.endpoint.api_key.redact(raw[:_ERROR_BODY_BYTES].decode(errors="replace"))
        return safe_line(redact(text), _EXCERPT)

    async def check_response(self, response: httpx.Response) -> None:
        """Raise unless the server answered with an event stream."""
        content_type = response.headers.get("Content-Type", "").lower()
        if response.status_code == 200 and content_type.startswith("text/event-stream"):
            return
        self._may_cost = False
        body = await _error_body(response)
        said = read_error(body)
        excerpt = self.excerpt(said.message.encode(errors="replace")) or "an empty body"
        if response.status_code == 200:
            named = self.excerpt(content_type.encode()) or "no content type"
            what = f"answered {named} instead of an event stream: {excerpt}"
            raise self.failed(ModelFault.NOT_AN_API, what)
        fault = fault_of(response.status_code, said)
        failed = self.failed(fault, f"answered {response.status_code}: {excerpt}")
        if fault in (ModelFault.RATE_LIMITED, ModelFault.SERVER):
            asked = asked_pause(response.headers.get("Retry-After", ""), self._now_seconds())
            raise Retry(failed, asked)
        raise failed

    async def read(self, response: httpx.Response, silence: asyncio.Timeout) -> None:
        """Read events until `[DONE]`; every token restarts the silence clock."""
        parser = EventStreamParser()
        answer, size = self.answer, 0
        try:
            async for piece in response.aiter_raw():
                size += len(piece)
                if size > MAX_STREAM_BYTES:
                    raise self.failed(ModelFault.TOO_LONG, f"more than {MAX_STREAM_BYTES} bytes")
                before = answer.characters
                is_whole = any(answer.take(event) for event in parser.feed(piece))
                if answer.characters > before:
                    self._note_first_token()
                    self.restart(silence)
                if is_whole:
                    return
            if any(answer.take(event) for event in parser.finish()):
                return
        except EventTooLong as error:
            raise self.failed(ModelFault.TOO_LONG, "one event is longer than 1 MB") from error
        raise self.failed(ModelFault.BROKEN_STREAM, "the stream ended before [DONE]")

    def so_far(self) -> ModelReply:
        """Return the answer, whole or not; tokens that nobody counted are estimated.

        A call that was sent and not refused counts its prompt at least: a vendor charges for what the model
        reads and thinks, whether or not anybody waits for it.
        """
        answer, usage = self.answer, self.answer.usage
        if usage is None and self._may_cost:
            usage = estimated_usage(self._request, answer.content, answer.reasoning)
        charged = answer.charged_usd
        return ModelReply(
            content=answer.content,
            reasoning=answer.reasoning,
            tool_calls=answer.tool_calls,
            usage=usage or TokenUsage(),
            finish_reason=answer.finish_reason,
            cost_usd=None if charged is None else Decimal(str(charged)),
            first_token_ms=self._first_token_ms,
            latency_ms=self._elapsed_ms(),
            attempts=self.attempts,
            body=self.body.decode(),
        )

    def _note_first_token(self) -> None:
        if self._first_token_ms is None:
            self._first_token_ms = self._elapsed_ms()

    def _elapsed_ms(self) -> int:
        return round((self._clock.monotonic() - self._started) * 1000)

    def _now_seconds(self) -> float:
        return self._clock.now_ms() / 1000


async def _error_body(response: httpx.Response) -> bytes:
    """Return the beginning of an error's body, or what came of it: a broken one hides no status."""
    from httpx import HTTPError

    body = bytearray()
    with contextlib.suppress(HTTPError, TimeoutError):
        async with asyncio.timeout(_ERROR_BODY_SECONDS):
            async for piece in response.aiter_raw():
                body += piece
                if len(body) >= _ERROR_BODY_BYTES:
                    break
    return bytes(body[:_ERROR_BODY_BYTES])
