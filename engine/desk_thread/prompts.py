"""The prompts side of a desk that lives on another thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.desk_thread.sides import EngineThread
    from engine.model.prompt import (
        Prompt,
        PromptBinding,
        PromptPreview,
        PromptVariable,
        PromptVersion,
        TemplateReport,
    )


class ThreadedPrompts:
    """The desk's prompts side, see `engine.desk.prompts.PromptDesk`."""

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    def prompts(self) -> tuple[Prompt, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        desk = self._thread.desk
        return desk.prompts.prompts() if desk else ()

    def stock_names(self) -> tuple[str, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        desk = self._thread.desk
        return desk.prompts.stock_names() if desk else ()

    async def check(self, text: str) -> TemplateReport:
        """See `engine.desk.prompts.PromptDesk`."""
        return await self._thread.call(lambda desk: desk.prompts.check(text))

    async def versions(self, prompt_id: int) -> tuple[PromptVersion, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        return await self._thread.call(lambda desk: desk.prompts.versions(prompt_id))

    async def save_prompt(self, prompt: Prompt) -> Prompt:
        """See `engine.desk.prompts.PromptDesk`."""
        return await self._thread.call(lambda desk: desk.prompts.save_prompt(prompt))

    async def copy_prompt(self, prompt_id: int, name: str = "") -> Prompt:
        """See `engine.desk.prompts.PromptDesk`."""
        return await self._thread.call(lambda desk: desk.prompts.copy_prompt(prompt_id, name))

    async def delete_prompt(self, prompt_id: int) -> None:
        """See `engine.desk.prompts.PromptDesk`."""
        await self._thread.call(lambda desk: desk.prompts.delete_prompt(prompt_id))

    async def restore_stock(self, name: str) -> Prompt:
        """See `engine.desk.prompts.PromptDesk`."""
        return await self._thread.call(lambda desk: desk.prompts.restore_stock(name))

    def bindings(self) -> tuple[PromptBinding, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        desk = self._thread.desk
        return desk.prompts.bindings() if desk else ()

    async def bind(self, trader_id: int, prompt_id: int) -> PromptBinding:
        """See `engine.desk.prompts.PromptDesk`."""
        return await self._thread.call(lambda desk: desk.prompts.bind(trader_id, prompt_id))

    async def preview(
        self, text: str, trader_ids: Sequence[int] = (), symbol: str = ""
    ) -> tuple[PromptPreview, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        return await self._thread.call(lambda desk: desk.prompts.preview(text, trader_ids, symbol))

    def variables(self) -> tuple[PromptVariable, ...]:
        """See `engine.desk.prompts.PromptDesk`."""
        desk = self._thread.desk
        return desk.prompts.variables() if desk else ()

    def variables_reference(self) -> str:
        """See `engine.desk.prompts.PromptDesk`."""
        return self._thread.ready().prompts.variables_reference()
