"""Recorded replies: a request asked twice is sent once, and any difference is another request."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ReplyUnusable, StrategyFailed
from engine.language_models.base import Message, ModelRequest, ToolSpec
from engine.language_models.reply_cache import RecordedReplies, ReplyCache, reply_key
from engine.model.prompt_backtest import ReplyCacheMode
from tests.models.scripted_model import ScriptedModel, reply

URL = "https://api.openai.com/v1"


def _request(text: str = "hello") -> ModelRequest:
    return ModelRequest(model="m", messages=(Message(role="user", content=text),))


def _cached(
    home: Path, model: ScriptedModel, mode: ReplyCacheMode = ReplyCacheMode.READ_WRITE, url: str = URL
) -> ReplyCache:
    return ReplyCache(model, RecordedReplies(home), vendor="openai", base_url=url, mode=mode)


def _files(home: Path) -> list[Path]:
    return list(home.rglob("*.json"))


async def test_a_request_is_sent_once_and_answered_the_same_for_nothing(tmp_path: Path) -> None:
    model = ScriptedModel(reply("one", reasoning="why", cost_usd=Decimal("0.02")), reply("two"))
    first = await _cached(tmp_path, model).ask(_request())
    heard: list[str] = []
    again = await _cached(tmp_path, model).ask(_request(), on_reasoning=heard.append, on_content=heard.append)
    assert len(model.requests) == 1
    assert (first.cached, first.cost_usd) == (False, Decimal("0.02"))
    assert (again.cached, again.cost_usd) == (True, Decimal(0))
    assert heard == ["why", "one"]
    assert msgspec.structs.replace(again, cached=False, cost_usd=first.cost_usd) == first


async def test_read_only_never_asks(tmp_path: Path) -> None:
    model = ScriptedModel("never")
    with pytest.raises(StrategyFailed, match="not recorded"):
        await _cached(tmp_path, model, ReplyCacheMode.READ_ONLY).ask(_request())
    assert model.requests == []


async def test_off_always_asks_and_records_nothing(tmp_path: Path) -> None:
    model = ScriptedModel("one", "two")
    cache = _cached(tmp_path, model, ReplyCacheMode.OFF)
    assert [(await cache.ask(_request())).content for _ in range(2)] == ["one", "two"]
    assert _files(tmp_path) == []


async def test_a_failure_is_not_recorded(tmp_path: Path) -> None:
    model = ScriptedModel(ReplyUnusable("cut off"), "whole")
    cache = _cached(tmp_path, model)
    with pytest.raises(ReplyUnusable):
        await cache.ask(_request())
    assert (await cache.ask(_request())).content == "whole"


async def test_a_damaged_file_is_asked_again(tmp_path: Path) -> None:
    model = ScriptedModel("one", "two")
    cache = _cached(tmp_path, model)
    await cache.ask(_request())
    (path,) = _files(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    assert (await cache.ask(_request())).content == "two"
    assert (await cache.ask(_request())).cached


async def test_the_same_request_under_way_twice_is_sent_once(tmp_path: Path) -> None:
    model = ScriptedModel("one", "two")
    replies = RecordedReplies(tmp_path)
    caches = [
        ReplyCache(model, replies, vendor="openai", base_url=URL, mode=ReplyCacheMode.READ_WRITE)
        for _ in range(5)
    ]
    answers = await asyncio.gather(*(cache.ask(_request()) for cache in caches))
    assert {answer.content for answer in answers} == {"one"}
    assert len(model.requests) == 1


@given(
    st.sampled_from(
        [
            {"model": "other"},
            {"messages": (Message(role="user", content="hello "),)},
            {"messages": (Message(role="system", content="hello"),)},
            {"tools": (ToolSpec(name="t", description="", parameters="{}"),)},
            {"json_schema": "{}"},
            {"temperature": 0.0},
            {"temperature": 0.1},
            {"max_output_tokens": 1},
        ]
    )
)
def test_every_field_of_a_request_is_part_of_its_key(changed: dict[str, object]) -> None:
    other = msgspec.structs.replace(_request(), **changed)
    assert reply_key("openai", URL, other) != reply_key("openai", URL, _request())


def test_the_vendor_and_the_host_are_part_of_the_key_and_the_path_is_not() -> None:
    key = reply_key("openai", URL, _request())
    assert reply_key("gateway", URL, _request()) != key
    assert reply_key("openai", "https://example.org/v1", _request()) != key
    assert reply_key("openai", "https://API.openai.com/v2", _request()) == key
