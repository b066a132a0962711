"""What can go wrong with a model, each with one sentence and one piece of advice, in one table."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from engine.errors import ModelFailed, ReplyUnusable


class ModelFault(enum.StrEnum):
    """Why a model could not be asked, or why its answer is not one; in `ModelFailed.details["fault"]`."""

    NO_KEY = "no_key"
    WRONG_KEY = "wrong_key"
    FORBIDDEN = "forbidden"
    UNKNOWN_MODEL = "unknown_model"
    WRONG_ADDRESS = "wrong_address"
    RATE_LIMITED = "rate_limited"
    QUOTA_GONE = "quota_gone"
    CONTEXT_TOO_LONG = "context_too_long"
    TLS = "tls"
    NO_CONNECTION = "no_connection"
    CONNECT_TIMEOUT = "connect_timeout"
    SILENT = "silent"
    TOO_SLOW = "too_slow"
    SERVER = "server"
    NOT_AN_API = "not_an_api"
    BROKEN_STREAM = "broken_stream"
    TOO_LONG = "too_long"
    CUT_OFF = "cut_off"
    FILTERED = "filtered"
    BAD_REQUEST = "bad_request"


class FaultRow(msgspec.Struct, frozen=True):
    """What a fault is in words, and what to do about it."""

    sentence: str
    advice: str


FAULTS: Mapping[ModelFault, FaultRow] = MappingProxyType(
    {
        ModelFault.NO_KEY: FaultRow("there is no key for this server", "enter its key"),
        ModelFault.WRONG_KEY: FaultRow("the server does not accept the key", "enter the key again"),
        ModelFault.FORBIDDEN: FaultRow(
            "the key is not allowed to do this", "check what the key and its account may use"
        ),
        ModelFault.UNKNOWN_MODEL: FaultRow(
            "the server does not have this model", "check the model's name and whether the key may use it"
        ),
        ModelFault.WRONG_ADDRESS: FaultRow(
            "there is no chat-completions server at this address",
            "check the base URL: it is what comes before /chat/completions",
        ),
        ModelFault.RATE_LIMITED: FaultRow(
            "the server has had too many requests", "ask less often or raise the account's rate limit"
        ),
        ModelFault.QUOTA_GONE: FaultRow(
            "the account's quota or money is used up", "check the vendor's billing page"
        ),
        ModelFault.CONTEXT_TOO_LONG: FaultRow(
            "the prompt is longer than the model's context window", "shorten the prompt"
        ),
        ModelFault.TLS: FaultRow(
            "the encrypted connection could not be made", "check the address, the certificate and the clock"
        ),
        ModelFault.NO_CONNECTION: FaultRow(
            "cannot connect", "check the address, the network and whether the server runs"
        ),
        ModelFault.CONNECT_TIMEOUT: FaultRow(
            "the connection was not made in time", "check the address and the network"
        ),
        ModelFault.SILENT: FaultRow(
            "the server went silent", "try again, or allow a longer wait for the first token"
        ),
        ModelFault.TOO_SLOW: FaultRow(
            "the answer was not whole in time", "allow more time in all, or ask for a shorter answer"
        ),
        ModelFault.SERVER: FaultRow("the server has an error of its own", "try again later"),
        ModelFault.NOT_AN_API: FaultRow(
            "something that is no chat-completions server answered",
            "look for a proxy or a log-in page between here and the server",
        ),
        ModelFault.BROKEN_STREAM: FaultRow("the answer broke off and is not whole", "try again"),
        ModelFault.TOO_LONG: FaultRow("the answer is too long", "ask for a shorter answer"),
        ModelFault.CUT_OFF: FaultRow(
            "the answer was cut off at the model's token limit", "allow more output tokens"
        ),
        ModelFault.FILTERED: FaultRow(
            "the answer was withheld by the vendor's filter", "reword the prompt or use another model"
        ),
        ModelFault.BAD_REQUEST: FaultRow(
            "the server refuses the request", "check whether the connection is of the right vendor"
        ),
    }
)

UNUSABLE = frozenset({ModelFault.TOO_LONG, ModelFault.CUT_OFF, ModelFault.FILTERED})
"""Faults of an answer that came: the model was asked and what it said cannot be used."""

_QUOTA = ("insufficient_quota", "billing", "credit balance", "insufficient balance", "insufficient credit")
_WINDOW = (
    "context_length_exceeded",
    "context length",
    "context window",
    "prompt is too long",
    "input is too long",
    "input token count",
    "too many tokens",
)
_NO_MODEL = ("model_not_found", "model_not_exist", "model not exist", "not a valid model", "unknown model")
_BAD_KEY = ("invalid_api_key", "api key not valid", "incorrect api key", "invalid x-api-key")


def model_error(fault: ModelFault, base_url: str, what: str = "") -> ModelFailed | ReplyUnusable:
    """Return the error of a fault: who, the table's sentence, what exactly, and the advice."""
    row = FAULTS[fault]
    exactly = f" ({what})" if what else ""
    message = f"model server {base_url}: {row.sentence}{exactly}; {row.advice}"
    kind = ReplyUnusable if fault in UNUSABLE else ModelFailed
    return kind(message, fault=fault.value, base_url=base_url)


