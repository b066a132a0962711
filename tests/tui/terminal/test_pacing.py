"""One frame on its way at a time, keys first, and no more bytes than the line is worth."""

from __future__ import annotations

from tui.terminal.pacing import (
    ASK_AGAIN_AFTER_S,
    SILENT_AFTER_S,
    SMALLEST_FRAME,
    STEADY_BYTES_PER_S,
    URGENT_DRAWINGS,
    URGENT_FOR_S,
    FramePacer,
    Turn,
)


def answering_pacer() -> FramePacer:
    pacer = FramePacer()
    pacer.sent(0.0, 100)
    pacer.answered(0.01)
    return pacer


def test_the_next_frame_waits_for_the_answer() -> None:
    pacer = answering_pacer()
    pacer.sent(1.0, 100)
    assert pacer.decide(1.5, has_urgent=False, has_any=True).turn is Turn.WAIT
    pacer.answered(1.6)
    assert pacer.decide(1.6, has_urgent=False, has_any=True).turn is Turn.SEND_ALL


def test_nothing_to_send_waits_without_an_end() -> None:
    decision = answering_pacer().decide(5.0, has_urgent=False, has_any=False)
    assert decision == (Turn.WAIT, None)


def test_a_silent_terminal_is_served_by_time_alone() -> None:
    pacer = FramePacer()
    pacer.sent(0.0, 100)
    assert pacer.decide(SILENT_AFTER_S - 0.1, has_urgent=False, has_any=True).turn is Turn.WAIT
    assert pacer.decide(SILENT_AFTER_S, has_urgent=False, has_any=True).turn is Turn.SEND_ALL
    assert not pacer.is_acknowledged
    pacer.sent(SILENT_AFTER_S, 100)
    assert pacer.decide(SILENT_AFTER_S + 0.2, has_urgent=False, has_any=True).turn is Turn.SEND_ALL


def test_a_terminal_that_begins_to_answer_is_waited_for_again() -> None:
    pacer = FramePacer()
    pacer.sent(0.0, 100)
    pacer.decide(SILENT_AFTER_S, has_urgent=False, has_any=True)
    pacer.sent(4.0, 100)
    pacer.answered(4.1)
    pacer.sent(5.0, 100)
    assert pacer.is_acknowledged
    assert pacer.decide(5.5, has_urgent=False, has_any=True).turn is Turn.WAIT


def test_a_terminal_that_stops_is_asked_again_but_sent_nothing() -> None:
    pacer = answering_pacer()
    pacer.sent(1.0, 100)
    turns = []
    for now in (2.0, 3.0, 3.1, 5.0, 5.1):
        turns.append(pacer.decide(now, has_urgent=False, has_any=True).turn)
        if turns[-1] is Turn.ASK:
            pacer.asked(now)
    assert turns == [Turn.WAIT, Turn.ASK, Turn.WAIT, Turn.ASK, Turn.WAIT]


def test_a_lost_answer_holds_up_the_screen_only_for_a_while() -> None:
    pacer = answering_pacer()
    pacer.sent(1.0, 100)
    asked_again = 1.0 + ASK_AGAIN_AFTER_S
    assert pacer.decide(asked_again, has_urgent=False, has_any=True).turn is Turn.ASK
    pacer.asked(asked_again)
    pacer.answered(asked_again + 0.1)
    late = asked_again + 0.1 + ASK_AGAIN_AFTER_S
    assert pacer.decide(late, has_urgent=False, has_any=True).turn is Turn.SEND_ALL


def test_what_changes_by_itself_keeps_to_its_bytes() -> None:
    pacer = answering_pacer()
    now, sent = 1.0, 0
    while now < 61.0:
        if pacer.decide(now, has_urgent=False, has_any=True).turn is Turn.SEND_ALL:
            pacer.sent(now, 2_500)
            pacer.answered(now + 0.002)
            sent += 2_500
        now += 0.01
    assert sent / 60 < STEADY_BYTES_PER_S * 1.1


def test_what_follows_a_key_goes_at_once() -> None:
    pacer = answering_pacer()
    pacer.sent(1.0, 60_000)
    pacer.answered(1.01)
    assert pacer.decide(1.02, has_urgent=False, has_any=True).turn is Turn.WAIT
    pacer.key_pressed(1.02)
    assert pacer.drawn(1.03)
    assert pacer.decide(1.03, has_urgent=True, has_any=True).turn is Turn.SEND_URGENT


def test_what_follows_a_key_overtakes_one_frame_on_its_way_but_not_two() -> None:
    pacer = answering_pacer()
    pacer.sent(1.0, 500)
    assert pacer.decide(1.01, has_urgent=True, has_any=True).turn is Turn.SEND_URGENT
    pacer.sent(1.01, 100)
    assert pacer.decide(1.02, has_urgent=True, has_any=True).turn is Turn.WAIT


def test_only_what_is_drawn_soon_after_a_key_is_urgent() -> None:
    pacer = answering_pacer()
    pacer.key_pressed(1.0)
    assert not pacer.drawn(1.0 + URGENT_FOR_S)
    pacer.key_pressed(2.0)
    drawings = [pacer.drawn(2.01) for _ in range(URGENT_DRAWINGS + 2)]
    assert drawings == [True] * URGENT_DRAWINGS + [False] * 2


def test_late_answers_shrink_the_frames_and_quick_ones_let_them_grow() -> None:
    pacer = answering_pacer()
    before = pacer.frame_budget
    now = 1.0
    for _ in range(12):
        pacer.sent(now, pacer.frame_budget)
        now += 0.5
        pacer.answered(now)
    assert pacer.frame_budget == SMALLEST_FRAME < before
    for _ in range(12):
        pacer.sent(now, pacer.frame_budget)
        now += 0.02
        pacer.answered(now)
    assert pacer.frame_budget > SMALLEST_FRAME * 10
