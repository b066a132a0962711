"""What a name of the brace form is called in Python.

Braces make scopes and Python's blocks do not, so an inner `let` of an outer name gets a name of its
own; and assigning to a name of an enclosing function has to be declared in Python.
"""

from __future__ import annotations

import keyword


class FunctionScope:
    """The names of one function, or of the whole source; blocks open and close inside it."""

    def __init__(self, parent: FunctionScope | None, taken: set[str]) -> None:
        self.parent = parent
        self.taken = taken
        """Every name of the source and every one made up for it; no new name is one of them."""
        self.outer_names: dict[str, str] = {}
        """Python names of enclosing scopes that are assigned here: `nonlocal` or `global`."""
        self._blocks: list[dict[str, str]] = [{}]

    def open_block(self) -> None:
        """Begin a block."""
        self._blocks.append({})

    def close_block(self) -> None:
        """End the innermost block; its names mean again what they did."""
        self._blocks.pop()

    def declare(self, name: str) -> str:
        """Return the Python name of a `let`, a parameter or a function, made in the innermost block."""
        block = self._blocks[-1]
        if name not in block:
            block[name] = self._fresh(name) if self._own(name) is not None else python_name(name)
        return block[name]

    def assign(self, name: str) -> str:
        """Return the Python name of a name assigned without `let`; an unknown one is the function's."""
        own = self._own(name)
        if own is not None:
            return own
        scope = self.parent
        while scope is not None:
            found = scope._own(name)
            if found is not None:
                self.outer_names[found] = "global" if scope.parent is None else "nonlocal"
                return found
            scope = scope.parent
        self._blocks[0][name] = python_name(name)
        return self._blocks[0][name]

    def read(self, name: str) -> str:
        """Return the Python name of a name that is read; one declared nowhere is given by the desk."""
        scope: FunctionScope | None = self
        while scope is not None:
            found = scope._own(name)
            if found is not None:
                return found
            scope = scope.parent
        return python_name(name)

    def _own(self, name: str) -> str | None:
        for block in reversed(self._blocks):
            if name in block:
                return block[name]
        return None

    def _fresh(self, name: str) -> str:
        number = 2
        while f"{name}_{number}" in self.taken:
            number += 1
        self.taken.add(f"{name}_{number}")
        return f"{name}_{number}"


def python_name(name: str) -> str:
    """Return a name as Python allows it: `lambda` becomes `lambda_`."""
    return f"{name}_" if keyword.iskeyword(name) else name
