"""What `import engine` offers, and what importing each part may cost."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import engine
from engine.errors import DeskError

HEAVY = (
    "sqlalchemy",
    "sqlmodel",
    "alembic",
    "httpx",
    "numpy",
    "talib",
    "plotext",
    "eryx",
    "polars",
    "pydantic",
)


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules a fresh interpreter has after a statement."""
    program = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def test_all_names_exactly_what_is_public() -> None:
    public = {
        name
        for name, value in vars(engine).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    } - {"AsyncIterator", "Path", "annotations", "asynccontextmanager"}
    assert set(engine.__all__) == public
    assert engine.__all__ == sorted(engine.__all__)


def test_every_error_has_a_code_of_its_own() -> None:
    def family(error: type[DeskError]) -> list[type[DeskError]]:
        return [error, *(child for each in error.__subclasses__() for child in family(each))]

    codes = [error.code for error in family(DeskError) if error.__module__ == DeskError.__module__]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    "statement", ["import engine", "import tui.cli", "import tui.app", "import tui.launch"]
)
def test_nothing_heavy_is_imported_before_the_first_frame(statement: str) -> None:
    assert not loaded_after(statement) & set(HEAVY)


def test_the_engine_never_loads_the_screen() -> None:
    assert not loaded_after("import engine.local_desk") & {"tui", "textual", "rich"}
