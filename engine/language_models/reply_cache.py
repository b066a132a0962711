"""Recorded replies: what a model answered once, kept under everything that decided its answer.

The key is the SHA-256 of the vendor, the host and the whole `ModelRequest` as canonical JSON, so that a
request that differs in one character is another one. A reply is one file, `reply_cache/<2 hex>/<key>.json`;
it holds no address and no secret. A second ask of a request that is under way waits for the first and
takes its reply, so that a run comes out the same however many requests it makes at once.
"""

from __future__ import annotations

import asyncio
import hashlib
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import msgspec

from engine.durable_files import make_folder_durably, write_durably
from engine.errors import StoreFailed, StrategyFailed
from engine.language_models.base import (
    DeltaListener,
    LanguageModel,
    ModelReply,
    ModelRequest,
    ignore_delta,
)
from engine.model.prompt_backtest import ReplyCacheMode
from engine.secrecy.redaction import redact_value

REPLY_CACHE_FOLDER = "reply_cache"


class _RecordedReply(msgspec.Struct, frozen=True):
    reply: ModelReply


def reply_key(vendor: str, base_url: str, request: ModelRequest) -> str:
    """Return the key of a request to a vendor's host, 64 hexadecimal digits."""
    told = {"vendor": vendor, "host": urlsplit(base_url).netloc.lower(), "request": request}
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()


class RecordedReplies:
    """The folder of recorded replies of one home; used from one event loop."""

    def __init__(self, home: Path) -> None:
        self._root = home / REPLY_CACHE_FOLDER
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def asking(self, key: str) -> asyncio.Lock:
        """Return the lock that whoever asks under a key holds."""
        lock = self._asking.get(key)
        if lock is None:
            lock = self._asking[key] = asyncio.Lock()
        return lock

    def path(self, key: str) -> Path:
        """Return where the reply of a key is kept."""
        return self._root / key[:2] / f"{key}.json"

    def read(self, key: str) -> ModelReply | None:
        """Return the reply recorded under a key; None where there is none, or none that can be read."""
        try:
            return msgspec.json.decode(self.path(key).read_bytes(), type=_RecordedReply).reply
        except (OSError, msgspec.MsgspecError, UnicodeError):
            return None

    def write(self, key: str, reply: ModelReply) -> None:
        """Record a reply, whole or not at all; raises `StoreFailed`."""
        path = self.path(key)
        data = msgspec.json.encode(_RecordedReply(reply))

        def fill(file: Path) -> None:
            file.write_bytes(data)

        try:
            make_folder_durably(path.parent)
        except OSError as error:
            raise StoreFailed(f"{path.parent}: {error.strerror}", path=str(path.parent)) from error
        write_durably(path, fill)


class ReplyCache(LanguageModel):
    """A model behind its recorded replies.

    A reply from the record is `cached`, costs nothing and keeps the latency and tokens it once took. What
    fails is not recorded and is asked again the next time.
    """

    def __init__(
        self,
        model: LanguageModel,
        replies: RecordedReplies,
        *,
        vendor: str,
        base_url: str,
        mode: ReplyCacheMode,
    ) -> None:
        self._model = model
        self._replies = replies
        self._vendor = vendor
        self._base_url = base_url
        self._mode = mode

    async def ask(
        self,
        request: ModelRequest,
        *,
        on_reasoning: DeltaListener = ignore_delta,
        on_content: DeltaListener = ignore_delta,
    ) -> ModelReply:
        """Return the recorded reply, else the model's; raises as the model does.

        Raises `StrategyFailed` for a request that was never recorded when the model may not be asked.
        """
        if self._mode is ReplyCacheMode.OFF:
            return await self._asked(request, on_reasoning, on_content)
        key = reply_key(self._vendor, self._base_url, request)
        async with self._replies.asking(key):
            recorded = await asyncio.to_thread(self._replies.read, key)
            if recorded is None:
                if self._mode is ReplyCacheMode.READ_ONLY:
                    raise StrategyFailed(
                        "the reply to this request is not recorded, and only recorded replies may be used",
                        key=key,
                    )
                reply = await self._asked(request, on_reasoning, on_content)
                await asyncio.to_thread(self._replies.write, key, reply)
                return reply
        on_reasoning(recorded.reasoning)
        on_content(recorded.content)
        return msgspec.structs.replace(recorded, cached=True, cost_usd=Decimal(0))

    async def _asked(
        self, request: ModelRequest, on_reasoning: DeltaListener, on_content: DeltaListener
    ) -> ModelReply:
        """Return the model's own reply, without secrets.

        They go before it is used, not only before it is kept: a re-run must come out the same.
        """
        return redact_value(await self._model.ask(request, on_reasoning=on_reasoning, on_content=on_content))
