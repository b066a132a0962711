"""Connections checked before they are kept, and where their keys may go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.errors import Conflict, InvalidInput, ModelFailed, NotFound
from engine.language_models.connection_book import ConnectionBook
from engine.language_models.keys import has_key, key_of, key_variables
from engine.model.language_model import KeySource, ModelConnection
from tests.language_models.desk_of_models import Keys

OPENAI = ModelConnection(
    connection_id=1, name="OpenAI", vendor="openai", base_url="https://api.openai.com/v1"
)


def new(**changes: Any) -> ModelConnection:
    values: dict[str, Any] = {
        "connection_id": 0,
        "name": "new",
        "vendor": "compatible",
        "base_url": "http://h/v1",
    }
    return ModelConnection(**(values | changes))


def test_a_new_connection_gets_the_next_id_and_a_right_address() -> None:
    gone = msgspec.structs.replace(OPENAI, connection_id=4, name="gone", deleted=True)
    book = ConnectionBook([OPENAI, gone])
    prepared = book.prepare(new(name=" gone ", base_url="http://h/v1/"))
    assert (prepared.connection_id, prepared.name, prepared.base_url) == (5, "gone", "http://h/v1")
    assert book.connections == (OPENAI,)
    gemini = book.prepare(new(vendor="gemini", base_url=""))
    assert gemini.base_url == "https://generativelanguage.googleapis.com/v1beta/openai"
    assert book.prepare(msgspec.structs.replace(gemini, connection_id=0)) == gemini


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"vendor": "nobody"}, "vendor"),
        ({"name": " "}, "name"),
        ({"base_url": ""}, "base_url"),
        ({"base_url": "https://h/v1/chat/completions"}, "base_url"),
        ({"base_url": "https://user:pass@h/v1"}, "base_url"),
        ({"max_concurrent": 0}, "max_concurrent"),
        ({"max_concurrent": 65}, "max_concurrent"),
        ({"daily_usd": Decimal(-1)}, "daily_usd"),
        ({"daily_usd": Decimal("NaN")}, "daily_usd"),
        ({"daily_tokens": -1}, "daily_tokens"),
        ({"input_price": Decimal("Infinity")}, "input_price"),
        ({"output_price": Decimal(-1)}, "output_price"),
        ({"first_token_seconds": 0.0}, "first_token_seconds"),
        ({"total_seconds": float("nan")}, "total_seconds"),
        ({"total_seconds": 3601.0}, "total_seconds"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ConnectionBook([OPENAI]).prepare(new(**changes))
    assert caught.value.details["field"] == field
    assert "pass" not in caught.value.message


def test_names_are_taken_once_and_ids_must_be_there() -> None:
    book = ConnectionBook([OPENAI])
    with pytest.raises(Conflict, match="openai is taken"):
        book.prepare(new(name="openai"))
    assert book.prepare(msgspec.structs.replace(OPENAI, name="OPENAI")).connection_id == 1
    for connection_id in (2, -1):
        with pytest.raises(NotFound):
            book.prepare(new(connection_id=connection_id))


def test_a_connection_in_use_stays() -> None:
    book = ConnectionBook([OPENAI])
    with pytest.raises(Conflict, match="is used by alpha, beta"):
        book.without(1, ["alpha", "beta"])
    book.keep(book.without(1, []))
    with pytest.raises(NotFound):
        book.connection(1)


def test_keys_go_only_to_allowed_hosts() -> None:
    book = ConnectionBook([], allow_hosts=["llm.example.org"])
    for url in ("https://LLM.example.org/v1", "https://api.deepseek.com/v1", "http://localhost:8000/v1"):
        book.prepare(new(base_url=url))
    book.prepare(new(base_url="https://other.example.org/v1", key_source=KeySource.NONE))
    with pytest.raises(InvalidInput, match=r"vault\.allow_hosts"):
        book.prepare(new(base_url="https://llm.example.org.evil.net/v1"))


def test_a_variable_is_bound_to_its_host() -> None:
    from_environment = msgspec.structs.replace(OPENAI, key_source=KeySource.ENVIRONMENT)
    assert key_variables(from_environment) == ("NIGHTDESK_KEY_API_OPENAI_COM", "OPENAI_API_KEY")
    elsewhere = msgspec.structs.replace(from_environment, base_url="https://evil.example:8443/v1")
    assert key_variables(elsewhere) == ("NIGHTDESK_KEY_EVIL_EXAMPLE_8443",)
    environment = {"OPENAI_API_KEY": "sk-env-0123456789"}
    assert key_of(from_environment, Keys(), environment).reveal() == "sk-env-0123456789"
    assert has_key(from_environment, Keys(), environment)
    assert not has_key(elsewhere, Keys(), environment)
    with pytest.raises(ModelFailed, match="NIGHTDESK_KEY_EVIL_EXAMPLE_8443") as caught:
        key_of(elsewhere, Keys(), environment)
    assert caught.value.details["fault"] == "no_key"


def test_a_server_that_needs_no_key_gets_none() -> None:
    ollama = new(vendor="ollama", base_url="http://localhost:11434/v1", connection_id=3)
    assert has_key(ollama, Keys(), {})
    assert not key_of(ollama, Keys(), {})
