"""Asking a model once more for a reply that could not be used: its own words and what is wrong with them."""

from __future__ import annotations

from engine.language_models.base import Message
from engine.text import safe_text

MAX_SHOWN_REPLY = 8_000
"""How much of its reply a model is shown again; what is longer was no decision anyway."""


def repair_messages(prompt: str, reply: str, refusal: str) -> tuple[Message, ...]:
    """Return the messages that ask for the whole reply again, with why it was refused.

    The model learns nothing that it could not have read in the output format, and gets no second
    question: what it answers is validated by the same rules and trades or fails.
    """
    return (
        Message(role="user", content=prompt),
        Message(role="assistant", content=safe_text(reply, MAX_SHOWN_REPLY)),
        Message(
            role="user",
            content=(
                f"Your reply was refused and nothing was traded: {refusal}.\n"
                "Answer again with one whole JSON document as described above and nothing else."
            ),
        ),
    )
