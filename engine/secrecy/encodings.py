"""The shapes one secret takes on its way through software: every one must be found."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

SHORTEST_HALVED = 32
"""From this length on each half of a value is looked for by itself too."""


def encodings_of(value: str) -> frozenset[str]:
    """Return the texts that give `value` away, each at least 8 characters for a value of 8.

    Plain, its halves if it is long, URL-quoted, hexadecimal, escaped as in JSON, and in base64 both
    standard and URL-safe wherever in the encoded text it may begin (RFC 4648: three bytes make four
    characters, so there are three offsets; characters that also hold bits of a neighbour are left off).
    """
    # A terminal or an environment may hand over bytes that are no text, as lone surrogates.
    raw = value.encode(errors="surrogatepass")
    quoted = quote(raw, safe="")
    forms = {
        value,
        quoted,
        quote_plus(raw),
        quote(raw),
        _lower_escapes(quoted),
        raw.hex(),
        raw.hex().upper(),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
    }
    if len(value) >= SHORTEST_HALVED:
        middle = len(value) // 2
        forms |= {value[:middle], value[middle:]}
    for offset in range(3):
        padded = b"\0" * offset + raw
        first, end = -(-offset * 8 // 6), len(padded) * 8 // 6
        forms.add(base64.b64encode(padded).decode()[first:end])
        forms.add(base64.urlsafe_b64encode(padded).decode()[first:end])
    return frozenset(forms)


def _lower_escapes(quoted: str) -> str:
    """Return a URL-quoted text with its escapes in lower case: `%2F` as `%2f`."""
    pieces = quoted.split("%")
    return "%".join([pieces[0], *(piece[:2].lower() + piece[2:] for piece in pieces[1:])])
