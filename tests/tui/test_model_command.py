"""`nightdesk model`: connections as they stand, tested and paid for."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from pathlib import Path

import pytest

from engine.model.language_model import CallPurpose, KeySource, ModelCall, ModelConnection, TokenUsage
from engine.store.store import Store
from tests.models.chat_server import ChatServer, streams
from tui.cli import main

Captured = pytest.CaptureFixture[str]


def run(home: Path, *words: str) -> int:
    try:
        return main(["--home", str(home), "model", *words])
    except SystemExit as end:
        return int(end.code or 0)


async def _store(home: Path, *changes: ModelConnection | ModelCall) -> None:
    store = Store.open(home)
    await store.journal(*changes)
    await store.aclose()


def _connection(base_url: str = "http://127.0.0.1:9/v1") -> ModelConnection:
    return ModelConnection(
        connection_id=1,
        name="Mine",
        vendor="compatible",
        base_url=base_url,
        key_source=KeySource.NONE,
        daily_usd=Decimal(3),
        input_price=Decimal(1),
        output_price=Decimal(2),
    )


@pytest.fixture
def home(tmp_path: Path, capsys: Captured) -> Path:
    """A home that a desk was opened on before: it has traders."""
    assert run(tmp_path, "list") == 0
    capsys.readouterr()
    return tmp_path


def test_a_new_home_has_no_connection(tmp_path: Path, capsys: Captured) -> None:
    assert run(tmp_path, "list") == 0
    assert "no connections yet" in capsys.readouterr().out
    assert run(tmp_path, "spending") == 0
    assert "nothing was asked in the last 30 days" in capsys.readouterr().out


def test_connections_are_listed_with_their_caps(home: Path, capsys: Captured) -> None:
    asyncio.run(_store(home, _connection()))
    assert run(home, "list") == 0
    told = capsys.readouterr().out
    assert "1  Mine  compatible  http://127.0.0.1:9/v1" in told
    assert "needs no key; used by nobody" in told
    assert "today 0 calls, 0 tokens, 0.0000 USD of 3 USD" in told


async def test_a_model_that_answers_passes_the_test(home: Path, capsys: Captured) -> None:
    async with ChatServer(streams(["ready"])) as server:
        await _store(home, _connection(server.base_url))
        assert await asyncio.to_thread(run, home, "test", "Mine", "--model", "m") == 0
    assert "Mine: m answers “ready”" in capsys.readouterr().out


def test_a_server_that_is_not_there_fails_it_in_words(home: Path, capsys: Captured) -> None:
    asyncio.run(_store(home, _connection()))
    assert run(home, "test", "1", "--model", "m") == 1
    assert "Mine: " in capsys.readouterr().out


def test_spending_is_told_by_day_trader_and_connection(home: Path, capsys: Captured) -> None:
    call = ModelCall(
        call_id="c1",
        connection_id=1,
        model="m",
        purpose=CallPurpose.DECISION,
        started_ms=int(time.time() * 1000),
        trader_id=99,
        usage=TokenUsage(input=1000, output=234),
        cost_usd=Decimal("0.0125"),
    )
    asyncio.run(_store(home, _connection(), call))
    assert run(home, "spending", "--days", "2") == 0
    told = capsys.readouterr().out
    assert "trader 99 on Mine: 1 call, 1,234 tokens, 0.0125 USD" in told
    assert told.endswith("together: 1 call, 1,234 tokens, 0.0125 USD\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("test", "Nowhere", "--model", "m"), "connection: there is no Nowhere; there are Mine"),
        (("test", "Mine"), "--model: nothing is not allowed"),
        (("spending", "--days", "0"), "--days: 0 is not allowed"),
    ],
)
def test_what_cannot_be_done_is_said_by_name(
    home: Path, capsys: Captured, words: tuple[str, ...], told: str
) -> None:
    asyncio.run(_store(home, _connection()))
    assert run(home, *words) in (1, 2)
    assert told in capsys.readouterr().err
