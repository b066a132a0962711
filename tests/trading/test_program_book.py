"""What a program or a binding must be before it is kept, and what is said of one that is not."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec
import pytest

from engine.errors import Conflict, DeskError, InvalidInput, NotFound
from engine.model.account import TraderConfig, TraderKind
from engine.model.program import Binding, Parameter, Program
from engine.trading.program_book import ProgramBook

PROGRAM = Program(program_id=0, name="Dip buyer", code="# one")
BINDING = Binding(binding_id=0, trader_id=1, program_id=1)
TRADERS = {
    trader_id: TraderConfig(trader_id=trader_id, name=name, kind=kind, initial_capital=Decimal(1))
    for trader_id, name, kind in ((1, "Ann", TraderKind.PROGRAM), (2, "Bob", TraderKind.PROMPT))
}


def check_pool(pool_id: int) -> None:
    if pool_id > 3:
        raise NotFound(f"pool: there is none with the id {pool_id}")


@pytest.fixture
def book() -> ProgramBook:
    made = ProgramBook((), ())
    made.keep(made.prepare_program(PROGRAM, 5))
    made.keep(made.prepare_binding(BINDING, TRADERS, check_pool))
    return made


def test_a_new_source_is_a_new_version_and_the_same_one_is_not(book: ProgramBook) -> None:
    kept = book.program(1)
    assert (kept.version, kept.created_ms, kept.updated_ms) == (1, 5, 5)
    renamed = book.prepare_program(msgspec.structs.replace(kept, name="Dips", version=77), 8)
    assert (renamed.version, renamed.created_ms, renamed.updated_ms) == (1, 5, 8)
    assert book.changed_source(renamed) is None
    rewritten = book.prepare_program(msgspec.structs.replace(kept, code="# two"), 9)
    version = book.changed_source(rewritten)
    assert version is not None
    assert (rewritten.version, version.version, version.code, version.saved_ms) == (2, 2, "# two", 9)


def test_no_number_is_given_twice_after_a_deletion() -> None:
    book = ProgramBook([msgspec.structs.replace(PROGRAM, program_id=4, deleted=True)], ())
    assert book.programs == ()
    prepared = book.prepare_program(PROGRAM, 0)
    assert prepared.program_id == 5


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_program_needs_a_name(book: ProgramBook, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^name: "):
        book.prepare_program(msgspec.structs.replace(PROGRAM, name=name), 0)


def test_names_are_unique_whatever_their_case(book: ProgramBook) -> None:
    with pytest.raises(Conflict, match="dip BUYER is taken"):
        book.prepare_program(msgspec.structs.replace(PROGRAM, name=" dip BUYER "), 0)


@pytest.mark.parametrize(
    "params",
    [
        {"x": float("nan")},
        {"x": float("inf")},
        {"x": 2**63},
        {"": 1},
        {"a\nb": 1},
        {"x" * 61: 1},
        {str(number): number for number in range(101)},
    ],
)
def test_parameters_are_few_small_and_finite(book: ProgramBook, params: Mapping[str, Parameter]) -> None:
    for refuse in (
        lambda: book.prepare_program(msgspec.structs.replace(PROGRAM, name="x", params=dict(params)), 0),
        lambda: book.prepare_binding(
            msgspec.structs.replace(BINDING, binding_id=1, params=dict(params)), TRADERS, check_pool
        ),
    ):
        with pytest.raises(InvalidInput, match=r"^params: "):
            refuse()


def test_a_program_that_is_bound_is_not_deleted(book: ProgramBook) -> None:
    with pytest.raises(Conflict, match=r"Dip buyer is run by Ann \(binding 1\)"):
        book.without_program(1, {1: "Ann"})
    book.keep(msgspec.structs.replace(book.binding(1), deleted=True))
    assert book.without_program(1, {1: "Ann"}).deleted


@pytest.mark.parametrize(
    ("changes", "kind", "says"),
    [
        ({"program_id": 9}, NotFound, "program_id: there is no program 9"),
        ({"trader_id": 9}, NotFound, "trader_id: there is no trader 9"),
        ({"trader_id": 2}, Conflict, "Bob is a prompt trader and runs no programs"),
        ({}, Conflict, "Ann runs Dip buyer already, by binding 1"),
        ({"binding_id": 7}, NotFound, "binding_id: there is no binding 7"),
        ({"binding_id": 1, "trader_id": 2}, InvalidInput, "trader_id: 2 is not allowed"),
        ({"binding_id": 1, "pool_ids": (1, 4)}, NotFound, "pool: there is none with the id 4"),
        ({"binding_id": 1, "schedule_seconds": -1}, InvalidInput, "schedule_seconds: -1 is not allowed"),
        ({"binding_id": 1, "schedule_seconds": 604_801}, InvalidInput, "0 .none. to 604800 seconds"),
        ({"binding_id": 1, "exchange": "moon"}, InvalidInput, "exchange: moon is not allowed; .* paper"),
    ],
)
def test_a_binding_that_cannot_be_says_why(
    book: ProgramBook, changes: dict[str, object], kind: type[DeskError], says: str
) -> None:
    with pytest.raises(kind, match=says):
        book.prepare_binding(msgspec.structs.replace(BINDING, **changes), TRADERS, check_pool)
