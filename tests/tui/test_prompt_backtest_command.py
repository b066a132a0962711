"""`nightdesk prompt-backtest`: what it prints, and that a second run asks nobody."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from engine.model.language_model import KeySource, ModelConnection
from engine.store.store import Store
from tests.backtest.arena.made_facts import decision
from tests.models.chat_server import ChatServer, streams
from tui.cli import main

Captured = pytest.CaptureFixture[str]

RUN = (
    "run",
    "mine.txt",
    "--trader",
    "Rulebook",
    "--symbol",
    "BTC",
    "--from",
    "2025-06-01",
    "--to",
    "2025-06-02",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text("[prompts]\ntokens_per_second = 10000\n")
    (tmp_path / "mine.txt").write_text("{market_json}\n{output_format}\n")
    return tmp_path


def run(*words: str) -> int:
    try:
        return main(["--home", "home", "prompt-backtest", *words])
    except SystemExit as end:
        return int(end.code or 0)


def test_a_run_and_the_same_again_from_the_record(capsys: Captured) -> None:
    assert run(*RUN, "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert first["run"]["completed"] == first["result"]["program_calls"] == 6
    assert first["run"]["cached"] == 0
    assert run(*RUN, "--cache", "read_only", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["run"]["run_id"], again["run"]["cached"]) == ("pbt-0002", 6)
    assert again["result"]["result_hash"] == first["result"]["result_hash"]
    assert again["result"]["trades"] == first["result"]["trades"]

    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["pbt-0002", "pbt-0001"]
    assert "6 of 6 asked, 6 from the record" in lines[0]
    assert run("diff", "pbt-0001", "pbt-0002") == 0
    assert "Sharpe" in capsys.readouterr().out
    assert run("show", "pbt-0001") == 0
    assert "warning: no news is on record" in capsys.readouterr().out


def test_only_the_record_may_be_used_and_there_is_none(capsys: Captured) -> None:
    assert run(*RUN, "--cache", "read_only") == 1
    assert "pbt-0001 is failed: the model failed 3 times in a row" in capsys.readouterr().err


async def test_past_decisions_are_asked_again_and_what_changed_is_shown(
    folder: Path, capsys: Captured
) -> None:
    assert await asyncio.to_thread(run, "list") == 0
    async with ChatServer(streams(['{"operation": "hold", "reason": "calm"}'])) as server:
        store = Store.open(folder / "home")
        trader = next(each.config for each in store.restore().traders if each.config.name == "Rulebook")
        record = decision("d-1", ("buy", "BTC"), trader_id=trader.trader_id, at=1_750_000_000_000)
        connection = ModelConnection(
            connection_id=1,
            name="Mine",
            vendor="compatible",
            base_url=server.base_url,
            key_source=KeySource.NONE,
        )
        await store.journal(msgspec.structs.replace(record, prompt="Be bold."), connection)
        await store.aclose()
        capsys.readouterr()
        words = ("--connection", "Mine", "--model", "m", "--replace", "bold", "careful")
        assert await asyncio.to_thread(run, "replay", "--trader", "Rulebook", *words) == 0
        told = capsys.readouterr().out
        assert "d-1  buy_to_hold (operation), it came to +0.00" in told
        assert "1 changed and 0 the same of 1 decision, 0 failed" in told
        assert "warning: until when m was trained is not known" in told
        assert server.exchanges[0].json["messages"] == [{"role": "user", "content": "Be careful."}]
        assert await asyncio.to_thread(run, "replay", "d-1", *words, "--cache", "read_only") == 0
        assert len(server.exchanges) == 1
    capsys.readouterr()
    assert await asyncio.to_thread(run, "diff", "pbt-0001", "d-1") == 0
    told = capsys.readouterr().out
    assert "  -Be bold.\n  +Be careful.\n" in told
    assert '+    "operation": "hold"' in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "nothing", "--trader", "Rulebook"), "nothing is neither a file nor a saved prompt"),
        (("run", "mine.txt", "--trader", "Nobody"), "--trader: there is no Nobody; there are"),
        ((*RUN, "--connection", "Nowhere"), "connection: there is no Nowhere"),
        ((*RUN, "--max-samples", "0"), "max_samples: 0 is not allowed"),
        ((*RUN, "--max-usd", "much"), "--max-usd"),
        (("replay",), "give ids of decisions or --trader"),
        (("replay", "no-such-decision"), "there is no no-such-decision"),
        (("replay", "--trader", "Rulebook"), "decision_ids: a list of 0"),
        (("show", "pbt-0009"), "there is no run pbt-0009"),
    ],
)
def test_what_cannot_be_done_is_said_by_name(words: tuple[str, ...], told: str, capsys: Captured) -> None:
    assert run(*words) in (1, 2)
    assert told in capsys.readouterr().err
