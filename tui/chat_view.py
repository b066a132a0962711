"""What was said on the desk: the decisions the chat knows, and which of them it shows. Pure bookkeeping."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from engine.model.arena import DecisionStory
from engine.model.decision import DecisionRecord, DecisionStatus

MAX_DECISIONS = 400
"""How many decisions are kept while the reader is at the end."""
MAX_READ_BACK = 2_000
"""How many are kept for a reader who has scrolled back."""


class Conversation:
    """Decisions by when they began, with what streamed of them so far, their stories and their folds.

    `scope` is the trader whose decisions are shown, None for all; `words` is what is searched for.
    """

    def __init__(self) -> None:
        self.scope: int | None = None
        self.words = ""
        self.is_complete = False
        """Whether nothing older is left to be read."""
        self._records: dict[str, DecisionRecord] = {}
        self._streamed: dict[str, list[str]] = {}
        self._stories: dict[str, DecisionStory] = {}
        self._asked: set[str] = set()
        self._found: dict[str, DecisionRecord] = {}
        self._folds_all = False
        self._turned: set[str] = set()

    def restart(self, history: Iterable[DecisionRecord]) -> None:
        """Forget every decision but those of a history, oldest first; the search and the folds stay."""
        self._records = {record.decision_id: record for record in history}
        self._streamed.clear()
        self._asked.clear()
        self.is_complete = False

    def put(self, record: DecisionRecord) -> None:
        """Add a decision, or replace it by its newer state."""
        self._records[record.decision_id] = record
        if record.decision_id in self._found:
            self._found[record.decision_id] = record
        self._streamed.pop(record.decision_id, None)
        self._asked.discard(record.decision_id)

    def put_older(self, records: Iterable[DecisionRecord]) -> int:
        """Add decisions of before; return how many were not known yet."""
        new = [record for record in records if record.decision_id not in self._records]
        by_start = sorted((*new, *self._records.values()), key=lambda record: record.started_ms)
        self._records = {record.decision_id: record for record in by_start}
        return len(new)

    def forget_oldest(self, *, is_at_end: bool) -> tuple[str, ...]:
        """Keep no more decisions than there is room for; return the ids of those that left."""
        room = MAX_DECISIONS if is_at_end else MAX_READ_BACK
        leaving = tuple(self._records)[: max(0, len(self._records) - room)]
        for decision_id in leaving:
            del self._records[decision_id]
            self._streamed.pop(decision_id, None)
            self._stories.pop(decision_id, None)
            self._asked.discard(decision_id)
            self._turned.discard(decision_id)
        if leaving:
            self.is_complete = False
        return leaving

    def append(self, decision_id: str, delta: str) -> bool:
        """Add what a decision thought; tell whether it is known."""
        if decision_id not in self._records:
            return False
        self._streamed.setdefault(decision_id, []).append(delta)
        return True

    def record(self, decision_id: str) -> DecisionRecord | None:
        """Return a decision with everything it thought so far; None for one that is not known."""
        record = self._records.get(decision_id) or self._found.get(decision_id)
        pieces = self._streamed.get(decision_id)
        if record is None or not pieces:
            return record
        return msgspec.structs.replace(record, reasoning=record.reasoning + "".join(pieces))

    def shown(self) -> tuple[DecisionRecord, ...]:
        """Return the decisions that are shown, in the order they began."""
        known = {**self._found, **self._records}
        by_start = sorted(known.values(), key=lambda record: record.started_ms)
        whole = (self.record(record.decision_id) for record in by_start)
        return tuple(record for record in whole if record is not None and self.shows(record))

    def shows(self, record: DecisionRecord) -> bool:
        """Tell whether a decision is in scope and, during a search, has the words."""
        if self.scope not in (None, record.trader_id):
            return False
        return not self.words or record.decision_id in self._found or _has(record, self.words)

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest decision shown began; None without any."""
        return min((record.started_ms for record in self.shown()), default=None)

    def search(self, words: str, found: Iterable[DecisionRecord] = ()) -> None:
        """Show only decisions with these words, those found among the old ones too; "" ends it."""
        self.words = words
        self._found = {record.decision_id: record for record in found} if words else {}

    def is_folded(self, decision_id: str) -> bool:
        """Tell whether a decision's thoughts are folded away."""
        return (decision_id in self._turned) != self._folds_all

    def turn_fold(self, decision_id: str) -> None:
        """Fold a decision's thoughts, or unfold them."""
        self._turned ^= {decision_id}

    def turn_all_folds(self) -> None:
        """Fold the thoughts of every decision, or unfold them."""
        self._folds_all = not self._folds_all
        self._turned.clear()

    def story(self, decision_id: str) -> DecisionStory | None:
        """Return what a decision came to, if it was read."""
        return self._stories.get(decision_id)

    def put_story(self, story: DecisionStory) -> bool:
        """Keep what a decision came to; tell whether that is new."""
        decision_id = story.record.decision_id
        is_new = self._stories.get(decision_id) != story
        self._stories[decision_id] = story
        return is_new

    def unread_stories(self, decision_ids: Iterable[str]) -> tuple[str, ...]:
        """Return those of some decisions that ended and whose story is to be read; each is told once."""
        wanted = []
        for decision_id in decision_ids:
            record = self.record(decision_id)
            if record is None or decision_id in self._asked or record.status is DecisionStatus.STARTED:
                continue
            if record.order_ids or record.tokens:
                self._asked.add(decision_id)
                wanted.append(decision_id)
        return tuple(wanted)

    def doubt_stories(self, trader_id: int) -> None:
        """Have the stories of a trader's decisions read again that a fill can have changed."""
        for decision_id in tuple(self._asked):
            story = self._stories.get(decision_id)
            record = self.record(decision_id)
            is_over = story is not None and story.is_settled and bool(story.fills)
            if record is not None and record.trader_id == trader_id and record.order_ids and not is_over:
                self._asked.discard(decision_id)


def _has(record: DecisionRecord, words: str) -> bool:
    """Tell whether a decision has the words anywhere, in any case."""
    texts = [record.reasoning, record.prompt, record.reply, record.outcome, record.trigger.symbol]
    for decision in record.decisions:
        texts += [decision.operation.value, decision.symbol, decision.reason]
    wanted = words.casefold()
    return any(wanted in text.casefold() for text in texts)
