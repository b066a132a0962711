"""The list of conversations: ids, titles, order."""

from __future__ import annotations

import msgspec
import pytest

from engine.assistants.conversations import ConversationBook, titled_by
from engine.errors import InvalidInput, NotFound
from engine.model.assistant import AssistantKind, Conversation


def begun(book: ConversationBook, now_ms: int = 1, title: str = "", model: str = "m") -> Conversation:
    conversation = book.begun(AssistantKind.SIGNAL, 1, model, subject="", title=title, now_ms=now_ms)
    book.keep(conversation)
    return conversation


def test_ids_go_on_past_deleted_ones_and_the_last_spoken_in_comes_first() -> None:
    book = ConversationBook([])
    first, second = begun(book), begun(book, now_ms=2)
    book.keep(book.without(second.conversation_id))
    third = begun(book, now_ms=1)
    assert (first.conversation_id, third.conversation_id) == ("chat-0001", "chat-0003")
    assert book.conversations == (third, first)
    book.keep(msgspec.structs.replace(first, updated_ms=9))
    assert book.conversations[0].conversation_id == "chat-0001"
    for gone in ("chat-0002", "chat-0009", "[/foo]"):
        with pytest.raises(NotFound):
            book.conversation(gone)


def test_a_title_is_given_by_a_person_or_by_what_is_said_first() -> None:
    book = ConversationBook([])
    unnamed, named = begun(book), begun(book, title="RSI\x1b[2J pools")
    assert (unnamed.title, named.title) == ("Signals", "RSI pools")
    assert titled_by(unnamed, "find me\na dip " + "x" * 200).title.startswith("find me a dip xxx")
    assert len(titled_by(unnamed, "x" * 200).title) == 80
    assert titled_by(named, "find me a dip") is named
    assert titled_by(msgspec.structs.replace(unnamed, message_count=2), "again").title == "Signals"
    assert book.renamed(named.conversation_id, " Dips ").title == "Dips"
    with pytest.raises(InvalidInput, match="title"):
        book.renamed(named.conversation_id, " \x07 ")


def test_a_model_has_a_name_unless_it_is_the_built_in_one() -> None:
    book = ConversationBook([])
    for model in ("", "x" * 300):
        with pytest.raises(InvalidInput, match="model"):
            begun(book, model=model)
    assert book.begun(AssistantKind.DESK, 0, "", subject="", title="", now_ms=1).model == ""
