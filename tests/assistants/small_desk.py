"""The recorded desk with prompts and a roster that change as they are told: what the tools are tried on."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import msgspec

from engine.desk import Desk
from engine.errors import Conflict, NotFound, Unavailable
from engine.model.account import RiskLimits, TraderConfig, TraderKind, TraderSummary
from engine.model.arena import AttributionRow, DecisionStory, Dimension, Standing
from engine.model.decision import DecisionRecord
from engine.model.language_model import CallPurpose, ModelCall
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
from engine.model.trader_file import ImportPreview, TraderFile
from tests.tui.recorded_desk import RecordedDesk


def trader(trader_id: int, name: str, kind: TraderKind, **changes: object) -> TraderConfig:
    config = TraderConfig(trader_id=trader_id, name=name, kind=kind, initial_capital=Decimal(10_000))
    return msgspec.structs.replace(config, **changes)


class SmallRoster:
    """Three traders; every command is noted in `calls`."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.traders = {
            1: trader(1, "Reversion", TraderKind.PROGRAM),
            2: trader(2, "Oracle", TraderKind.PROMPT, strategy="default", schedule_seconds=900),
            3: trader(3, "By hand", TraderKind.MANUAL),
        }

    def configs(
        self, *, include_hidden: bool = True, include_deleted: bool = False
    ) -> tuple[TraderConfig, ...]:
        return tuple(self.traders.values())

    async def create(self, config: TraderConfig) -> TraderConfig:
        self.calls.append(("create", config))
        made = msgspec.structs.replace(config, trader_id=max(self.traders) + 1)
        self.traders[made.trader_id] = made
        return made

    async def edit(self, config: TraderConfig) -> TraderConfig:
        self.calls.append(("edit", config))
        self.traders[config.trader_id] = config
        return config

    async def set_limits(self, trader_id: int, limits: RiskLimits) -> TraderConfig:
        self.calls.append(("set_limits", trader_id, limits))
        self.traders[trader_id] = msgspec.structs.replace(self.traders[trader_id], limits=limits)
        return self.traders[trader_id]

    async def set_trading(self, trader_id: int, *, enabled: bool) -> TraderConfig:
        self.calls.append(("set_trading", trader_id, enabled))
        self.traders[trader_id] = msgspec.structs.replace(self.traders[trader_id], trading_enabled=enabled)
        return self.traders[trader_id]

    async def delete(self, trader_id: int) -> TraderConfig:
        self.calls.append(("delete", trader_id))
        return msgspec.structs.replace(self.traders.pop(trader_id), deleted=True)

    async def set_hidden(self, trader_id: int, *, hidden: bool) -> TraderConfig:
        raise Unavailable("no assistant hides a trader")

    async def export(self, trader_id: int) -> TraderFile:
        raise Unavailable("no assistant exports a trader")

    async def preview_import(self, file: TraderFile) -> ImportPreview:
        raise Unavailable("no assistant imports a trader")

    async def import_trader(self, file: TraderFile, name: str = "") -> TraderSummary:
        raise Unavailable("no assistant imports a trader")


