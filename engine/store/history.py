"""Paged reading of what is not kept in memory: orders, fills, decisions, programs' runs and sources.

A page is read backwards in time: pass the time of its first value as the next page's `before_ms`.
A page never cuts one millisecond in two, so it may be a little longer than asked for. Importing
this module imports SQLModel.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col, select

from engine.model.decision import DecisionRecord
from engine.model.fill import Fill
from engine.model.order import Order
from engine.model.program import ProgramExecution, ProgramVersion
from engine.store.rows import from_row
from engine.store.tables import (
    DecisionRow,
    FillRow,
    OrderRow,
    ProgramExecutionRow,
    ProgramVersionRow,
    ReasoningRow,
)


class History:
    """Reads pages over one engine; every method blocks, so call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def orders(self, trader_id: int | None, before_ms: int | None, limit: int) -> tuple[Order, ...]:
        """Return orders created before a time, oldest first."""
        with Session(self._engine) as session:
            rows = _page(session, OrderRow, "created_ms", "row_number", trader_id, before_ms, limit)
            return tuple(from_row(Order, row.model_dump()) for row in rows)

    def fills(self, trader_id: int | None, before_ms: int | None, limit: int) -> tuple[Fill, ...]:
        """Return fills made before a time, oldest first."""
        with Session(self._engine) as session:
            rows = _page(session, FillRow, "ts_ms", "row_number", trader_id, before_ms, limit)
            return tuple(from_row(Fill, row.model_dump()) for row in rows)

    def decisions(
        self, trader_id: int | None, before_ms: int | None, limit: int
    ) -> tuple[DecisionRecord, ...]:
        """Return decisions started before a time, with their reasoning, oldest first."""
        with Session(self._engine) as session:
            rows = _page(session, DecisionRow, "started_ms", "decision_id", trader_id, before_ms, limit)
            reasoning = _reasoning(session, [row.decision_id for row in rows])
        return tuple(
            msgspec.structs.replace(
                from_row(DecisionRecord, row.model_dump()), reasoning=reasoning[row.decision_id]
            )
            for row in rows
        )

    def executions(
        self, program_id: int | None, trader_id: int | None, limit: int
    ) -> tuple[ProgramExecution, ...]:
        """Return the last runs of programs, newest first."""
        table = ProgramExecutionRow
        newest = select(table).order_by(col(table.started_ms).desc(), col(table.decision_id).desc())
        if program_id is not None:
            newest = newest.where(table.program_id == program_id)
        if trader_id is not None:
            newest = newest.where(table.trader_id == trader_id)
        with Session(self._engine) as session:
            rows = session.exec(newest.limit(limit)).all()
            return tuple(from_row(ProgramExecution, row.model_dump()) for row in rows)

    def program_versions(self, program_id: int) -> tuple[ProgramVersion, ...]:
        """Return the sources a program had, oldest first."""
        table = ProgramVersionRow
        saved = select(table).where(table.program_id == program_id).order_by(col(table.version))
        with Session(self._engine) as session:
            rows = session.exec(saved).all()
            return tuple(from_row(ProgramVersion, row.model_dump()) for row in rows)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _page[R: SQLModel](
    session: Session,
    table: type[R],
    time_column: str,
    key_column: str,
    trader_id: int | None,
    before_ms: int | None,
    limit: int,
) -> list[R]:
    columns: Any = table
    time: Any = getattr(table, time_column)
    wanted: list[Any] = []
    if trader_id is not None:
        wanted.append(columns.trader_id == trader_id)
    if before_ms is not None:
        wanted.append(time < before_ms)
    newest = select(time).where(*wanted).order_by(time.desc())
    since_ms = session.exec(newest.offset(limit - 1).limit(1)).first()
    if since_ms is not None:
        wanted.append(time >= since_ms)
    return list(session.exec(select(table).where(*wanted).order_by(time, getattr(table, key_column))).all())


def _reasoning(session: Session, decision_ids: list[str]) -> defaultdict[str, str]:
    texts: defaultdict[str, str] = defaultdict(str)
    pieces = (
        select(ReasoningRow)
        .where(col(ReasoningRow.decision_id).in_(decision_ids))
        .order_by(col(ReasoningRow.decision_id), col(ReasoningRow.chunk_index))
    )
    for piece in session.exec(pieces):
        texts[piece.decision_id] += piece.text
    return texts
