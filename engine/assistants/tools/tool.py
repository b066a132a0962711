"""What a tool is: its name, its parameters, and how it is used.

A `ReadTool` answers at once. A `WriteTool` only drafts: it says what would be changed and how to do it,
and doing it waits for a person (`engine.assistants.proposals`). Both decode their arguments the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from engine.desk import Desk
from engine.errors import InvalidInput
from engine.language_models.base import ToolSpec
from engine.model.assistant import AssistantKind, ToolInfo
from engine.text import safe_line

MAX_ARGUMENTS = 300_000
"""Longest arguments of a call in characters: the longest source of a program, escaped, has room."""

EVERY_KIND = tuple(AssistantKind)


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a tool; a tool without any takes this."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a write tool would do: in one line, as the texts to compare, and the doing of it.

    `before` is what there is now (empty for something new) and `after` what there would be (empty for
    something removed); `carry_out` does it and says in a sentence what was done.
    """

    summary: str
    before: str
    after: str
    carry_out: Callable[[], Awaitable[str]]


class ReadTool[P: Arguments](msgspec.Struct, frozen=True, kw_only=True):
    """A tool that reads the desk and answers with a text."""

    name: str
    meaning: str
    kinds: tuple[AssistantKind, ...]
    parameters: type[P]
    run: Callable[[Desk, P], Awaitable[str]]

    async def answer(self, desk: Desk, arguments: str) -> str:
        """Return what the desk says.

        Raises `InvalidInput` for arguments that do not fit, and whatever the desk raises.
        """
        return await self.run(desk, decoded(self.parameters, arguments))


class WriteTool[P: Arguments](msgspec.Struct, frozen=True, kw_only=True):
    """A tool that proposes a change."""

    name: str
    meaning: str
    kinds: tuple[AssistantKind, ...]
    parameters: type[P]
    run: Callable[[Desk, P], Awaitable[Draft]]

    async def draft(self, desk: Desk, arguments: str) -> Draft:
        """Return what would be done, having done nothing; raises as `ReadTool.answer`."""
        return await self.run(desk, decoded(self.parameters, arguments))


type Tool = ReadTool[Any] | WriteTool[Any]


def decoded[P: Arguments](kind: type[P], arguments: str) -> P:
    """Return the arguments of a call; raises `InvalidInput` naming what does not fit."""
    if len(arguments) > MAX_ARGUMENTS:
        raise InvalidInput.of("arguments", f"{len(arguments)} characters", f"at most {MAX_ARGUMENTS}")
    try:
        return msgspec.json.decode(arguments.strip() or "{}", type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidInput(
            f"arguments: {safe_line(str(error), 200)}", field="arguments", allowed="the tool's parameters"
        ) from error


def spec_of(tool: Tool) -> ToolSpec:
    """Return a tool as a model is told of it; its schema is flat, as not every vendor follows a `$ref`."""
    _, components = msgspec.json.schema_components([tool.parameters], ref_template="{name}")
    schema = dict(components[tool.parameters.__name__])
    schema.pop("title", None)
    schema.pop("description", None)
    schema["properties"] = {name: _inlined(shape, components) for name, shape in schema["properties"].items()}
    return ToolSpec(
        name=tool.name,
        description=tool.meaning,
        parameters=msgspec.json.encode(schema).decode(),
    )


def _inlined(shape: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in shape:
        return shape
    words = components[shape["$ref"]]
    rest = {name: value for name, value in shape.items() if name != "$ref"}
    return {"type": "string", "enum": words["enum"], **rest}


def info_of(tool: Tool) -> ToolInfo:
    """Return a tool as a person is told of it."""
    return ToolInfo(
        name=tool.name, meaning=tool.meaning, writes=isinstance(tool, WriteTool), kinds=tool.kinds
    )
