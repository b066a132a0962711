"""What tools answer with: JSON, pages of long texts, what there is instead, and what a person compares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from engine.errors import NotFound

PAGE_CHARACTERS = 7_000
"""How much of a long text comes at once; with its heading it stays under the bound of a result."""


def as_json(value: object) -> str:
    """Return a value as JSON text; decimals are text in it, what is unknown is null."""
    return msgspec.json.encode(value).decode()


def picked(value: msgspec.Struct, *names: str) -> dict[str, object]:
    """Return some fields of a value by their names."""
    return {name: getattr(value, name) for name in names}


def page(text: str, first_line: int) -> str:
    """Return the lines from `first_line` (counted from 1) that fit a result, headed by which they are."""
    lines = text.splitlines()
    start = max(1, first_line)
    shown: list[str] = []
    room = PAGE_CHARACTERS
    for line in lines[start - 1 :]:
        room -= len(line) + 1
        if room < 0 and shown:
            break
        shown.append(line)
    last = start + len(shown) - 1
    more = f"; ask for first_line={last + 1} for more" if last < len(lines) else ""
    return f"lines {start} to {last} of {len(lines)}{more}\n" + "\n".join(shown)


def chapter(markdown: str, wanted: str) -> str:
    """Return the chapter of a Markdown text whose heading has `wanted` in it, or the list of headings.

    Raises `NotFound` naming the headings.
    """
    chapters = _chapters(markdown)
    headings = "\n".join(heading for heading, _ in chapters)
    if not wanted.strip():
        return f"Ask for one of these sections:\n{headings}"
    key = wanted.strip().casefold()
    found = [text for heading, text in chapters if key in heading.casefold()]
    if not found:
        raise NotFound(f"section: there is none with “{wanted[:60]}” in its heading; there are:\n{headings}")
    return "\n\n".join(found)


def no_such(what: str, identity: int, known: Iterable[tuple[int, str]]) -> NotFound:
    """Return the error of a `<what>_id` there is not, naming those there are by id and name."""
    there_are = ", ".join(f"{each} ({name})" for each, name in known) or "none"
    return NotFound(f"{what}_id: there is no {what} {identity}; there are {there_are}")


def fields_text(value: msgspec.Struct, names: Sequence[str] = ()) -> str:
    """Return a value as lines `name: value`, of some fields or of all: what a person compares."""
    fields: dict[str, object] = msgspec.to_builtins(value)
    return "\n".join(
        f"{name}: {_shown(field)}" for name, field in fields.items() if not names or name in names
    )


def _shown(field: object) -> str:
    return field if isinstance(field, str) else as_json(field)


def _chapters(markdown: str) -> list[tuple[str, str]]:
    chapters: list[tuple[str, list[str]]] = []
    in_code = False
    for line in markdown.splitlines():
        in_code ^= line.startswith("```")
        if line.startswith("#") and not in_code:
            chapters.append((line.lstrip("# ").strip(), [line]))
        elif chapters:
            chapters[-1][1].append(line)
    return [(heading, "\n".join(lines)) for heading, lines in chapters]
