"""Keys that must never be seen again, and the search for them in everything a desk leaves behind."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec

from engine.secrecy.encodings import encodings_of
from engine.secrecy.secret import Secret
from tests.models.chat_server import EVENT_STREAM, Exchange, event

VAULT_KEY = "canary/vault+7Hq2Zr9Lx4Wm8Tn3Kc6Vb1Yd5Pf0Sg"
"""Of no known shape, with characters that every encoding writes differently."""

ENVIRONMENT_KEY = "canary-env-3Jw8Rk5Nq1Xt7Mz4Hs9Bv2Gc6Lp0Fd"
PASSPHRASE = "canary passphrase 9Qe4Ty"
CANARIES = (VAULT_KEY, ENVIRONMENT_KEY, PASSPHRASE)


def assert_silent(where: str, found: object) -> None:
    """Fail when a text, the bytes of a file or any value of the model holds a canary in any encoding.

    A half of a long key counts too, and so does one parted by the escapes of a terminal.
    """
    if isinstance(found, bytes):
        text = found.decode("latin-1")
    elif isinstance(found, str):
        text = found
    else:
        text = "\n".join((repr(found), msgspec.json.encode(found, enc_hook=repr).decode()))
    for canary in CANARIES:
        for form in encodings_of(canary):
            assert form not in text, f"{where} holds a secret as {form!r}"


def assert_files_silent(home: Path) -> None:
    """Fail when any file under `home` holds a canary: database, its log, exports, vault and all else."""
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert_silent(str(path.relative_to(home)), path.read_bytes())


def bearer_of(exchange: Exchange) -> str:
    """Return the key a request came with."""
    for line in exchange.head.splitlines():
        name, _, value = line.partition(":")
        if name.lower() == "authorization":
            return value.strip().removeprefix("Bearer ")
    return ""


def told_in_every_way(key: str) -> str:
    """Return a text that gives a key away as software might: whole, encoded and in halves."""
    return f"you sent {' and '.join(sorted(encodings_of(key)))}; Authorization: Bearer {key}"


async def echo_in_the_answer(exchange: Exchange) -> None:
    """Answer with the caller's own key in reasoning and content, in pieces that break inside it."""
    text = told_in_every_way(bearer_of(exchange))
    await exchange.send(EVENT_STREAM)
    for field, told in (
        ("reasoning_content", text),
        ("content", json.dumps({"operation": "hold", "reason": text[:300]})),
    ):
        for start in range(0, len(told), 7):
            delta = {field: told[start : start + 7]}
            await exchange.send_event({"choices": [{"index": 0, "delta": delta}]})
    await exchange.send_event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    await exchange.send(b"data: [DONE]\n\n")


def echo_in_an_error(status: str) -> Callable[[Exchange], Awaitable[None]]:
    """Return a script that refuses the call with an error that quotes the caller's key."""

    async def script(exchange: Exchange) -> None:
        body = json.dumps({"error": {"message": told_in_every_way(bearer_of(exchange))}}).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        await exchange.send(head.encode() + body)

    return script


async def echo_in_a_broken_stream(exchange: Exchange) -> None:
    """Begin an answer and then report an error that quotes the caller's key."""
    told = told_in_every_way(bearer_of(exchange))
    await exchange.send(EVENT_STREAM)
    await exchange.send(event({"choices": [{"index": 0, "delta": {"content": told}}]}))
    await exchange.send(event({"error": {"message": told}}))


def secrets_of(values: Iterable[str]) -> list[Secret]:
    """Return secrets that live as long as the list does, as those of an open vault do."""
    return [Secret(value) for value in values]
