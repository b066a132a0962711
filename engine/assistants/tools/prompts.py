"""Tools that read prompts: templates, their variables, how one renders, and what was really sent."""

from __future__ import annotations

from typing import Annotated

import msgspec

from engine.assistants.tools.texts import as_json, no_such, page, picked
from engine.assistants.tools.tool import Arguments, ReadTool
from engine.desk import Desk
from engine.errors import InvalidInput, NotFound
from engine.model.assistant import AssistantKind
from engine.model.prompt import Prompt, VariableFamily

_KINDS = (AssistantKind.DESK, AssistantKind.PROMPT)
_READERS = (*_KINDS, AssistantKind.ATTRIBUTION)
_SHOWN_PREVIEW = 5_000

_FirstLine = Annotated[int, msgspec.Meta(description="where to go on in a long text, from 1")]


class _PromptPage(Arguments, frozen=True, kw_only=True):
    prompt_id: int
    first_line: _FirstLine = 1


class _Family(Arguments, frozen=True, kw_only=True):
    family: Annotated[str, msgspec.Meta(description="a chapter; empty lists the names of all variables")] = ""


class _Template(Arguments, frozen=True, kw_only=True):
    text: Annotated[str, msgspec.Meta(description="the whole template")]


class _Preview(Arguments, frozen=True, kw_only=True):
    trader_id: Annotated[int, msgspec.Meta(description="a prompt trader, whose account is rendered")]
    text: Annotated[str, msgspec.Meta(description="a template that is not saved; or prompt_id")] = ""
    prompt_id: int = 0
    symbol: Annotated[str, msgspec.Meta(description="what triggers it; empty for a schedule")] = ""


def prompt_of(desk: Desk, prompt_id: int) -> Prompt:
    """Return a prompt; raises `NotFound` naming those there are."""
    for prompt in desk.prompts.prompts():
        if prompt.prompt_id == prompt_id:
            return prompt
    raise no_such("prompt", prompt_id, ((each.prompt_id, each.name) for each in desk.prompts.prompts()))


async def _list(desk: Desk, _: Arguments) -> str:
    bindings = desk.prompts.bindings()
    return as_json(
        [
            picked(prompt, "prompt_id", "name", "description", "stock", "version")
            | {"traders": [each.trader_id for each in bindings if each.prompt_id == prompt.prompt_id]}
            for prompt in desk.prompts.prompts()
        ]
    )


async def _text(desk: Desk, asked: _PromptPage) -> str:
    prompt = prompt_of(desk, asked.prompt_id)
    return f"{prompt.name}, version {prompt.version}\n{page(prompt.text, asked.first_line)}"


async def _variables(desk: Desk, asked: _Family) -> str:
    variables = desk.prompts.variables()
    if not asked.family:
        names = {
            family.value: [each.name for each in variables if each.family is family]
            for family in VariableFamily
        }
        return as_json({"write_them_as": "{name}", "names_by_family": names})
    family = asked.family.strip().casefold()
    chosen = [each for each in variables if each.family.value == family]
    if not chosen:
        raise NotFound(f"family: there is no {asked.family[:40]}; there are {', '.join(VariableFamily)}")
    return as_json(
        [
            {"name": each.name, "meaning": each.meaning, "example": each.example, "now": each.value[:200]}
            for each in chosen
        ]
    )


async def _check(desk: Desk, asked: _Template) -> str:
    report = await desk.prompts.check(asked.text)
    return as_json({"ok": report.ok} | msgspec.structs.asdict(report))


async def _preview(desk: Desk, asked: _Preview) -> str:
    if bool(asked.text) == bool(asked.prompt_id):
        raise InvalidInput.of("prompt_id", asked.prompt_id, "give a saved prompt or a text, one of them")
    text = asked.text or prompt_of(desk, asked.prompt_id).text
    (preview, *_) = await desk.prompts.preview(text, (asked.trader_id,), asked.symbol)
    return as_json(
        picked(preview, "trader_id", "unknown", "missing", "tokens", "counted_by", "context_window", "error")
        | {"characters": len(preview.text), "text": preview.text[:_SHOWN_PREVIEW]}
    )


PROMPT_TOOLS = (
    ReadTool(
        name="list_prompts",
        meaning="List the prompts with the traders that decide by them.",
        kinds=_READERS,
        parameters=Arguments,
        run=_list,
    ),
    ReadTool(
        name="get_prompt_template",
        meaning="Read the text of a prompt, page by page.",
        kinds=_READERS,
        parameters=_PromptPage,
        run=_text,
    ),
    ReadTool(
        name="get_variables_reference",
        meaning="Read which variables a template may use, by family.",
        kinds=_KINDS,
        parameters=_Family,
        run=_variables,
    ),
    ReadTool(
        name="validate_variables",
        meaning="Check a template: errors, warnings, its variables and the unknown ones. Do it before "
        "proposing one.",
        kinds=_KINDS,
        parameters=_Template,
        run=_check,
    ),
    ReadTool(
        name="preview_prompt",
        meaning="Render a template for a trader with the present market and count its tokens.",
        kinds=_KINDS,
        parameters=_Preview,
        run=_preview,
    ),
)
