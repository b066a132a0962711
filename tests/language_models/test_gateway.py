"""Everything behind one ask: key, caps, places, price, record; against the simulated server."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
import pytest

from engine.errors import DecisionRefused, ModelFailed, NotFound, ReplyUnusable, VaultLocked
from engine.language_models.endpoint import RulesEndpoint
from engine.model.account import ModelPolicy
from engine.model.language_model import CallPurpose, KeySource, Spending
from engine.secrecy.secret import Secret
from engine.settings import PromptSettings
from tests.language_models.desk_of_models import DAY_MS, NOW_MS, DeskOfModels, connection_to, question
from tests.models.chat_server import ChatServer, says_nothing, stops_after_a_token
from tests.models.simulated_errors import Fault
from tests.models.vendor_simulator import KEY, MODELS, ModelSimulator

TODAY = NOW_MS - NOW_MS % DAY_MS


def open_desk(simulator: ModelSimulator) -> DeskOfModels:
    connection = connection_to(simulator.base_url)
    desk = DeskOfModels(connection)
    desk.give_key(connection)
    return desk


async def test_a_call_is_answered_priced_and_recorded() -> None:
    async with ModelSimulator() as simulator:
        desk = open_desk(simulator)
        heard: list[str] = []
        reply = await desk.model(trader_id=7).ask(question(), on_content=heard.append)
        await desk.gateway.close()
    assert reply.content == "".join(heard) == '{"operation": "hold"}'
    assert reply.cost_usd == Decimal("0.0019")  # 100 tokens at 10 USD and 9 at 100 USD a million
    (call,) = desk.calls
    assert (call.connection_id, call.trader_id, call.subject) == (1, 7, "d1")
    assert (call.purpose, call.model, call.error) == (CallPurpose.DECISION, "sim-small", "")
    assert (call.request, call.reply, call.reasoning) == (reply.body, reply.content, reply.reasoning)
    assert (call.cost_usd, call.usage, call.started_ms) == (reply.cost_usd, reply.usage, NOW_MS)
    assert KEY not in repr(call)
    (state,) = desk.gateway.states()
    assert (state.calls_today, state.tokens_today, state.usd_today) == (1, 109, Decimal("0.0019"))
    assert [each.calls_running for each in desk.told] == [1, 0]


async def test_a_failed_call_is_recorded_with_its_reason_and_what_it_took() -> None:
    faults = [Fault.LENGTH, Fault.CUT_AFTER_CONTENT, Fault.QUOTA_GONE]
    async with ModelSimulator(faults=faults) as simulator:
        desk = open_desk(simulator)
        details: list[dict[str, str]] = []
        for error in (ReplyUnusable, ModelFailed, ModelFailed):
            with pytest.raises(error) as caught:
                await desk.model().ask(question())
            details.append(caught.value.details)
        await desk.gateway.close()
    cut_off, broken, refused = desk.calls
    assert [each["tokens"] for each in details] == [str(call.usage.total) for call in desk.calls]
    assert (details[0]["cost_usd"], details[2]["cost_usd"]) == ("0.0019", "0")
    assert "cut off at the model's token limit" in cut_off.error
    assert cut_off.cost_usd == Decimal("0.0019")
    assert broken.usage.is_estimate
    assert broken.cost_usd
    assert (refused.usage.total, refused.cost_usd) == (0, Decimal(0))
    assert desk.gateway.states()[0].calls_today == 3


async def test_a_call_that_was_read_and_never_answered_counts_its_prompt() -> None:
    async with ChatServer(says_nothing) as server:
        connection = connection_to(server.base_url, first_token_seconds=0.05, daily_tokens=1000)
        desk = DeskOfModels(connection)
        desk.give_key(connection)
        with pytest.raises(ModelFailed, match="silent"):
            await desk.model().ask(question(text="word " * 2000))
        with pytest.raises(DecisionRefused, match="cap of 1000 tokens"):
            await desk.model().ask(question())
        await desk.gateway.close()
    (call,) = desk.calls
    assert call.usage.is_estimate
    assert call.cost_usd


async def test_a_cancelled_call_closes_the_connection_gives_its_place_back_and_is_recorded() -> None:
    heard = asyncio.Event()
    async with ChatServer(stops_after_a_token) as server:
        desk = DeskOfModels(connection_to(server.base_url, key_source=KeySource.NONE, max_concurrent=1))
        asking = desk.model().ask(question(), on_reasoning=lambda _: heard.set())
        asked = asyncio.create_task(asking)
        await heard.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        async with asyncio.timeout(2):
            await server.exchanges[0].client_left.wait()
        await desk.gateway.close()
    assert desk.calls[0].error == "cancelled"
    assert desk.told[-1].calls_running == 0


async def test_no_more_calls_at_once_than_the_trader_the_connection_and_the_desk_may() -> None:
    settings = PromptSettings(max_concurrent=3)
    async with ModelSimulator(rate=500) as simulator:
        connections = [
            connection_to(simulator.base_url, number, key_source=KeySource.ENVIRONMENT, max_concurrent=2)
            for number in (1, 2)
        ]
        address = simulator.base_url.removeprefix("http://").removesuffix("/v1")
        variable = "NIGHTDESK_KEY_" + address.replace(".", "_").replace(":", "_")
        policies = {9: ModelPolicy(max_concurrent=1)}
        desk = DeskOfModels(*connections, settings=settings, policies=policies, environment={variable: KEY})
        await asyncio.gather(*(desk.model(1, trader_id=9).ask(question()) for _ in range(3)))
        assert simulator.most_running == 1
        await asyncio.gather(*(desk.model(1).ask(question()) for _ in range(4)))
        assert simulator.most_running == 2
        await asyncio.gather(*(desk.model(1 + n % 2).ask(question()) for n in range(8)))
        assert simulator.most_running == 3
        await desk.gateway.close()
    assert len(desk.calls) == 15


@pytest.mark.parametrize(
    ("caps", "policy", "words"),
    [
        ({"daily_usd": Decimal("0.003")}, ModelPolicy(), "cap of 0.003 USD a day of connection"),
        ({"daily_tokens": 200}, ModelPolicy(), "cap of 200 tokens a day of connection"),
        ({}, ModelPolicy(daily_usd=Decimal("0.003")), "cap of 0.003 USD a day of this trader"),
        ({}, ModelPolicy(daily_tokens=200), "cap of 200 tokens a day of this trader"),
    ],
)
async def test_a_cap_ends_the_day_and_no_more(
    caps: dict[str, object], policy: ModelPolicy, words: str
) -> None:
    async with ModelSimulator() as simulator:
        connection = connection_to(simulator.base_url, 1, **caps)
        desk = DeskOfModels(connection, policies={7: policy})
        desk.give_key(connection)
        model = desk.model(trader_id=7)
        await model.ask(question())
        assert desk.gateway.why_not(1, 7) == ""
        await model.ask(question())
        assert words in desk.gateway.why_not(1, 7)
        with pytest.raises(DecisionRefused, match=words) as caught:
            await model.ask(question())
        assert caught.value.details["reason"] == "cap_reached"
        assert len(simulator.requests) == len(desk.calls) == 2
        await desk.clock.advance(DAY_MS / 1000)
        await model.ask(question())
        await desk.gateway.close()
    assert desk.gateway.states()[0].calls_today == 1


async def test_a_model_without_a_price_is_not_asked_under_a_cap_in_money_alone() -> None:
    async with ModelSimulator() as simulator:
        unpriced = {"input_price": None, "output_price": None}
        desk = DeskOfModels(
            connection_to(simulator.base_url, 1, **unpriced, daily_usd=Decimal(5)),
            connection_to(simulator.base_url, 2, **unpriced, daily_usd=Decimal(5), daily_tokens=10_000),
            connection_to(simulator.base_url, 3, **unpriced),
            policies={7: ModelPolicy(daily_usd=Decimal(1))},
        )
        for connection in desk.book.connections:
            desk.give_key(connection)
        for connection_id, trader_id in ((1, 0), (2, 7), (3, 7)):
            with pytest.raises(DecisionRefused, match="the price of sim-small is not known"):
                await desk.model(connection_id, trader_id).ask(question())
        assert simulator.requests == []
        await desk.model(2).ask(question())
        await desk.model(3).ask(question())
        await desk.gateway.close()


async def test_many_calls_at_once_do_not_pass_a_cap_together() -> None:
    async with ModelSimulator(rate=500) as simulator:
        connection = connection_to(simulator.base_url, daily_tokens=3000, max_concurrent=10)
        desk = DeskOfModels(connection)
        desk.give_key(connection)
        asked = (desk.model().ask(question(tokens=1000)) for _ in range(10))
        came = await asyncio.gather(*asked, return_exceptions=True)
        await desk.gateway.close()
    assert sum(isinstance(each, DecisionRefused) for each in came) == 7
    assert len(simulator.requests) == 3


async def test_what_was_spent_before_the_desk_was_opened_counts() -> None:
    def spent(day_ms: int) -> Spending:
        return Spending(day_ms=day_ms, trader_id=7, connection_id=1, calls=2, tokens=90, cost_usd=Decimal(5))

    connection = connection_to("http://127.0.0.1:1/v1", key_source=KeySource.NONE, daily_usd=Decimal(5))
    assert "cap of 5 USD" in DeskOfModels(connection, spent=[spent(TODAY)]).gateway.why_not(1)
    assert DeskOfModels(connection, spent=[spent(TODAY - DAY_MS)]).gateway.why_not(1) == ""


async def test_without_its_key_nothing_is_asked() -> None:
    async with ModelSimulator("openai") as simulator:
        connection = connection_to(simulator.base_url, vendor="openai")
        desk = DeskOfModels(connection)
        with pytest.raises(ModelFailed, match="there is no key for this server") as caught:
            await desk.model().ask(question())
        assert caught.value.details["fault"] == "no_key"
        desk.give_key(connection)
        desk.keys.locked = True
        with pytest.raises(VaultLocked):
            await desk.model().ask(question())
        assert desk.gateway.states()[0].has_key
        problem = desk.gateway.states()[0].problem
        assert problem == f"the vault is locked; unlock it for the key of {connection.name}"
        desk.keys.locked = False
        desk.book.keep(msgspec.structs.replace(connection, base_url="http://localhost:9/v1"))
        with pytest.raises(ModelFailed, match="for another server"):
            await desk.model().ask(question())
        assert not simulator.requests
        assert not desk.calls


async def test_no_key_goes_to_a_host_that_was_allowed_when_the_connection_was_kept() -> None:
    connection = connection_to("https://llm.example.org/v1")
    desk = DeskOfModels(connection, allow_hosts=["other.example.org"])
    desk.give_key(connection)
    assert "vault.allow_hosts" in desk.gateway.why_not(1)
    with pytest.raises(ModelFailed, match="does not name its host"):
        await desk.model().ask(question())
    assert desk.calls == []


async def test_a_prompt_over_the_window_is_not_sent() -> None:
    async with ModelSimulator() as simulator:
        desk = open_desk(simulator)
        with pytest.raises(ModelFailed, match="gpt-4o reads 128000") as caught:
            await desk.model().ask(question("gpt-4o", "word " * 200_000))
        assert caught.value.details["fault"] == "context_too_long"
        assert simulator.requests == []


async def test_the_rules_model_is_connection_0_and_others_there_are_not() -> None:
    async with ModelSimulator() as simulator:
        desk = DeskOfModels(rules=RulesEndpoint(simulator.base_url, Secret(KEY)))
        reply = await desk.model(0, trader_id=3).ask(question("nightdesk-rules"))
        await desk.gateway.close()
    assert (reply.cost_usd, desk.calls[0].connection_id) == (Decimal(0), 0)
    with pytest.raises(NotFound, match="no connection 5"):
        desk.model(5)
    assert "no connection 5" in desk.gateway.why_not(5)


async def test_a_connection_is_tested_before_it_is_kept() -> None:
    async with ModelSimulator() as simulator:
        desk = DeskOfModels()
        new = connection_to(simulator.base_url, connection_id=0)
        good = await desk.gateway.test(new, "", Secret(KEY))
        bad = await desk.gateway.test(new, "sim-small", Secret("sk-wrong-0123456789"))
        await desk.gateway.close()
    assert (good.success, good.model, good.models) == (True, MODELS[0], MODELS)
    assert "sim-small answers" in good.message
    assert "109 tokens" in good.message
    assert (bad.success, "does not accept the key" in bad.message) == (False, True)
    assert [call.purpose for call in desk.calls] == [CallPurpose.TEST, CallPurpose.TEST]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.UNKNOWN_MODEL, "does not have this model"),
        (Fault.QUOTA_GONE, "money is used up"),
        (Fault.LOGIN_PAGE, "log-in page"),
        (Fault.REDIRECT, "check the base URL"),
    ],
)
async def test_a_test_says_what_is_wrong_in_words(fault: Fault, words: str) -> None:
    async with ModelSimulator(faults=[fault]) as simulator:
        desk = open_desk(simulator)
        tested = await desk.gateway.test(desk.book.connection(1), "sim-small", None)
        await desk.gateway.close()
    assert not tested.success
    assert words in tested.message
    assert ("it has sim-small, sim-large" in tested.message) == (fault is Fault.UNKNOWN_MODEL)


async def test_a_test_of_what_cannot_be_asked_raises_nothing() -> None:
    desk = DeskOfModels()
    for connection, words in (
        (connection_to("ftp://x", 0), "base_url"),
        (connection_to("http://127.0.0.1:1/v1", 0), "lists no models"),
        (connection_to("", 0, vendor="unheard-of"), "vendor"),
        (connection_to("https://api.openai.com/v1", 0, vendor="openai"), "there is no key"),
    ):
        tested = await desk.gateway.test(connection, "", None)
        assert not tested.success
        assert words in tested.message
    unsent = await desk.gateway.test(connection_to("http://127.0.0.1:1/v1", 0), "m", None)
    assert "cannot connect" in unsent.message
    await desk.gateway.close()


async def test_a_silent_server_is_told_from_a_missing_one() -> None:
    async with ChatServer(says_nothing) as server:
        connection = connection_to(server.base_url, key_source=KeySource.NONE, first_token_seconds=0.05)
        desk = DeskOfModels(connection)
        with pytest.raises(ModelFailed) as caught:
            await desk.model().ask(question())
        await desk.gateway.close()
    assert caught.value.details["fault"] == "silent"
