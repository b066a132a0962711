"""Keys put into a desk and then looked for in everything that comes out of it: none may be found.

`tests/canary.py` has the keys, the servers that echo them and the search. Whoever adds a way out of
the desk adds a line here.
"""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import WallClock
from engine.errors import DeskError, StrategyFailed
from engine.language_models.safe_stream import SafeTextStream
from engine.model.account import TraderStatus
from engine.model.assistant import (
    AssistantEvent,
    ConversationMessage,
    Proposal,
    Role,
    ToolCall,
    TurnStage,
)
from engine.model.decision import DecisionRecord
from engine.model.event import Alert, DecisionEvent, ReasoningEvent, Severity, Topic, TraderEvent
from engine.model.language_model import CallPurpose, ModelCall
from engine.model.trigger import Trigger, TriggerKind
from engine.secrecy.process import RedactedRecord
from engine.secrecy.secret import Secret
from engine.settings import VaultSettings
from engine.store.changes import ReasoningChunk
from engine.store.store import Store
from engine.streams import Bus
from engine.vault.vault import Vault
from tests.canary import (
    CANARIES,
    PASSPHRASE,
    VAULT_KEY,
    assert_files_silent,
    assert_silent,
    secrets_of,
    told_in_every_way,
)
from tests.tui.recorded_desk import RecordedDesk

TOLD = "\n".join(map(told_in_every_way, CANARIES))


@pytest.fixture(autouse=True)
def living() -> Iterator[list[Secret]]:
    secrets = secrets_of(CANARIES)
    yield secrets
    secrets.clear()


def a_decision() -> DecisionRecord:
    return DecisionRecord(
        decision_id="1-1",
        trader_id=1,
        trigger=Trigger(kind=TriggerKind.MANUAL, symbol="BTC", ts_ms=1),
        started_ms=1,
        prompt=TOLD,
        reply=TOLD,
        reasoning=TOLD,
        outcome=TOLD,
    )


def a_call() -> ModelCall:
    return ModelCall(
        call_id="c1",
        connection_id=1,
        model="m",
        purpose=CallPurpose.DECISION,
        started_ms=1,
        request=TOLD,
        reply=TOLD,
        reasoning=TOLD,
        error=TOLD,
    )


def a_message() -> ConversationMessage:
    return ConversationMessage(
        conversation_id="a1",
        number=1,
        role=Role.ASSISTANT,
        text=TOLD,
        created_ms=1,
        reasoning=TOLD,
        tool_calls=(ToolCall(call_id="t1", tool="suggest_save_code", arguments=TOLD),),
        error=TOLD,
    )


def a_proposal() -> Proposal:
    return Proposal(
        proposal_id="p1",
        conversation_id="a1",
        tool="suggest_save_code",
        arguments=TOLD,
        summary=TOLD,
        before=TOLD,
        after=TOLD,
        outcome=TOLD,
    )


def test_the_search_finds_what_it_is_for() -> None:
    """A search that finds nothing anywhere would pass every other test here."""
    for canary in CANARIES:
        with pytest.raises(AssertionError, match="holds a secret"):
            assert_silent("a plain text", f"key {canary}")
        with pytest.raises(AssertionError, match="holds a secret"):
            assert_silent("a value", a_decision())


async def test_the_database_and_its_log_hold_none(tmp_path: Path) -> None:
    store = Store.open(tmp_path, "")
    try:
        await store.journal(a_decision(), a_call(), a_message(), a_proposal())
        await store.journal(ReasoningChunk(decision_id="2-1", chunk_index=0, trader_id=1, text=TOLD))
        assert_files_silent(tmp_path)
        assert_silent("a decision read back", await store.decision("1-1"))
        assert_silent("calls read back", await store.model_calls(""))
        assert_silent("messages read back", await store.conversation_messages("a1"))
    finally:
        store.close()
    assert_files_silent(tmp_path)


def test_the_vault_holds_none_in_the_open(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    vault = Vault(tmp_path, VaultSettings(memory_mib=19), WallClock())
    vault.create(Secret(PASSPHRASE))
    vault.put("connection:1", "api_key", Secret(VAULT_KEY), "https://api.example:443")
    assert_files_silent(tmp_path)
    assert_silent("the vault's status", vault.status())


def test_no_event_carries_one() -> None:
    bus = Bus()
    everything = bus.subscribe(Topic)
    bus.publish_edge(Topic.ALERTS, Alert(Severity.ERROR, TOLD, 1))
    bus.publish_edge(Topic.DECISIONS, DecisionEvent(a_decision(), 1))
    bus.publish_edge(Topic.REASONING, ReasoningEvent(1, "1-1", TOLD, 2))
    bus.publish_edge(Topic.TRADERS, TraderEvent(1, TraderStatus.ERROR, TOLD, 3))
    bus.publish_edge(
        Topic.ASSISTANTS,
        AssistantEvent(
            conversation_id="a1",
            stage=TurnStage.PROPOSAL,
            delta=TOLD,
            message=a_message(),
            proposal=a_proposal(),
            seq=1,
        ),
    )
    batch = everything.drain()
    assert len(batch.edges) == 5
    assert_silent("the streams", batch.edges)


@pytest.mark.parametrize("length", [1, 2, 7, 64, 100_000])
def test_no_stream_of_text_lets_one_through(length: int) -> None:
    stream = SafeTextStream()
    # The escapes of a terminal would part a key, and vanish before it is shown.
    text = TOLD + "".join(f"\x1b[0m{character}" for character in VAULT_KEY)
    pieces = [stream.feed(text[start : start + length]) for start in range(0, len(text), length)]
    assert_silent("the streamed text", "".join([*pieces, stream.finish()]))


def test_no_log_line_and_no_exception_holds_one() -> None:
    secret = Secret(VAULT_KEY)
    written = io.StringIO()
    try:
        raise StrategyFailed(f"asked with {secret}")
    except DeskError as error:
        assert_silent("an error", "".join(traceback.format_exception(error)))
        failure = (type(error), error, error.__traceback__)
    record = RedactedRecord("desk", logging.ERROR, __file__, 1, "said %s", (TOLD,), failure)
    logging.StreamHandler(written).handle(record)
    assert_silent("the log", written.getvalue())


def test_the_command_line_prints_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.cli import main

    def refuse(*_: object) -> None:
        raise StrategyFailed(TOLD)

    monkeypatch.setattr("engine.settings.load_settings", refuse)
    assert main(["--home", str(tmp_path), "vault", "status"]) == 1
    said = capsys.readouterr()
    assert "nightdesk: " in said.err
    assert_silent("the command line", said.out + said.err)


async def test_no_screen_shows_one() -> None:
    from engine.settings import Settings
    from tui.app import DeskApp

    desk = RecordedDesk()
    app = DeskApp(desk, Settings())
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        desk.bus.publish_edge(Topic.ALERTS, Alert(Severity.ERROR, TOLD[:400], 1))
        desk.bus.publish_edge(Topic.REASONING, ReasoningEvent(2, "1-1", TOLD, 2))
        desk.bus.publish_edge(Topic.DECISIONS, DecisionEvent(a_decision(), 3))
        await pilot.pause()
        await pilot.pause(0.5)
        shown = app.export_screenshot()
    assert "[secret]" in shown
    assert_silent("the screen", shown)
