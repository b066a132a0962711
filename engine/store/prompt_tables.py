"""The tables of prompts, models and assistants, declared as those of `engine.store.tables`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from engine.store.columns import exact_column, integer_column, integer_key, text_column, text_key


class PromptRow(SQLModel, table=True):
    """A `Prompt`."""

    __tablename__: ClassVar[Any] = "prompts"
    prompt_id: int = integer_key()
    name: str = text_column()
    text: str = text_column()
    description: str = text_column()
    stock: str = text_column()
    version: int = integer_column()
    created_ms: int = integer_column()
    updated_ms: int = integer_column()
    deleted: bool


class PromptVersionRow(SQLModel, table=True):
    """A `PromptVersion`."""

    __tablename__: ClassVar[Any] = "prompt_versions"
    prompt_id: int = integer_key()
    version: int = integer_key()
    text: str = text_column()
    saved_ms: int = integer_column()


class ModelConnectionRow(SQLModel, table=True):
    """A `ModelConnection`; its key is in the vault and nowhere else."""

    __tablename__: ClassVar[Any] = "model_connections"
    connection_id: int = integer_key()
    name: str = text_column()
    vendor: str = text_column()
    base_url: str = text_column()
    key_source: str = text_column()
    max_concurrent: int = integer_column()
    daily_usd: Decimal | None = exact_column(nullable=True)
    daily_tokens: int | None = integer_column(nullable=True)
    input_price: Decimal | None = exact_column(nullable=True)
    output_price: Decimal | None = exact_column(nullable=True)
    first_token_seconds: float | None = Field(nullable=True)
    total_seconds: float | None = Field(nullable=True)
    deleted: bool


class ModelCallRow(SQLModel, table=True):
    """A `ModelCall`."""

    __tablename__: ClassVar[Any] = "model_calls"
    __table_args__ = (
        Index("ix_model_calls_started_ms", "started_ms"),
        Index("ix_model_calls_subject", "subject"),
    )
    call_id: str = text_key()
    connection_id: int = integer_column()
    model: str = text_column()
    purpose: str = text_column()
    started_ms: int = integer_column()
    trader_id: int = integer_column()
    subject: str = text_column()
    request: str = text_column()
    reply: str = text_column()
    reasoning: str = text_column()
    finish_reason: str = text_column()
    error: str = text_column()
    attempts: int = integer_column()
    first_token_ms: int | None = integer_column(nullable=True)
    latency_ms: int = integer_column()
    usage: str = text_column()
    cost_usd: Decimal | None = exact_column(nullable=True)
    cached: bool


class PromptRunRow(SQLModel, table=True):
    """A `PromptRun`."""

    __tablename__: ClassVar[Any] = "prompt_runs"
    run_id: str = text_key()
    kind: str = text_column()
    name: str = text_column()
    status: str = text_column()
    created_ms: int = integer_column()
    trader_id: int = integer_column()
    model: str = text_column()
    total: int = integer_column()
    completed: int = integer_column()
    failed: int = integer_column()
    cached: int = integer_column()
    tokens: int = integer_column()
    cost_usd: Decimal = exact_column()
    finished_ms: int | None = integer_column(nullable=True)
    error: str = text_column()
    warnings: str = text_column()
    result_hash: str = text_column()
    deleted: bool


class ConversationRow(SQLModel, table=True):
    """A `Conversation`."""

    __tablename__: ClassVar[Any] = "conversations"
    conversation_id: str = text_key()
    kind: str = text_column()
    title: str = text_column()
    connection_id: int = integer_column()
    model: str = text_column()
    subject: str = text_column()
    created_ms: int = integer_column()
    updated_ms: int = integer_column()
    message_count: int = integer_column()
    tokens: int = integer_column()
    cost_usd: Decimal = exact_column()
    deleted: bool


class ConversationMessageRow(SQLModel, table=True):
    """A `ConversationMessage`."""

    __tablename__: ClassVar[Any] = "conversation_messages"
    conversation_id: str = text_key()
    number: int = integer_key()
    role: str = text_column()
    text: str = text_column()
    created_ms: int = integer_column()
    reasoning: str = text_column()
    tool_calls: str = text_column()
    tool: str = text_column()
    answers: str = text_column()
    usage: str = text_column()
    interrupted: bool
    error: str = text_column()


class ProposalRow(SQLModel, table=True):
    """A `Proposal`."""

    __tablename__: ClassVar[Any] = "proposals"
    __table_args__ = (Index("ix_proposals_conversation_id", "conversation_id"),)
    proposal_id: str = text_key()
    conversation_id: str = text_column()
    tool: str = text_column()
    arguments: str = text_column()
    summary: str = text_column()
    before: str = text_column()
    after: str = text_column()
    status: str = text_column()
    outcome: str = text_column()
    created_ms: int = integer_column()
