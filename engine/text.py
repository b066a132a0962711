"""Text from models, programs and venues, made safe to keep and to show.

Applied once, where such text enters the desk. What comes out holds no control code, no
terminal escape, no invisible or direction-changing character, and has a bounded length, so
that no reader downstream has to think of them. Markup is a separate matter: the screen never
interprets any text from outside as markup.
"""

from __future__ import annotations

import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # operating system commands
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n]*(?:\x1b\\|\x9c)?"  # device control and other strings
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # control sequences: colours, cursor, modes
    r"|\x1b[ -/]*[0-~]?"  # two-character escapes
)
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_PLAIN = re.compile(r"[\x20-\x7e\n]*")

ELLIPSIS = "…"


def safe_text(text: str, limit: int = 2000) -> str:
    """Return `text` without control codes or invisible characters, at most `limit` characters long.

    Line breaks stay, tabs become four spaces, every other C0/C1 control, format, private-use and
    surrogate character goes, together with the rest of the escape sequence it starts. A text that
    is cut ends in an ellipsis that counts towards `limit`.
    """
    # A hostile text can be megabytes long: bound the work before looking at every character.
    excerpt = text[: limit * 4]
    if not _PLAIN.fullmatch(excerpt):
        excerpt = excerpt.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
        excerpt = _ESCAPE_SEQUENCE.sub("", excerpt)
        excerpt = "".join(
            character
            for character in excerpt
            if character == "\n" or unicodedata.category(character) not in _UNSAFE_CATEGORIES
        )
    if len(excerpt) > limit or len(text) > limit * 4:
        return excerpt[: limit - 1] + ELLIPSIS
    return excerpt


def safe_line(text: str, limit: int = 400) -> str:
    """Return `text` as one safe line: `safe_text` with line breaks turned into spaces."""
    return " ".join(safe_text(text, limit).split("\n"))


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, the name of its type if it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def count(number: int, noun: str, plural: str = "") -> str:
    """Return how many there are of something: `1 trade`, `2,000 trades`; a `plural` other than with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