class ServerError(msgspec.Struct, frozen=True):
    """What a server says of an error, in whichever of the usual shapes it says it."""

    message: str
    code: str = ""
    is_json: bool = True

    @property
    def words(self) -> str:
        """Everything it said, in lower case, to look for the known words."""
        return f"{self.code} {self.message}".casefold()


def read_error(body: bytes) -> ServerError:
    """Return what an error body says: an object, a text, a list of one (Gemini), or no JSON at all."""
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ServerError(body.decode(errors="replace"), is_json=False)
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict) and "error" in value:
        value = value["error"]
    if not isinstance(value, dict):
        return ServerError(value if isinstance(value, str) else body.decode(errors="replace"))
    code = " ".join(str(value[name]) for name in ("code", "type", "status") if value.get(name))
    message = value.get("message") or value.get("detail")
    return ServerError(message if isinstance(message, str) else body.decode(errors="replace"), code)


def fault_of(status: int, error: ServerError) -> ModelFault:
    """Return the fault that a status other than 200 and its body amount to."""
    words = error.words
    if status == 402 or (status in (400, 403, 429) and any(each in words for each in _QUOTA)):
        return ModelFault.QUOTA_GONE
    if status == 429:
        return ModelFault.RATE_LIMITED
    if status >= 500:
        return ModelFault.SERVER
    if status == 401 or (status in (400, 403) and any(each in words for each in _BAD_KEY)):
        return ModelFault.WRONG_KEY
    if status == 403:
        return ModelFault.FORBIDDEN if error.is_json else ModelFault.NOT_AN_API
    if status == 413 or (status in (400, 422) and any(each in words for each in _WINDOW)):
        return ModelFault.CONTEXT_TOO_LONG
    if _names_no_model(status, error):
        return ModelFault.UNKNOWN_MODEL
    if status in (404, 405) or 300 <= status < 400:
        return ModelFault.WRONG_ADDRESS
    if not error.is_json and "<html" in words:
        return ModelFault.NOT_AN_API
    return ModelFault.BAD_REQUEST


def fault_in_stream(error: ServerError) -> ModelFault:
    """Return the fault that an error in the middle of a stream amounts to."""
    words = error.words
    if any(each in words for each in _QUOTA):
        return ModelFault.QUOTA_GONE
    if any(each in words for each in _WINDOW):
        return ModelFault.CONTEXT_TOO_LONG
    if "rate" in words and "limit" in words:
        return ModelFault.RATE_LIMITED
    return ModelFault.SERVER


def _names_no_model(status: int, error: ServerError) -> bool:
    if status not in (400, 404) or not error.is_json:
        return False
    words = error.words
    return any(each in words for each in _NO_MODEL) or (status == 404 and "model" in words)
