"""Prompts: the templates models trade by, what their variables mean, and what a look at one shows."""

from __future__ import annotations

import enum

import msgspec


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A template as it was saved last; `prompt_id` 0 asks for a new one.

    A trader is bound to a prompt by its name, `TraderConfig.strategy`; renaming one renames it there.
    `stock` names the template of the desk it began as and can be restored to, empty for one's own.
    `version` counts its saved texts from 1. A deleted prompt is kept for the decisions made with it.
    """

    prompt_id: int
    name: str
    text: str
    description: str = ""
    stock: str = ""
    version: int = 1
    created_ms: int = 0
    updated_ms: int = 0
    deleted: bool = False


class PromptVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A text a prompt had; saving the same text again makes no new version."""

    prompt_id: int
    version: int
    text: str
    saved_ms: int


class PromptBinding(msgspec.Struct, frozen=True, kw_only=True):
    """Which prompt a trader decides by; every prompt trader has exactly one."""

    trader_id: int
    prompt_id: int


class VariableFamily(enum.StrEnum):
    """The chapters of the variables reference, in its order."""

    REQUIRED = "required"
    TRIGGER = "trigger"
    ACCOUNT = "account"
    SESSION = "session"
    MARKET = "market"
    SYMBOL = "symbol"
    FLOW = "flow"
    REGIME = "regime"
    NEWS = "news"
    FACTOR = "factor"
    LEGACY = "legacy"


class PromptVariable(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the variables reference.

    `name` is what stands in the braces, with the changing parts of a family in angle brackets, such as
    `<SYMBOL>_klines_<PERIOD>`; `example` is one name that works now and `value` what it renders to
    (empty in the reference of a closed desk). `documented` marks the nine every guide names.
    """

    name: str
    family: VariableFamily
    meaning: str
    example: str = ""
    value: str = ""
    documented: bool = False


class TemplateProblem(msgspec.Struct, frozen=True):
    """Something to say about a template at a place; `line` and `column` count from 1."""

    line: int
    column: int
    message: str
    advice: str = ""


class TemplateReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an editor says about a template: errors keep it from being saved, warnings do not.

    `variables` are the known names in it in order, `unknown` those that render as `N/A`.
    """

    errors: tuple[TemplateProblem, ...] = ()
    warnings: tuple[TemplateProblem, ...] = ()
    variables: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors


class PromptPreview(msgspec.Struct, frozen=True, kw_only=True):
    """A template rendered for one trader with the present market; no model was asked.

    `missing` are known variables without data now, rendered as `N/A`. `tokens` counts the text by
    `counted_by`, an estimate unless that names a tokenizer of the model's own; `context_window` is the
    model's, None when unknown; `cost_usd` what sending it would cost, None without a price.
    """

    trader_id: int
    text: str
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    tokens: int = 0
    counted_by: str = ""
    context_window: int | None = None
    cost_usd: float | None = None
    error: str = ""
