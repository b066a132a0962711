"""The table of vendors: everything the chat-completions servers in use do differently."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

from engine.errors import InvalidInput
from engine.model.language_model import Vendor


class Structured(enum.StrEnum):
    """How a vendor is told that the answer must be JSON."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    NONE = "none"


class VendorRow(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor.

    `path` is what is added to a base URL that lacks it. `key_variable` is the environment variable its
    key customarily stands in. `reasoning_models` are the prefixes of models that think before they
    answer; the `plain_` columns say what those are not given. `max_temperature` bounds what is sent;
    `default_max_tokens` is sent where the vendor demands a number and none was asked for.
    """

    name: str
    title: str
    base_url: str = ""
    path: str = ""
    models: tuple[str, ...] = ()
    needs_key: bool = True
    key_variable: str = ""
    max_tokens_field: str = "max_tokens"
    default_max_tokens: int | None = None
    max_temperature: float = 2.0
    structured: Structured = Structured.NONE
    reasoning_models: tuple[str, ...] = ()
    reasoning_takes_temperature: bool = True
    reasoning_structured: Structured | None = None
    is_free: bool = False
    notes: str = ""

    def thinks(self, model: str) -> bool:
        """Return whether a model thinks before it answers; a gateway's vendor prefix is left out."""
        return bare_name(model).startswith(self.reasoning_models)

    def takes_temperature(self, model: str) -> bool:
        """Return whether a model may be given a temperature."""
        return self.reasoning_takes_temperature or not self.thinks(model)

    def structured_for(self, model: str) -> Structured:
        """Return how a model is told to answer in JSON."""
        if self.reasoning_structured is not None and self.thinks(model):
            return self.reasoning_structured
        return self.structured

    def address(self, base_url: str) -> str:
        """Return what comes before `/chat/completions` for a base URL as it was given."""
        address = base_url.rstrip("/")
        return address if address.endswith(self.path) else address + self.path

    def is_own(self, base_url: str) -> bool:
        """Return whether a base URL is on the vendor's own scheme, host and port."""
        return bool(self.base_url) and origin(base_url) == origin(self.base_url)

    def shown(self) -> Vendor:
        """Return the row as a form shows it."""
        return Vendor(
            name=self.name,
            title=self.title,
            base_url=self.base_url,
            models=self.models,
            needs_key=self.needs_key,
            notes=self.notes,
        )


_OPENAI_REASONING = ("o1", "o3", "o4", "gpt-5")
_REASONING_ANYWHERE = (
    *_OPENAI_REASONING,
    "deepseek-reasoner",
    "deepseek-r",
    "gemini-2.5-pro",
    "gemini-3",
    "qwq",
)

VENDORS: Mapping[str, VendorRow] = MappingProxyType(
    {
        row.name: row
        for row in (
            VendorRow(
                name="openai",
                title="OpenAI",
                base_url="https://api.openai.com/v1",
                models=("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-5", "gpt-5-mini", "o4-mini"),
                key_variable="OPENAI_API_KEY",
                max_tokens_field="max_completion_tokens",
                structured=Structured.SCHEMA,
                reasoning_models=_OPENAI_REASONING,
                reasoning_takes_temperature=False,
                notes="Reasoning models stay silent while they think and take no temperature.",
            ),
            VendorRow(
                name="anthropic",
                title="Anthropic",
                base_url="https://api.anthropic.com/v1",
                models=("claude-sonnet-4-20250514", "claude-3-5-haiku-20241022", "claude-opus-4-20250514"),
                key_variable="ANTHROPIC_API_KEY",
                default_max_tokens=8192,
                max_temperature=1.0,
                notes="Its chat-completions endpoint; JSON is asked for in words only.",
            ),
            VendorRow(
                name="gemini",
                title="Google Gemini",
                base_url="https://generativelanguage.googleapis.com/v1beta",
                path="/openai",
                models=("gemini-2.0-flash", "gemini-2.5-flash", "gemini-2.5-pro"),
                key_variable="GEMINI_API_KEY",
                structured=Structured.SCHEMA,
                reasoning_models=("gemini-2.5-pro", "gemini-3"),
                notes="/openai is added to the base URL.",
            ),
            VendorRow(
                name="deepseek",
                title="DeepSeek",
                base_url="https://api.deepseek.com/v1",
                models=("deepseek-chat", "deepseek-reasoner"),
                key_variable="DEEPSEEK_API_KEY",
                structured=Structured.OBJECT,
                reasoning_models=("deepseek-reasoner",),
                reasoning_takes_temperature=False,
                reasoning_structured=Structured.NONE,
            ),
            VendorRow(
                name="gateway",
                title="LLM gateway",
                structured=Structured.OBJECT,
                reasoning_models=_REASONING_ANYWHERE,
                notes="The gateway's own URL, and models as it names them.",
            ),
            VendorRow(
                name="ollama",
                title="Ollama",
                base_url="http://localhost:11434/v1",
                models=("llama3.1", "qwen3", "deepseek-r1"),
                needs_key=False,
                structured=Structured.SCHEMA,
                reasoning_models=("deepseek-r", "qwen3", "qwq", "gpt-oss"),
                is_free=True,
                notes="Runs on this machine; no key.",
            ),
            VendorRow(
                name="compatible",
                title="Compatible",
                needs_key=False,
                reasoning_models=_REASONING_ANYWHERE,
                notes="Any server that speaks chat completions; a key only if it wants one.",
            ),
        )
    }
)

RULES = VendorRow(name="rules", title="Built-in rules model", is_free=True)
"""The rules model on this machine: no connection anybody makes, so not in the table."""


def vendor_row(name: str) -> VendorRow:
    """Return a vendor; raises `InvalidInput` for one there is not."""
    row = VENDORS.get(name)
    if row is None:
        raise InvalidInput.of("vendor", name, f"allowed are {', '.join(VENDORS)}")
    return row


def bare_name(model: str) -> str:
    """Return a model's name without the vendor a gateway puts before it: `openai/o3` is `o3`."""
    return model.rpartition("/")[2].casefold()


def origin(base_url: str) -> str:
    """Return a URL's scheme, host and port: what a key is bound to.

    Raises `ValueError` for a URL with an impossible port.
    """
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
