"""Reading what is not kept in memory: orders, fills, decisions, runs, versions, models' calls, messages.

A page is read backwards in time: pass the time of its first value as the next page's `before_ms`.
A page never cuts one millisecond in two, so it may be a little longer than asked for. Importing
this module imports SQLModel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Engine
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, select

from engine.model.assistant import ConversationMessage
from engine.model.decision import DecisionRecord
from engine.model.fill import Fill
from engine.model.language_model import ModelCall, Spending
from engine.model.order import Order
from engine.model.program import ProgramExecution, ProgramVersion
from engine.model.prompt import PromptVersion
from engine.store.prompt_tables import ConversationMessageRow, ModelCallRow, PromptVersionRow
from engine.store.rows import from_row
from engine.store.spending import spending_of
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
        self,
        trader_id: int | None,
        before_ms: int | None,
        limit: int,
        *,
        symbol: str = "",
        operation: str = "",
        text: str = "",
    ) -> tuple[DecisionRecord, ...]:
        """Return decisions started before a time, with their reasoning, oldest first.

        `symbol` keeps those that name it, in the trigger or in a decision; `operation` those with such a
        decision; `text` those with it anywhere in prompt, reply, outcome or reasoning, in any case.
        """
        wanted: list[Any] = []
        if symbol:
            of_symbol = f'"symbol":"{symbol}"'
            wanted.append(
                _contains(DecisionRow.decisions, of_symbol) | _contains(DecisionRow.trigger, of_symbol)
            )
        if operation:
            wanted.append(_contains(DecisionRow.decisions, f'"operation":"{operation}"'))
        if text:
            thought = select(ReasoningRow.decision_id).where(_contains(ReasoningRow.text, text))
            wanted.append(
                _contains(DecisionRow.prompt, text)
                | _contains(DecisionRow.reply, text)
                | _contains(DecisionRow.outcome, text)
                | _contains(DecisionRow.decisions, text)
                | col(DecisionRow.decision_id).in_(thought)
            )
        with Session(self._engine) as session:
            rows = _page(
                session, DecisionRow, "started_ms", "decision_id", trader_id, before_ms, limit, wanted
            )
            return _with_reasoning(session, rows)

    def decision(self, decision_id: str) -> DecisionRecord | None:
        """Return one decision with its reasoning, None where there is none."""
        with Session(self._engine) as session:
            row = session.get(DecisionRow, decision_id)
            return None if row is None else _with_reasoning(session, [row])[0]

    def orders_of(self, decision_id: str) -> tuple[Order, ...]:
        """Return the orders a decision made, the exits attached to them included, oldest first."""
        made = select(OrderRow).where(OrderRow.decision_id == decision_id)
        with Session(self._engine) as session:
            entries = session.exec(made).all()
            parents = [row.client_order_id for row in entries]
            exits = session.exec(select(OrderRow).where(col(OrderRow.parent_id).in_(parents))).all()
            rows = {row.row_number: row for row in (*entries, *exits)}
            return tuple(
                from_row(Order, rows[number].model_dump()) for number in sorted(rows, key=lambda n: n or 0)
            )

    def fills_of(self, order_ids: Sequence[str]) -> tuple[Fill, ...]:
        """Return the fills of some orders, oldest first."""
        made = (
            select(FillRow)
            .where(col(FillRow.client_order_id).in_(order_ids))
            .order_by(col(FillRow.ts_ms), col(FillRow.row_number))
        )
        with Session(self._engine) as session:
            return tuple(from_row(Fill, row.model_dump()) for row in session.exec(made).all())

    def prompt_versions(self, prompt_id: int) -> tuple[PromptVersion, ...]:
        """Return the texts a prompt had, oldest first."""
        table = PromptVersionRow
        saved = select(table).where(table.prompt_id == prompt_id).order_by(col(table.version))
        with Session(self._engine) as session:
            return tuple(from_row(PromptVersion, row.model_dump()) for row in session.exec(saved).all())

    def model_calls(self, subject: str, limit: int) -> tuple[ModelCall, ...]:
        """Return the first calls made for a decision, conversation or run, oldest first."""
        table = ModelCallRow
        made = (
            select(table)
            .where(table.subject == subject)
            .order_by(col(table.started_ms), col(table.call_id))
            .limit(limit)
        )
        with Session(self._engine) as session:
            return tuple(from_row(ModelCall, row.model_dump()) for row in session.exec(made).all())

    def spending(self, since_ms: int) -> tuple[Spending, ...]:
        """Return what each UTC day's calls took since a time, by trader and connection, newest day first.

        Calls answered from recorded replies are left out. The texts of the calls are not read.
        """
        columns: Any = ModelCallRow
        made: Any = select_columns(
            columns.started_ms,
            columns.trader_id,
            columns.connection_id,
            columns.error,
            columns.usage,
            columns.cost_usd,
        ).where(columns.started_ms >= since_ms, columns.cached.is_(False))
        with Session(self._engine) as session:
            return spending_of(session.exec(made))

    def conversation_messages(self, conversation_id: str) -> tuple[ConversationMessage, ...]:
        """Return the messages of a conversation, oldest first."""
        table = ConversationMessageRow
        said = select(table).where(table.conversation_id == conversation_id).order_by(col(table.number))
        with Session(self._engine) as session:
            return tuple(from_row(ConversationMessage, row.model_dump()) for row in session.exec(said).all())

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
    also: Sequence[Any] = (),
) -> list[R]:
    columns: Any = table
    time: Any = getattr(table, time_column)
    wanted: list[Any] = [*also]
    if trader_id is not None:
        wanted.append(columns.trader_id == trader_id)
    if before_ms is not None:
        wanted.append(time < before_ms)
    newest = select(time).where(*wanted).order_by(time.desc())
    since_ms = session.exec(newest.offset(limit - 1).limit(1)).first()
    if since_ms is not None:
        wanted.append(time >= since_ms)
    return list(session.exec(select(table).where(*wanted).order_by(time, getattr(table, key_column))).all())


def _contains(column: Any, text: str) -> Any:
    """Return the condition that a text column has `text` in it, in any case, read letter by letter."""
    return col(column).icontains(text, autoescape=True)


def _with_reasoning(session: Session, rows: Sequence[DecisionRow]) -> tuple[DecisionRecord, ...]:
    reasoning = _reasoning(session, [row.decision_id for row in rows])
    return tuple(
        msgspec.structs.replace(
            from_row(DecisionRecord, row.model_dump()), reasoning=reasoning[row.decision_id]
        )
        for row in rows
    )


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
