"""What the table of the guest API is made of: fields, parameters, methods, records and answers."""

from __future__ import annotations

import msgspec

REQUIRED = ""
"""The default of a parameter that has none."""


class Field(msgspec.Struct, frozen=True):
    """One attribute, one field of a record or one key of an answer; `meaning` includes its unit."""

    name: str
    type: str
    meaning: str


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of a method; `default` is Python text, `REQUIRED` for none."""

    name: str
    type: str
    default: str = REQUIRED
    keyword_only: bool = False

    @property
    def declaration(self) -> str:
        """The parameter as it stands in a signature, such as `count: int = 50`."""
        return f"{self.name}: {self.type}" + (f" = {self.default}" if self.default else "")


class Shape(msgspec.Struct, frozen=True):
    """A dictionary that a method answers, by its keys; `name` is its type in the stub."""

    name: str
    meaning: str
    keys: tuple[Field, ...]


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """A method of `data`; `missing` is what it answers when the desk does not know."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: str
    meaning: str
    example: str
    missing: str = ""

    @property
    def signature(self) -> str:
        """The call with its parameters, such as `get_klines(symbol: str, period: str)`."""
        return f"{self.name}({', '.join(declarations(self.parameters))})"


class Record(msgspec.Struct, frozen=True):
    """A class of values with named fields."""

    name: str
    meaning: str
    fields: tuple[Field, ...]


def declarations(parameters: tuple[Parameter, ...]) -> list[str]:
    """Return the parameters of a signature as text, with the `*` before those by keyword only."""
    texts = [each.declaration for each in parameters if not each.keyword_only]
    by_keyword = [each.declaration for each in parameters if each.keyword_only]
    return [*texts, *(["*", *by_keyword] if by_keyword else [])]
