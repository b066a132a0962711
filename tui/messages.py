"""Messages that more than one part of the screen reads."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message


@dataclass
class TraderChosen(Message):
    """A person selected a trader."""

    trader_id: int


@dataclass
class SymbolChosen(Message):
    """A person selected a symbol."""

    symbol: str


@dataclass
class ActionChosen(Message):
    """A person clicked an action, or picked it in the palette."""

    action_id: str


@dataclass
class OrderChosen(Message):
    """A person selected an order: its trader and its symbol are meant."""

    client_order_id: str