class SmallPrompts:
    """Two prompts, of which the prompt trader decides by the first."""

    def __init__(self) -> None:
        self.kept = {
            1: Prompt(prompt_id=1, name="default", text="Trade {symbol}.\n{output_format}", stock="default"),
            2: Prompt(prompt_id=2, name="careful", text="Wait. {output_format}"),
        }
        self.bound = {2: 1}

    def prompts(self) -> tuple[Prompt, ...]:
        return tuple(self.kept.values())

    async def check(self, text: str) -> TemplateReport:
        if len(text) > 1_000:
            return TemplateReport(errors=(TemplateProblem(1, 1, "it is too long", "make it shorter"),))
        return TemplateReport(variables=("output_format",), unknown=("nosuch",) if "{nosuch}" in text else ())

    async def save_prompt(self, prompt: Prompt) -> Prompt:
        if any(each.name == prompt.name for each in self.kept.values() if each.prompt_id != prompt.prompt_id):
            raise Conflict(f"name: {prompt.name} is taken")
        identity = prompt.prompt_id or max(self.kept) + 1
        version = self.kept[identity].version + 1 if identity in self.kept else 1
        self.kept[identity] = msgspec.structs.replace(prompt, prompt_id=identity, version=version)
        return self.kept[identity]

    async def delete_prompt(self, prompt_id: int) -> None:
        if prompt_id in self.bound.values():
            raise Conflict("prompt: Oracle decides by it")
        del self.kept[prompt_id]

    def bindings(self) -> tuple[PromptBinding, ...]:
        return tuple(PromptBinding(trader_id=t, prompt_id=p) for t, p in self.bound.items())

    async def bind(self, trader_id: int, prompt_id: int) -> PromptBinding:
        if trader_id not in self.bound:
            raise Conflict("trader_id: it is no prompt trader")
        self.bound[trader_id] = prompt_id
        return PromptBinding(trader_id=trader_id, prompt_id=prompt_id)

    async def preview(
        self, text: str, trader_ids: Sequence[int] = (), symbol: str = ""
    ) -> tuple[PromptPreview, ...]:
        if any(each not in self.bound for each in trader_ids):
            raise NotFound("trader_id: there is no such prompt trader")
        return tuple(
            PromptPreview(trader_id=each, text=text.replace("{symbol}", symbol)) for each in trader_ids
        )

    def stock_names(self) -> tuple[str, ...]:
        return ("default",)

    async def versions(self, prompt_id: int) -> tuple[PromptVersion, ...]:
        raise Unavailable("no assistant reads versions")

    async def copy_prompt(self, prompt_id: int, name: str = "") -> Prompt:
        raise Unavailable("no assistant copies a prompt")

    async def restore_stock(self, name: str) -> Prompt:
        raise Unavailable("no assistant restores a prompt")

    def variables_reference(self) -> str:
        return "# Variables"

    def variables(self) -> tuple[PromptVariable, ...]:
        return (
            PromptVariable(name="output_format", family=VariableFamily.REQUIRED, meaning="how to answer"),
            PromptVariable(name="<SYMBOL>_klines_<PERIOD>", family=VariableFamily.SYMBOL, meaning="candles"),
        )


class SmallArena:
    """The recorded decisions, looked back over."""

    def __init__(self, desk: RecordedDesk) -> None:
        self._desk = desk
        self.asked: list[tuple[object, ...]] = []

    async def chat(
        self,
        *,
        trader_id: int | None = None,
        before_ms: int | None = None,
        symbol: str = "",
        operation: str = "",
        text: str = "",
        limit: int = 60,
    ) -> tuple[DecisionRecord, ...]:
        self.asked.append((trader_id, before_ms, symbol, operation, text, limit))
        return self._desk.decisions()

    async def story(self, decision_id: str) -> DecisionStory:
        for record in self._desk.decisions():
            if record.decision_id == decision_id:
                call = ModelCall(
                    call_id="c",
                    connection_id=1,
                    model="m",
                    purpose=CallPurpose.DECISION,
                    started_ms=1,
                    request="the whole body",
                )
                orders = self._desk.orders(open_only=False)
                return DecisionStory(
                    record=record, calls=(call,), orders=orders, realized_pnl=Decimal("-3.5")
                )
        raise NotFound(f"decision_id: there is no decision {decision_id}")

    def standings(self) -> tuple[Standing, ...]:
        return ()

    async def attribution(
        self, dimension: Dimension, *, trader_id: int | None = None, since_ms: int = 0
    ) -> tuple[AttributionRow, ...]:
        self.asked.append((dimension, trader_id, since_ms))
        return (AttributionRow(key="default", trades=3, wins=1, pnl=Decimal("-7.25")),)


class SmallDesk:
    """What the tools see: the recorded desk but for its prompts, its roster and its arena."""

    def __init__(self) -> None:
        self.recorded = RecordedDesk()
        self.roster = SmallRoster()
        self.prompts = SmallPrompts()
        self.arena = SmallArena(self.recorded)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.recorded, name)

    @property
    def seen(self) -> Desk:
        """The same as what it stands for."""
        return cast(Desk, self)
