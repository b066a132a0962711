"""The kinds of columns tables are made of. Importing this module imports SQLModel."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Numeric, Text
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal kept to its last digit: NUMERIC on PostgreSQL, text on SQLite, which only has floats."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of the database at hand."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Return what is stored; raises ValueError for NaN and infinity, which are no amounts."""
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError(f"{value} is no amount")
        return str(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return the decimal that was stored."""
        return None if value is None else Decimal(value)


def text_key() -> Any:
    """Return a column of a text that is the key, or a part of it."""
    return Field(primary_key=True, sa_type=Text)


def row_number_key() -> Any:
    """Return a column of a key that numbers rows as they are first written."""
    # SQLite counts rows by itself only in a key of exactly the type INTEGER.
    return Field(default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer(), "sqlite"))


def unique_text() -> Any:
    """Return a column of a text that no two rows share."""
    return Field(sa_type=Text, unique=True)


def integer_key() -> Any:
    """Return a column of an integer that is the key, or a part of it."""
    return Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


def text_column(*, nullable: bool = False) -> Any:
    """Return a column of a text."""
    return Field(sa_type=Text, nullable=nullable)


def integer_column(*, nullable: bool = False) -> Any:
    """Return a column of an integer of 64 bits."""
    return Field(sa_type=BigInteger, nullable=nullable)


def exact_column(*, nullable: bool = False) -> Any:
    """Return a column of a decimal to its last digit."""
    return Field(sa_type=ExactDecimal, nullable=nullable)
