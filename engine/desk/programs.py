"""The desk's programs: their sources, who runs them, and what their runs did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engine.model.program import (
    Binding,
    BindingState,
    MarketPicture,
    Parameter,
    Program,
    ProgramExecution,
    ProgramRun,
    ProgramVersion,
    SourceReport,
)


class ProgramDesk(Protocol):
    """Write programs, try them, and bind them to traders."""

    def programs(self) -> tuple[Program, ...]:
        """Return every program that is not deleted, in the order of their ids."""
        ...

    async def check(self, source: str) -> SourceReport:
        """Return what is wrong with a source, line by line."""
        ...

    async def versions(self, program_id: int) -> tuple[ProgramVersion, ...]:
        """Return the saved sources of a program, oldest first."""
        ...

    async def save_program(self, program: Program) -> Program:
        """Keep a new or changed program; its traders use it from their next run on.

        Raises `InvalidInput` naming the first error of the source and its line, or a name that is
        empty or taken.
        """
        ...

    async def delete_program(self, program_id: int) -> None:
        """Delete a program; raises `Conflict` naming the bindings that still use it."""
        ...

    def bindings(self) -> tuple[BindingState, ...]:
        """Return every binding that is not deleted, in the order of their ids."""
        ...

    async def save_binding(self, binding: Binding) -> BindingState:
        """Keep a new or changed binding.

        Raises `NotFound` for a trader, program or pool that does not exist, `Conflict` for a trader
        that runs no programs or a program it has already, `InvalidInput` for a schedule or exchange.
        """
        ...

    async def delete_binding(self, binding_id: int) -> None:
        """Delete a binding; raises `Conflict` while it decides."""
        ...

    async def executions(
        self, *, program_id: int | None = None, trader_id: int | None = None, limit: int = 50
    ) -> tuple[ProgramExecution, ...]:
        """Return the last runs, newest first; at most 200."""
        ...

    async def test_run(
        self, source: str, trader_id: int, symbol: str = "", params: Mapping[str, Parameter] = {}
    ) -> ProgramRun:
        """Run a source once on the present market with a trader's account, and trade nothing."""
        ...

    async def preview_run(self, binding_id: int) -> ProgramRun:
        """Run a binding once as its next trigger would, and trade nothing."""
        ...

    async def query_market_data(
        self,
        symbol: str,
        period: str = "1h",
        indicators: tuple[str, ...] = (),
        flow_metrics: tuple[str, ...] = (),
    ) -> MarketPicture:
        """Return what a program would see of a symbol now."""
        ...

    def available_symbols(self) -> tuple[str, ...]:
        """Return what a program may trade."""
        ...

    def guide(self) -> str:
        """Return the guide for program authors, as Markdown."""
        ...

    def type_stub(self) -> str:
        """Return the types of everything a program is given, for editors (a `.pyi`)."""
        ...
