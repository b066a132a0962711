"""The desk's prompts: templates with versions, their variables, previews, and who trades by which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.model.prompt import (
    Prompt,
    PromptBinding,
    PromptPreview,
    PromptVariable,
    PromptVersion,
    TemplateReport,
)


class PromptDesk(Protocol):
    """Write prompts, look at what a model would be sent, and bind them to traders.

    `Topic.PROMPTS` carries each `Prompt` as it changes, under the key `("prompt", prompt_id)`.
    """

    def prompts(self) -> tuple[Prompt, ...]:
        """Return every prompt that is not deleted, in the order of their ids."""
        ...

    def stock_names(self) -> tuple[str, ...]:
        """Return the names of the templates the desk brings along."""
        ...

    async def check(self, text: str) -> TemplateReport:
        """Return what is wrong with a template, place by place, and which variables it uses."""
        ...

    async def versions(self, prompt_id: int) -> tuple[PromptVersion, ...]:
        """Return the saved texts of a prompt, oldest first."""
        ...

    async def save_prompt(self, prompt: Prompt) -> Prompt:
        """Keep a new or changed prompt; its traders use it from their next decision on.

        A new name moves to the traders bound to it. Raises `InvalidInput` for a text that cannot be
        used, `Conflict` for a name that is taken, `NotFound`.
        """
        ...

    async def copy_prompt(self, prompt_id: int, name: str = "") -> Prompt:
        """Keep a copy, named “… (copy)” unless named; raises as `save_prompt`."""
        ...

    async def delete_prompt(self, prompt_id: int) -> None:
        """Delete a prompt; raises `Conflict` naming the traders bound to it."""
        ...

    async def restore_stock(self, name: str) -> Prompt:
        """Give the prompt that began as a stock template its text again, or make it anew.

        Adds a version like any change. Raises `NotFound` naming the stock templates.
        """
        ...

    def bindings(self) -> tuple[PromptBinding, ...]:
        """Return which prompt each prompt trader decides by, in the order of the traders."""
        ...

    async def bind(self, trader_id: int, prompt_id: int) -> PromptBinding:
        """Let a trader decide by a prompt from its next decision on.

        Raises `NotFound`, or `Conflict` for a trader that is no prompt trader.
        """
        ...

    async def preview(
        self, text: str, trader_ids: Sequence[int] = (), symbol: str = ""
    ) -> tuple[PromptPreview, ...]:
        """Render a template with the present market for traders (all prompt traders if none are named).

        Asks no model. A trader whose prompt cannot be rendered has the reason in `error`.
        """
        ...

    def variables(self) -> tuple[PromptVariable, ...]:
        """Return the table of variables, family by family."""
        ...

    def variables_reference(self) -> str:
        """Return the variables reference as Markdown, made from the table."""
        ...
