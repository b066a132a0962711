"""The writer's thread waits for the terminal; whoever draws never does."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from time import monotonic

import pytest

from tests.tui.terminal.emulator import TerminalEmulator
from tui.terminal.frame_queue import FrameQueue
from tui.terminal.writer_thread import TerminalWriter

WIDTH, HEIGHT = 200, 60


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def draw(frames: FrameQueue, writer: TerminalWriter, tick: int) -> None:
    for y in range(HEIGHT):
        frames.feed(f"\x1b[{y + 1};1H\x1b[38;5;{tick % 200}m{tick * 7919 + y:0{WIDTH}}\x1b[0m")
    writer.wake()


def test_drawing_goes_on_while_nobody_reads_and_the_end_arrives(pipe: tuple[int, int]) -> None:
    reader, descriptor = pipe
    frames = FrameQueue(monotonic)
    frames.resize(WIDTH, HEIGHT)
    writer = TerminalWriter(frames, descriptor)
    frames.feed("\x1b[?1049h")
    slowest = 0.0
    for tick in range(30):
        start = monotonic()
        draw(frames, writer, tick)
        frames.answered()
        slowest = max(slowest, monotonic() - start)
    assert slowest < 1.0
    terminal = TerminalEmulator(WIDTH, HEIGHT)
    last = f"{29 * 7919 + HEIGHT - 1:0{WIDTH}}"
    deadline = monotonic() + 10
    while terminal.line(HEIGHT - 1) != last and monotonic() < deadline:
        if select.select([reader], [], [], 0.1)[0]:
            terminal.feed(os.read(reader, 65536))
        while terminal.questions:
            terminal.questions -= 1
            frames.answered()
            writer.note_answer()
    writer.close(2)
    assert terminal.line(HEIGHT - 1) == last


def test_closing_does_not_wait_for_a_terminal_that_reads_nothing(pipe: tuple[int, int]) -> None:
    frames = FrameQueue(monotonic)
    writer = TerminalWriter(frames, pipe[1])
    frames.feed(f"\x1b]2;{'t' * 1_000_000}\x07")
    writer.wake()
    start = monotonic()
    writer.close(0.2)
    assert monotonic() - start < 1.5
    while select.select([pipe[0]], [], [], 0.5)[0]:
        os.read(pipe[0], 1 << 20)


def test_a_terminal_that_is_gone_ends_the_writer() -> None:
    reader, descriptor = os.pipe()
    os.close(reader)
    frames = FrameQueue(monotonic)
    writer = TerminalWriter(frames, descriptor)
    frames.feed("\x07")
    writer.wake()
    start = monotonic()
    writer.close(5)
    assert monotonic() - start < 4
    os.close(descriptor)
