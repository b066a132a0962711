"""Every prompt of the desk, checked before it is kept.

Pure: what is to be stored is returned. Deleted prompts stay known, because decisions were made with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.account import TraderConfig, TraderKind
from engine.model.prompt import Prompt, PromptBinding, PromptVersion
from engine.names import MAX_NAME, checked_name, next_id
from engine.strategies.prompts.render import MAX_TEMPLATE_CHARACTERS, check_length
from engine.strategies.prompts.templates import STOCK_TEMPLATES, stock_template
from engine.text import safe_line, safe_text

MAX_DESCRIPTION = 1_000


class PromptBook:
    """Prompts by id and by name; any thread may read."""

    def __init__(self, prompts: Iterable[Prompt]) -> None:
        self._prompts = {prompt.prompt_id: prompt for prompt in prompts}

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """The prompts that are not deleted, by id."""
        living = (prompt for prompt in tuple(self._prompts.values()) if not prompt.deleted)
        return tuple(sorted(living, key=lambda prompt: prompt.prompt_id))

    def prompt(self, prompt_id: int) -> Prompt:
        """Return a prompt; raises `NotFound`."""
        found = self._prompts.get(prompt_id)
        if found is None or found.deleted:
            raise NotFound(
                f"prompt_id: there is no prompt {prompt_id}", field="prompt_id", value=str(prompt_id)
            )
        return found

    def find(self, name: str) -> Prompt | None:
        """Return the prompt of a name, in any case, None where there is none."""
        wanted = name.casefold()
        return next((prompt for prompt in self.prompts if prompt.name.casefold() == wanted), None)

    def named(self, name: str) -> Prompt:
        """Return the prompt of a name, in any case; raises `NotFound` naming those there are."""
        if (found := self.find(name)) is not None:
            return found
        known = ", ".join(prompt.name for prompt in self.prompts) or "none"
        shown = safe_line(name, MAX_NAME)
        raise NotFound(f"prompt: there is no {shown}; there are {known}", field="prompt", value=shown)

    def version_of(self, name: str) -> int:
        """Return the version of the prompt of a name as it is kept now, 0 where there is none."""
        found = self.find(name)
        return 0 if found is None else found.version

    def first_prompts(self, now_ms: int) -> tuple[Prompt | PromptVersion, ...]:
        """Keep the stock prompts in a book that never had a prompt, and return what is to be stored."""
        if self._prompts:
            return ()
        changes: list[Prompt | PromptVersion] = []
        for name in STOCK_TEMPLATES:
            prepared = self.prepare_stock(name, now_ms)
            version = self.changed_text(prepared)
            changes += [prepared] if version is None else [prepared, version]
            self.keep(prepared)
        return tuple(changes)

    def keep(self, prompt: Prompt) -> None:
        """Keep what was prepared."""
        self._prompts[prompt.prompt_id] = prompt

    def prepare(self, prompt: Prompt, now_ms: int) -> Prompt:
        """Return a prompt as it would be kept, with its id and version, without keeping it.

        A text that differs from the last one makes a new version. Raises `NotFound`, `InvalidInput`, or
        `Conflict` for a name that is taken.
        """
        before = self.prompt(prompt.prompt_id) if prompt.prompt_id else None
        others = (known.name for known in self.prompts if known.prompt_id != prompt.prompt_id)
        text = _checked_text(prompt.text)
        return msgspec.structs.replace(
            prompt,
            prompt_id=prompt.prompt_id or next_id(self._prompts),
            name=checked_name("name", prompt.name, others),
            text=text,
            description=safe_text(prompt.description, MAX_DESCRIPTION),
            stock=self._free_stock(prompt.stock) if before is None else before.stock,
            version=1 if before is None else before.version + (before.text != text),
            created_ms=now_ms if before is None else before.created_ms,
            updated_ms=now_ms,
            deleted=False,
        )

    def prepare_copy(self, prompt_id: int, name: str, now_ms: int) -> Prompt:
        """Return a copy as it would be kept: under `name`, or as the next free “… (copy)”.

        It is one's own: restoring the stock template leaves it alone. Raises as `prepare`.
        """
        original = self.prompt(prompt_id)
        copy = msgspec.structs.replace(
            original, prompt_id=0, name=name or self._free_name(original.name), stock=""
        )
        return self.prepare(copy, now_ms)

    def prepare_stock(self, name: str, now_ms: int) -> Prompt:
        """Return the prompt of a stock template with its text restored, or a new one where there is none.

        Raises `NotFound` naming the stock templates.
        """
        template = stock_template(name)
        for prompt in self.prompts:
            if prompt.stock == name:
                return self.prepare(msgspec.structs.replace(prompt, text=template.text), now_ms)
        taken = {prompt.name.casefold() for prompt in self.prompts}
        stock = Prompt(
            prompt_id=0,
            name=self._free_name(name) if name in taken else name,
            text=template.text,
            description=template.description,
            stock=name,
        )
        return self.prepare(stock, now_ms)

    def changed_text(self, prepared: Prompt) -> PromptVersion | None:
        """Return the version that a prepared prompt adds, None when its text is the one kept."""
        before = self._prompts.get(prepared.prompt_id)
        if before is not None and before.text == prepared.text:
            return None
        return PromptVersion(
            prompt_id=prepared.prompt_id,
            version=prepared.version,
            text=prepared.text,
            saved_ms=prepared.updated_ms,
        )

    def without(self, prompt_id: int, traders: Iterable[TraderConfig]) -> Prompt:
        """Return a prompt as it is once deleted; raises `Conflict` naming the traders bound to it."""
        prompt = self.prompt(prompt_id)
        if names := ", ".join(trader.name for trader in traders if self.is_bound(trader, prompt_id)):
            raise Conflict(f"prompt: {prompt.name} is used by {names}; bind them to another prompt first")
        return msgspec.structs.replace(prompt, deleted=True)

    def is_bound(self, trader: TraderConfig, prompt_id: int) -> bool:
        """Tell whether a trader decides by a prompt, under the name the prompt is kept by."""
        prompt = self._prompt_of(trader)
        return prompt is not None and prompt.prompt_id == prompt_id

    def bindings(self, traders: Sequence[TraderConfig]) -> tuple[PromptBinding, ...]:
        """Return which prompt each prompt trader decides by, in the order of the traders."""
        return tuple(
            PromptBinding(trader_id=trader.trader_id, prompt_id=prompt.prompt_id)
            for trader in traders
            if (prompt := self._prompt_of(trader)) is not None
        )

    def _prompt_of(self, trader: TraderConfig) -> Prompt | None:
        if trader.kind is not TraderKind.PROMPT or trader.deleted:
            return None
        return self.find(trader.strategy)

    def _free_stock(self, stock: str) -> str:
        """Return the stock template a new prompt may call its own: none that another is made of."""
        if not stock or any(prompt.stock == stock for prompt in self.prompts):
            return ""
        return stock_template(stock).name

    def _free_name(self, name: str) -> str:
        taken = {prompt.name.casefold() for prompt in self.prompts}
        number = 1
        while True:
            suffix = " (copy)" if number == 1 else f" (copy {number})"
            free = name[: MAX_NAME - len(suffix)] + suffix
            if free.casefold() not in taken:
                return free
            number += 1


def _checked_text(text: str) -> str:
    check_length(text)
    # A tab becomes four spaces, so that what is kept can be longer than what was given.
    cleaned = safe_text(text, 4 * MAX_TEMPLATE_CHARACTERS)
    check_length(cleaned)
    if not cleaned.strip():
        raise InvalidInput.of("text", "an empty text", "write what the model is to do")
    return cleaned
