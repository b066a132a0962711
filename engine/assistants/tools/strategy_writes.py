"""Tools that propose programs and prompts, and who decides by them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from engine.assistants.tools.programs import program_of
from engine.assistants.tools.prompts import prompt_of
from engine.assistants.tools.texts import fields_text
from engine.assistants.tools.tool import Arguments, Draft, WriteTool
from engine.assistants.tools.traders import config_of
from engine.desk import Desk
from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.assistant import AssistantKind
from engine.model.program import Binding, Program, SourceProblem
from engine.model.prompt import Prompt, TemplateProblem

_PROGRAM_KINDS = (AssistantKind.DESK, AssistantKind.PROGRAM)
_PROMPT_KINDS = (AssistantKind.DESK, AssistantKind.PROMPT)
_BINDING_FIELDS = ("pool_ids", "schedule_seconds", "active")


class _SaveCode(Arguments, frozen=True, kw_only=True):
    code: Annotated[str, msgspec.Meta(description="the whole source, checked with validate_code")]
    program_id: Annotated[int, msgspec.Meta(description="0 for a new program")] = 0
    name: Annotated[str, msgspec.Meta(description="of a new program; empty keeps the name")] = ""
    description: str = ""


class _ApplyPrompt(Arguments, frozen=True, kw_only=True):
    text: Annotated[str, msgspec.Meta(description="the whole template, checked with validate_variables")]
    prompt_id: Annotated[int, msgspec.Meta(description="0 for a new prompt")] = 0
    name: Annotated[str, msgspec.Meta(description="of a new prompt; empty keeps the name")] = ""
    description: str = ""


class _ModifyPrompt(Arguments, frozen=True, kw_only=True):
    prompt_id: int
    find: Annotated[str, msgspec.Meta(min_length=1, description="a passage that is in the prompt once")]
    replace: str


class _BindProgram(Arguments, frozen=True, kw_only=True):
    trader_id: int
    program_id: int
    pool_ids: Annotated[tuple[int, ...], msgspec.Meta(description="the pools that wake it")] = ()
    schedule_seconds: Annotated[int, msgspec.Meta(ge=0, description="0 for none")] = 0
    active: bool = True


class _BindPrompt(Arguments, frozen=True, kw_only=True):
    trader_id: int
    prompt_id: int


async def _save_code(desk: Desk, asked: _SaveCode) -> Draft:
    report = await desk.programs.check(asked.code)
    if not report.ok:
        raise _unfit("code", report.errors[0])
    before = Program(program_id=0, name=asked.name.strip(), code="")
    if asked.program_id:
        before = program_of(desk, asked.program_id)
    changed = msgspec.structs.replace(
        before,
        name=asked.name.strip() or before.name,
        description=asked.description or before.description,
        code=asked.code,
    )
    if not changed.name:
        raise InvalidInput.of("name", "''", "a new program needs one")

    async def carry_out() -> str:
        saved = await desk.programs.save_program(changed)
        return f"saved program {saved.program_id}, {saved.name}, version {saved.version}"

    which = f"program {before.name}" if before.program_id else f"new program {changed.name}"
    return Draft(summary=f"save {which}", before=before.code, after=changed.code, carry_out=carry_out)


async def _apply_prompt(desk: Desk, asked: _ApplyPrompt) -> Draft:
    before = Prompt(prompt_id=0, name=asked.name.strip(), text="")
    if asked.prompt_id:
        before = prompt_of(desk, asked.prompt_id)
    return await _prompt_draft(
        desk,
        before,
        msgspec.structs.replace(
            before,
            name=asked.name.strip() or before.name,
            description=asked.description or before.description,
            text=asked.text,
        ),
    )


async def _modify_prompt(desk: Desk, asked: _ModifyPrompt) -> Draft:
    before = prompt_of(desk, asked.prompt_id)
    count = before.text.count(asked.find)
    if count != 1:
        raise InvalidInput.of("find", f"{count} places", f"a passage that is in {before.name} exactly once")
    text = before.text.replace(asked.find, asked.replace)
    return await _prompt_draft(desk, before, msgspec.structs.replace(before, text=text))


async def _prompt_draft(desk: Desk, before: Prompt, changed: Prompt) -> Draft:
    if not changed.name:
        raise InvalidInput.of("name", "''", "a new prompt needs one")
    report = await desk.prompts.check(changed.text)
    if not report.ok:
        raise _unfit("text", report.errors[0])

    async def carry_out() -> str:
        saved = await desk.prompts.save_prompt(changed)
        return f"saved prompt {saved.prompt_id}, {saved.name}, version {saved.version}"

    which = f"prompt {before.name}" if before.prompt_id else f"new prompt {changed.name}"
    return Draft(summary=f"save {which}", before=before.text, after=changed.text, carry_out=carry_out)


def _unfit(field: str, first: SourceProblem | TemplateProblem) -> InvalidInput:
    """Return the error of a text that cannot be saved, by the first thing that is wrong with it."""
    return InvalidInput.of(field, f"line {first.line}: {first.message}", first.advice or "correct it first")


async def _bind_program(desk: Desk, asked: _BindProgram) -> Draft:
    program, trader = program_of(desk, asked.program_id), config_of(desk, asked.trader_id)
    known = {pool.pool_id for pool in desk.signals.pools()}
    if missing := [pool_id for pool_id in asked.pool_ids if pool_id not in known]:
        raise NotFound(f"pool_ids: there is no pool {missing[0]}; see get_signal_pools")
    before = next(
        (
            state.binding
            for state in desk.programs.bindings()
            if (state.binding.trader_id, state.binding.program_id) == (asked.trader_id, asked.program_id)
        ),
        None,
    )
    changed = msgspec.structs.replace(
        before or Binding(binding_id=0, trader_id=asked.trader_id, program_id=asked.program_id),
        pool_ids=asked.pool_ids,
        schedule_seconds=asked.schedule_seconds,
        active=asked.active,
    )

    async def carry_out() -> str:
        state = await desk.programs.save_binding(changed)
        return f"{trader.name} runs {program.name} by binding {state.binding.binding_id}"

    return Draft(
        summary=f"let {trader.name} run {program.name}",
        before="" if before is None else fields_text(before, _BINDING_FIELDS),
        after=fields_text(changed, _BINDING_FIELDS),
        carry_out=carry_out,
    )


async def _bind_prompt(desk: Desk, asked: _BindPrompt) -> Draft:
    prompt, trader = prompt_of(desk, asked.prompt_id), config_of(desk, asked.trader_id)
    bound = next((each for each in desk.prompts.bindings() if each.trader_id == asked.trader_id), None)
    if bound is not None and bound.prompt_id == prompt.prompt_id:
        raise Conflict(f"prompt_id: {trader.name} decides by {prompt.name} already")
    before = "" if bound is None else f"prompt: {prompt_of(desk, bound.prompt_id).name}"

    async def carry_out() -> str:
        await desk.prompts.bind(asked.trader_id, asked.prompt_id)
        return f"{trader.name} decides by {prompt.name} from its next decision on"

    return Draft(
        summary=f"let {trader.name} decide by {prompt.name}",
        before=before,
        after=f"prompt: {prompt.name}",
        carry_out=carry_out,
    )


STRATEGY_WRITES = (
    WriteTool(
        name="suggest_save_code",
        meaning="Propose to save a program, new or changed. A person sees the difference and confirms it.",
        kinds=_PROGRAM_KINDS,
        parameters=_SaveCode,
        run=_save_code,
    ),
    WriteTool(
        name="suggest_apply_prompt",
        meaning="Propose to save a prompt, new or with a whole new text. A person confirms it.",
        kinds=_PROMPT_KINDS,
        parameters=_ApplyPrompt,
        run=_apply_prompt,
    ),
    WriteTool(
        name="suggest_prompt_modification",
        meaning="Propose to replace one passage of a prompt. A person confirms it.",
        kinds=(*_PROMPT_KINDS, AssistantKind.ATTRIBUTION),
        parameters=_ModifyPrompt,
        run=_modify_prompt,
    ),
    WriteTool(
        name="bind_program",
        meaning="Propose that a trader runs a program, and what wakes it. A person confirms it.",
        kinds=_PROGRAM_KINDS,
        parameters=_BindProgram,
        run=_bind_program,
    ),
    WriteTool(
        name="bind_prompt",
        meaning="Propose that a prompt trader decides by a prompt. A person confirms it.",
        kinds=_PROMPT_KINDS,
        parameters=_BindPrompt,
        run=_bind_prompt,
    ),
)
