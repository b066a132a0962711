"""Language models: where they answer, what a call to one took, and what may be spent on them."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec


class KeySource(enum.StrEnum):
    """Where a connection's key comes from; the key itself is never part of any value here."""

    VAULT = "vault"
    ENVIRONMENT = "environment"
    NONE = "none"


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table of vendors, as a form shows it."""

    name: str
    title: str
    base_url: str
    models: tuple[str, ...] = ()
    needs_key: bool = True
    notes: str = ""


class ModelConnection(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how a model is asked; `connection_id` 0 asks for a new one.

    `vendor` names a row of the table of vendors, which has what its protocol does differently.
    `base_url` is what comes before `/chat/completions`. Traders name a connection by its id; id 0 in a
    trader is the built-in rules model. `max_concurrent` bounds the calls under way at once,
    `daily_usd` and `daily_tokens` what a UTC day may take (None for no bound). Prices are USD for a
    million tokens, None for those of the vendor's table. `first_token_seconds` and `total_seconds` are
    how long an answer may take to begin and to end, None for what the desk's settings say.
    """

    connection_id: int
    name: str
    vendor: str
    base_url: str
    key_source: KeySource = KeySource.VAULT
    max_concurrent: int = 4
    daily_usd: Decimal | None = None
    daily_tokens: int | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    first_token_seconds: float | None = None
    total_seconds: float | None = None
    deleted: bool = False


class ConnectionState(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as it stands: whether its key can be had, what runs and what today took.

    `problem` is why it cannot be asked now, in words, empty when it can.
    """

    connection: ModelConnection
    has_key: bool
    problem: str = ""
    calls_running: int = 0
    calls_waiting: int = 0
    calls_today: int = 0
    tokens_today: int = 0
    usd_today: Decimal = Decimal(0)
    traders: tuple[int, ...] = ()


class ConnectionTest(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test of a connection: `message` says in words what is right or wrong."""

    success: bool
    message: str
    latency_ms: int = 0
    model: str = ""
    models: tuple[str, ...] = ()


class TokenUsage(msgspec.Struct, frozen=True, kw_only=True):
    """How many tokens a call took; `input` includes `cached`, `output` includes `reasoning`.

    `is_estimate` says that the server did not count and the desk did.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
    is_estimate: bool = False

    @property
    def total(self) -> int:
        """All tokens of the call."""
        return self.input + self.output


class CallPurpose(enum.StrEnum):
    """What a model was asked for."""

    DECISION = "decision"
    REPAIR = "repair"
    NEWS = "news"
    ASSISTANT = "assistant"
    BACKTEST = "backtest"
    REPLAY = "replay"
    TEST = "test"


class ModelCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a model, whole or failed: the desk's account of what was asked and what it took.

    `subject` is the id of the decision, conversation or run it belongs to. `request` is the exact body
    that was sent, as JSON text, and `reply` the answer's own text; both without any secret. `cost_usd` is
    None when the price is not known. `error` is empty for a call that came to its own end. `cached`
    says that a recorded reply was used and nothing was sent.
    """

    call_id: str
    connection_id: int
    model: str
    purpose: CallPurpose
    started_ms: int
    trader_id: int = 0
    subject: str = ""
    request: str = ""
    reply: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    error: str = ""
    attempts: int = 1
    first_token_ms: int | None = None
    latency_ms: int = 0
    usage: TokenUsage = TokenUsage()
    cost_usd: Decimal | None = None
    cached: bool = False


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """What a UTC day's calls took, of one trader (or all, 0) on one connection (or all, 0)."""

    day_ms: int
    trader_id: int
    connection_id: int
    calls: int = 0
    failed_calls: int = 0
    tokens: int = 0
    cost_usd: Decimal = Decimal(0)
