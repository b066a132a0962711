"""The recorded desk's prompts: templates, versions, bindings and previews with fixed values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.prompt import (
    Prompt,
    PromptBinding,
    PromptPreview,
    PromptVariable,
    PromptVersion,
    TemplateProblem,
    TemplateReport,
    VariableFamily,
)

NOW_MS = 1_772_373_807_000
TREND_V1 = "You trade {selected_symbols_csv}.\n\n{market_prices}\n\n{output_format}\n"
TREND = (
    "You trade {selected_symbols_csv} with {available_cash} USDC.\n\n"
    "# Market\n{market_prices}\n{BTC_klines_15m}\n\n# Why now\n{trigger_context}\n\n{output_format}\n"
)
PROMPTS = (
    Prompt(
        prompt_id=1, name="default", text="Trade well.\n{output_format}\n", stock="default", updated_ms=NOW_MS
    ),
    Prompt(
        prompt_id=2,
        name="trend",
        text=TREND,
        description="Follows the hour's trend [/foo]",
        version=2,
        updated_ms=NOW_MS - 3_600_000,
    ),
)


def variable(name: str, family: VariableFamily, meaning: str, value: str) -> PromptVariable:
    return PromptVariable(name=name, family=family, meaning=meaning, example=name, value=value)


VARIABLES = (
    variable("output_format", VariableFamily.REQUIRED, "the JSON a reply has to be", "{…}"),
    variable("trigger_context", VariableFamily.TRIGGER, "what woke the trader", "scheduled"),
    variable("available_cash", VariableFamily.ACCOUNT, "what a new position may use", "9,871.30"),
    variable("market_prices", VariableFamily.MARKET, "the last price of each symbol", "BTC 67,013.2"),
    PromptVariable(
        name="<SYMBOL>_klines_<PERIOD>",
        family=VariableFamily.SYMBOL,
        meaning="the last candles of a symbol",
        example="BTC_klines_15m",
    ),
)


class RecordedPrompts:
    """A `PromptDesk` over fixed values; `{nosuch}` in a text is what it does not know."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note: Callable[..., Any] = note
        self.prompt_list: tuple[Prompt, ...] = PROMPTS
        self.binding_list: tuple[PromptBinding, ...] = (PromptBinding(trader_id=2, prompt_id=2),)

    def prompts(self) -> tuple[Prompt, ...]:
        return self.prompt_list

    def stock_names(self) -> tuple[str, ...]:
        return ("default", "pro")

    async def check(self, text: str) -> TemplateReport:
        warnings = [
            TemplateProblem(
                line, row.index("{nosuch}") + 1, "nosuch is no variable", "see the list of variables"
            )
            for line, row in enumerate(text.splitlines(), start=1)
            if "{nosuch}" in row
        ]
        return TemplateReport(warnings=tuple(warnings), unknown=("nosuch",) if warnings else ())

    async def versions(self, prompt_id: int) -> tuple[PromptVersion, ...]:
        prompt = self._prompt(prompt_id)
        older = (PromptVersion(prompt_id=prompt_id, version=1, text=TREND_V1, saved_ms=NOW_MS - 86_400_000),)
        newest = PromptVersion(
            prompt_id=prompt_id, version=prompt.version, text=prompt.text, saved_ms=prompt.updated_ms
        )
        return (*(older if prompt.version > 1 else ()), newest)

    async def save_prompt(self, prompt: Prompt) -> Prompt:
        self._note("save_prompt", prompt)
        if not prompt.name:
            raise InvalidInput.of("name", prompt.name, "a prompt needs a name")
        before = next((item for item in self.prompt_list if item.prompt_id == prompt.prompt_id), None)
        kept = (
            msgspec.structs.replace(prompt, version=before.version + (before.text != prompt.text))
            if before
            else msgspec.structs.replace(prompt, prompt_id=len(self.prompt_list) + 1)
        )
        self.prompt_list = (*(item for item in self.prompt_list if item is not before), kept)
        self.prompt_list = tuple(sorted(self.prompt_list, key=lambda item: item.prompt_id))
        return kept

    async def copy_prompt(self, prompt_id: int, name: str = "") -> Prompt:
        self._note("copy_prompt", prompt_id)
        prompt = self._prompt(prompt_id)
        copy = msgspec.structs.replace(
            prompt, prompt_id=len(self.prompt_list) + 1, name=name or f"{prompt.name} (copy)", version=1
        )
        self.prompt_list = (*self.prompt_list, copy)
        return copy

    async def delete_prompt(self, prompt_id: int) -> None:
        self._note("delete_prompt", prompt_id)
        if any(item.prompt_id == prompt_id for item in self.binding_list):
            raise Conflict("prompt: Rules decides by it; bind it to another first")
        self.prompt_list = tuple(item for item in self.prompt_list if item.prompt_id != prompt_id)

    async def restore_stock(self, name: str) -> Prompt:
        self._note("restore_stock", name)
        return self.prompt_list[0]

    def bindings(self) -> tuple[PromptBinding, ...]:
        return self.binding_list

    async def bind(self, trader_id: int, prompt_id: int) -> PromptBinding:
        self._note("bind", trader_id, prompt_id)
        binding = PromptBinding(trader_id=trader_id, prompt_id=prompt_id)
        self.binding_list = (binding,)
        return binding

    async def preview(
        self, text: str, trader_ids: Sequence[int] = (), symbol: str = ""
    ) -> tuple[PromptPreview, ...]:
        rendered = text.replace("{market_prices}", "BTC 67,013.2 [/foo]\nETH 3,120.2")
        unknown = ("nosuch",) if "{nosuch}" in text else ()
        missing = ("BTC_klines_15m",) if "klines" in text else ()
        preview = PromptPreview(
            trader_id=trader_ids[0] if trader_ids else 2,
            text=rendered,
            unknown=unknown,
            missing=missing,
            tokens=1_204,
            counted_by="estimate",
            context_window=128_000,
            cost_usd=0.0031,
        )
        return (preview,)

    def variables(self) -> tuple[PromptVariable, ...]:
        return VARIABLES

    def variables_reference(self) -> str:
        return "# Variables\n"

    def _prompt(self, prompt_id: int) -> Prompt:
        found = next((item for item in self.prompt_list if item.prompt_id == prompt_id), None)
        if found is None:
            raise NotFound(f"prompt: there is no prompt {prompt_id}", field="prompt_id")
        return found
