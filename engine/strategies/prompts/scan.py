"""Where the variables of a template are.

`{name}` and `{{name}}` mean the same. Braces around anything that is no name stay as they are, so a
template may hold literal JSON. A word in braces that means nothing is an unknown name; anything else
in braces, such as `{adx(14)}`, is a variable only if it means something.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from engine.strategies.prompts.variables.row import Names, Variable

MAX_NAME = 160
_TEXT = rf'[^{{}}\n"]{{1,{MAX_NAME}}}'
_BRACES = re.compile(rf"\{{\{{({_TEXT})\}}\}}|\{{({_TEXT})\}}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Place(NamedTuple):
    """A name in braces, from `start` to `end`, and what it means: None for an unknown one."""

    start: int
    end: int
    name: str
    variable: Variable | None


@functools.lru_cache(maxsize=64)
def places(template: str, names: Names) -> tuple[Place, ...]:
    """Return the variables and unknown names of a template in order."""
    return tuple(_places(template, names))


def _places(template: str, names: Names) -> Iterator[Place]:
    known: dict[str, Variable | None] = {}
    for found in _BRACES.finditer(template):
        name = found[1] or found[2]
        if name not in known:
            known[name] = names.find(name)
        if known[name] is not None or _WORD.fullmatch(name):
            yield Place(found.start(), found.end(), name, known[name])
