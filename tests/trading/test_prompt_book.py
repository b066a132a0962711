"""Prompts as they are kept: ids, names, versions, the stock ones, and who is bound to them."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.account import TraderConfig, TraderKind
from engine.model.prompt import Prompt, PromptBinding, PromptVersion
from engine.strategies.prompts.render import MAX_TEMPLATE_CHARACTERS
from engine.strategies.prompts.templates import STOCK_TEMPLATES, stock_template
from engine.trading.prompt_book import PromptBook

NOW = 1_750_000_000_000


def trader(trader_id: int, strategy: str, kind: TraderKind = TraderKind.PROMPT) -> TraderConfig:
    return TraderConfig(
        trader_id=trader_id,
        name=f"Trader {trader_id}",
        kind=kind,
        initial_capital=Decimal(1),
        strategy=strategy,
    )


def kept(book: PromptBook, prompt: Prompt, now_ms: int = NOW) -> Prompt:
    prepared = book.prepare(prompt, now_ms)
    book.keep(prepared)
    return prepared


def new(name: str, text: str = "{output_format}") -> Prompt:
    return Prompt(prompt_id=0, name=name, text=text)


def book_of(*names: str) -> PromptBook:
    book = PromptBook(())
    for name in names:
        kept(book, new(name))
    return book


def test_a_new_book_begins_with_the_stock_prompts_and_their_first_versions() -> None:
    book = PromptBook(())
    changes = book.first_prompts(NOW)
    assert tuple(prompt.name for prompt in book.prompts) == STOCK_TEMPLATES
    assert [prompt.stock for prompt in book.prompts] == list(STOCK_TEMPLATES)
    versions = [change for change in changes if isinstance(change, PromptVersion)]
    assert [(version.prompt_id, version.version) for version in versions] == [(1, 1), (2, 1), (3, 1), (4, 1)]
    assert book.first_prompts(NOW) == ()
    assert all(prompt.description for prompt in book.prompts)


def test_a_book_with_deleted_prompts_only_is_not_new() -> None:
    book = book_of("mine")
    book.keep(book.without(1, ()))
    assert book.prompts == ()
    assert book.first_prompts(NOW) == ()


def test_another_text_is_another_version_and_the_same_is_not() -> None:
    book = PromptBook(())
    first = kept(book, new("mine", "one"))
    assert (first.prompt_id, first.version, first.created_ms) == (1, 1, NOW)
    changed = msgspec.structs.replace(first, text="two")
    prepared = book.prepare(changed, NOW + 5)
    assert book.changed_text(prepared) == PromptVersion(prompt_id=1, version=2, text="two", saved_ms=NOW + 5)
    book.keep(prepared)
    same = book.prepare(msgspec.structs.replace(prepared, description="new words"), NOW + 9)
    assert book.changed_text(same) is None
    assert (same.version, same.created_ms, same.updated_ms) == (2, NOW, NOW + 9)


@pytest.mark.parametrize("text", ["", "  \n", "\x1b[31m", "x" * (MAX_TEMPLATE_CHARACTERS + 1), "\t" * 60_000])
def test_texts_that_cannot_be_used_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        PromptBook(()).prepare(new("mine", text), NOW)


def test_texts_lose_what_is_not_safe() -> None:
    assert PromptBook(()).prepare(new("mine", "a\x1b[31mb\tc\r\nd"), NOW).text == "ab    c\nd"


@pytest.mark.parametrize("name", ["", " ", "x" * 101])
def test_names_have_bounds(name: str) -> None:
    with pytest.raises(InvalidInput, match="name"):
        PromptBook(()).prepare(new(name), NOW)


def test_names_are_unique_in_any_case_among_the_living() -> None:
    book = book_of("mine")
    with pytest.raises(Conflict, match="MINE is taken"):
        book.prepare(new("MINE"), NOW)
    book.keep(book.without(1, ()))
    assert kept(book, new("MINE")).prompt_id == 2


def test_copies_find_a_free_name_and_are_ones_own() -> None:
    book = PromptBook(())
    book.first_prompts(NOW)
    names = []
    for _ in range(3):
        copy = book.prepare_copy(1, "", NOW)
        book.keep(copy)
        names.append(copy.name)
    assert names == ["default (copy)", "default (copy 2)", "default (copy 3)"]
    assert copy.stock == ""
    assert copy.text == stock_template("default").text
    assert copy.version == 1
    long = kept(book, new("y" * 100))
    assert len(book.prepare_copy(long.prompt_id, "", NOW).name) == 100
    with pytest.raises(Conflict):
        book.prepare_copy(1, "pro", NOW)


def test_restoring_gives_the_text_again_as_a_version_and_leaves_the_name() -> None:
    book = PromptBook(())
    book.first_prompts(NOW)
    kept(book, msgspec.structs.replace(book.named("pro"), name="mine", text="changed"))
    restored = book.prepare_stock("pro", NOW)
    assert (restored.name, restored.version, restored.text) == ("mine", 3, stock_template("pro").text)
    with pytest.raises(NotFound, match="default, pro, hyperliquid, candle_analysis"):
        book.prepare_stock("other", NOW)


def test_a_deleted_stock_prompt_is_made_anew_beside_one_of_its_name() -> None:
    book = PromptBook(())
    book.first_prompts(NOW)
    book.keep(book.without(2, ()))
    kept(book, new("pro"))
    restored = book.prepare_stock("pro", NOW)
    assert (restored.prompt_id, restored.name, restored.stock) == (6, "pro (copy)", "pro")


def test_only_one_prompt_is_a_stock_one() -> None:
    book = PromptBook(())
    book.first_prompts(NOW)
    claiming = Prompt(prompt_id=0, name="mine", text="mine", stock="pro")
    assert book.prepare(claiming, NOW).stock == ""
    moved = msgspec.structs.replace(book.named("pro"), stock="default")
    assert book.prepare(moved, NOW).stock == "pro"


def test_a_bound_prompt_cannot_be_deleted() -> None:
    book = book_of("mine", "other")
    traders = (
        trader(1, "mine", TraderKind.PROGRAM),
        trader(2, "Mine"),
        msgspec.structs.replace(trader(3, "other"), deleted=True),
        trader(4, "nothing"),
    )
    with pytest.raises(Conflict, match="mine is used by Trader 2; bind"):
        book.without(1, traders)
    assert book.without(2, traders).deleted
    assert book.bindings(traders) == (PromptBinding(trader_id=2, prompt_id=1),)


def test_what_there_is_not_is_said_by_name() -> None:
    book = book_of("mine")
    with pytest.raises(NotFound, match="there is no yours; there are mine"):
        book.named("yours")
    with pytest.raises(NotFound, match="no prompt 7"):
        book.prompt(7)
    with pytest.raises(NotFound):
        book.prepare(Prompt(prompt_id=7, name="x", text="x"), NOW)
    assert (book.version_of("mine"), book.version_of("yours")) == (1, 0)
