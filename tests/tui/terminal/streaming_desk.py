"""The desk while fifty traders stream fifty tokens a second each, run by a test in a pseudo terminal."""

from __future__ import annotations

import msgspec

from engine.model.event import ReasoningEvent, Topic
from engine.settings import Settings
from tests.tui.recorded_books import DECISIONS
from tests.tui.recorded_desk import RecordedDesk
from tui.app import DeskApp
from tui.terminal.driver import desk_driver

TRADERS = 50
PIECES_PER_S = 20
"""How often the desk hands on what a trader streamed."""
WORDS = ("the", "market", "moves", "up", "and", "down", "while", "volume", "grows", "narrowly", "again")
STREAMS = tuple(
    msgspec.structs.replace(DECISIONS[2], decision_id=f"s-{number}", reasoning=f"Trader {number}:")
    for number in range(TRADERS)
)


class StreamingDeskApp(DeskApp):
    """Has its own desk stream, from the moment it is on screen."""

    def on_ready(self) -> None:
        """Begin to stream."""
        self._seq = 100
        self.set_interval(1 / PIECES_PER_S, self._stream)

    def _stream(self) -> None:
        self._seq += 1
        for number, record in enumerate(STREAMS):
            count = 2 + self._seq % 2
            words = (WORDS[(self._seq * 3 + place + number) % len(WORDS)] for place in range(count))
            text = " " + " ".join(words)
            desk.publish(Topic.REASONING, ReasoningEvent(2, record.decision_id, text, self._seq))


if __name__ == "__main__":
    desk = RecordedDesk()
    desk.decision_list = STREAMS
    StreamingDeskApp(desk, Settings(), driver_class=desk_driver()).run(mouse=False)
