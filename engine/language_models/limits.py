"""How long each wait of one call may take."""

from __future__ import annotations

import msgspec

from engine.language_models.vendors import VendorRow
from engine.model.language_model import ModelConnection
from engine.settings import PromptSettings


class CallLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds for the connection, for the first token and between two tokens, and for the whole call."""

    connect_seconds: float
    first_token_seconds: float
    total_seconds: float


def limits_of(
    settings: PromptSettings, connection: ModelConnection, row: VendorRow, model: str
) -> CallLimits:
    """Return the limits of a call of a model; a connection's own go before the settings'.

    A model that thinks first may be silent for as long as it may think.
    """
    first, total = settings.first_token_seconds, settings.total_seconds
    if row.thinks(model):
        first = total = settings.reasoning_seconds
    return CallLimits(
        connect_seconds=settings.connect_seconds,
        first_token_seconds=connection.first_token_seconds or first,
        total_seconds=connection.total_seconds or total,
    )
