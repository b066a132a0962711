"""Secrets taken out of any text that leaves the desk: a log, an alert, the store, an export, the screen.

Two ways of finding them: the values of all `Secret`s in every encoding, and the shapes that
keys are known to have, for keys the desk was never told of. A shape must look like a key throughout: a
word such as `risk-adjusted`, a hash of a transaction or `key=itemgetter(1)` stays as it is.
"""

from __future__ import annotations

import re
import threading

import msgspec

from engine.secrecy.encodings import encodings_of
from engine.secrecy.secret import HIDDEN, known_changes, known_values

TEXT_FIELDS = frozenset(
    {
        "prompt",
        "reply",
        "content",
        "body",
        "reasoning",
        "outcome",
        "request",
        "error",
        "message",
        "text",
        "delta",
        "reason",
        "status_reason",
        "tool_calls",
        "decisions",
        "summary",
        "title",
        "problem",
    }
)
"""Fields of the model's values that hold text from outside or about a failure; all are redacted."""

EXACT_FIELDS = frozenset({"arguments", "before", "after", "code"})
"""Fields that hold sources and the like: a known secret goes, what only looks like a key stays."""

# A name may stand in a longer one (`OPENAI_API_KEY`, `apiKey`), but not in a word (`monkey`). Every branch
# begins with a plain letter, so that the search passes over all other letters without trying.
_NAMES = "|".join(
    (
        *(rf"{word}(?<![A-Za-z]{word})" for word in ("key", "token", "secret")),
        *("key(?<=apikey)", "Key", "KEY", "Token", "TOKEN", "Secret", "SECRET"),
        *("password", "Password", "PASSWORD", "passphrase", "Passphrase", "PASSPHRASE"),
    )
)
_IS_SET_TO = r"""\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?"""

_SHAPES = (
    # What must be in a text for the pattern to be worth trying, and the pattern; its first group stays.
    (("sk-", "pk-"), re.compile(r"([sp]k-(?<![A-Za-z0-9_-]..-))(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}")),
    (("AIza",), re.compile(r"()AIza(?<![A-Za-z0-9_-]AIza)[A-Za-z0-9_-]{30,}")),
    (
        ("earer ", "EARER ", "asic ", "ASIC "),
        re.compile(r"([bB](?:earer|EARER|asic|ASIC)\s{1,4})(?=[A-Za-z._~+/=-]*[0-9])[A-Za-z0-9._~+/=-]{16,}"),
    ),
    (
        ("key", "Key", "KEY", "oken", "OKEN", "ecret", "ECRET", "assword", "ASSWORD", "assphrase"),
        re.compile(rf"((?:{_NAMES}){_IS_SET_TO})(?=[A-Za-z._~+/=-]*[0-9])[A-Za-z0-9._~+/=-]{{16,}}+(?!\()"),
    ),
)


LONGEST_BEGINNING = 256
"""Up to this length every beginning of a secret is kept, to be found at once; longer ones are compared."""


class _Forms:
    """Every text that gives a known secret away, longest first; made anew when the secrets change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes = 0
        self._values: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()
        self._long_forms: tuple[str, ...] = ()
        self._beginnings: frozenset[str] = frozenset()
        self._longest = 0

    def current(self) -> tuple[str, ...]:
        """Return the texts to look for."""
        if known_changes() != self._changes:
            self._renew()
        return self._forms

    def certain_end(self, text: str) -> int:
        """Return where the longest end of `text` starts that may be the beginning of a secret.

        A secret that is whole already is never cut: what reaches over that place ends before it.
        """
        forms = self.current()
        end = self._begun(text)
        if end == len(text):
            return end
        for form in forms:
            start = text.find(form, max(0, end - len(form) + 1))
            if 0 <= start < end:
                end = start + len(form)
        return end

    def _begun(self, text: str) -> int:
        start = min((_long_start(form, text) for form in self._long_forms), default=len(text))
        if start < len(text):
            return start
        for length in range(min(self._longest, len(text)), 0, -1):
            if text[-length:] in self._beginnings:
                return len(text) - length
        return len(text)

    def _renew(self) -> None:
        with self._lock:
            changes, values = known_changes(), known_values()
            if values != self._values:
                forms = {form for value in values for form in encodings_of(value)}
                self._longest = min(max(map(len, forms), default=1) - 1, LONGEST_BEGINNING)
                self._beginnings = frozenset(
                    form[:end] for form in forms for end in range(1, min(len(form), LONGEST_BEGINNING + 1))
                )
                self._forms = tuple(sorted(forms, key=len, reverse=True))
                self._long_forms = tuple(form for form in self._forms if len(form) > LONGEST_BEGINNING)
                self._values = values
            self._changes = changes


def _long_start(form: str, text: str) -> int:
    """Return where an end of `text` starts that is a long beginning of `form`, its length if none does."""
    opening = form[:LONGEST_BEGINNING]
    start = text.find(opening, max(0, len(text) - len(form) + 1))
    while start >= 0 and not form.startswith(text[start:]):
        start = text.find(opening, start + 1)
    return start if start >= 0 else len(text)


_FORMS = _Forms()


def redact(text: str) -> str:
    """Return `text` with every known secret, in whatever encoding, and every likely key replaced."""
    text = redact_known(text)
    for hints, shape in _SHAPES:
        if any(hint in text for hint in hints):
            text = shape.sub(_hide, text)
    return text


def redact_known(text: str) -> str:
    """Return `text` without the known secrets; what only looks like a key stays."""
    for form in _FORMS.current():
        if form in text:
            text = text.replace(form, HIDDEN)
    return text


def _hide(found: re.Match[str]) -> str:
    return found[1] + HIDDEN


def redact_field(name: str, text: str) -> str:
    """Return the text of a field without secrets, as `TEXT_FIELDS` and `EXACT_FIELDS` say."""
    if name in TEXT_FIELDS:
        return redact(text)
    return redact_known(text) if name in EXACT_FIELDS else text


def redact_value[T](value: T) -> T:
    """Return a value of the model with its texts redacted, nested values and tuples included.

    What holds no secret is returned itself, not a copy.
    """
    if not isinstance(value, msgspec.Struct):
        return value
    changed: dict[str, object] = {}
    for name in value.__struct_fields__:
        before: object = getattr(value, name)
        after = _redacted_field(name, before)
        if after is not before:
            changed[name] = after
    return msgspec.structs.replace(value, **changed) if changed else value


def _redacted_field(name: str, value: object) -> object:
    if isinstance(value, str):
        text = redact_field(name, value)
        return value if text == value else text
    if isinstance(value, tuple):
        items = tuple(map(redact_value, value))
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return redact_value(value)


class RedactedStream:
    """Takes known secrets out of a text that streams in, wherever the pieces break.

    What may be the beginning of a secret waits for what comes next, so that no part of it gets out.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return the text that is certain by now; it may be empty."""
        text = self._held + piece
        end = _FORMS.certain_end(text)
        self._held = text[end:]
        return redact_known(text[:end])

    def finish(self) -> str:
        """Return what was held back when the stream ends."""
        held, self._held = self._held, ""
        return redact_known(held)
