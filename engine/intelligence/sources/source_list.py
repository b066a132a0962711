"""The sources a desk has, and how reading each of them goes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from engine.errors import Conflict, NotFound
from engine.intelligence.identity import canonical_url
from engine.intelligence.sources.known_sources import DEFAULT_SOURCES, FIRST_OWN_SOURCE_ID, check_source
from engine.intelligence.sources.polling import PollState
from engine.model.news import NewsSource, SourceStatus


class SourceList:
    """The shipped sources, and over them what a person has kept; one thread writes, any thread reads."""

    def __init__(self, kept: Iterable[NewsSource] = ()) -> None:
        self._sources = {source.source_id: source for source in (*DEFAULT_SOURCES, *kept)}
        self._polls = {source_id: PollState() for source_id in self._sources}
        self._arrange()

    def statuses(self) -> tuple[SourceStatus, ...]:
        """Return every source that is not deleted, in the order they were added."""
        return self._statuses

    def due(self, now: float) -> tuple[NewsSource, ...]:
        """Return the enabled sources whose time has come, by the monotonic clock."""
        return tuple(
            status.source
            for status in self._statuses
            if status.source.enabled and self._polls[status.source.source_id].due <= now
        )

    def poll(self, source_id: int) -> PollState:
        """Return how reading a source goes."""
        return self._polls[source_id]

    def set_poll(self, source_id: int, state: PollState) -> None:
        """Keep how reading a source goes."""
        self._polls[source_id] = state
        self._arrange()

    def save(self, source: NewsSource) -> NewsSource:
        """Keep a new (`source_id` 0) or changed source and return it; a changed one is due at once.

        Raises `InvalidInput`, `Conflict` for an address that another source has, and `NotFound`.
        """
        checked = check_source(source)
        if checked.source_id:
            self._present(checked.source_id)
        else:
            first_free = max([*self._sources, FIRST_OWN_SOURCE_ID - 1]) + 1
            checked = msgspec.structs.replace(checked, source_id=first_free)
        address = canonical_url(checked.url)
        for other in self._sources.values():
            is_same = other.source_id == checked.source_id or other.deleted
            if not is_same and canonical_url(other.url) == address:
                raise Conflict(f"url: {checked.url} is already read as {other.name}", field="url")
        return self._put(msgspec.structs.replace(checked, deleted=False))

    def delete(self, source_id: int) -> NewsSource:
        """Mark a source deleted and return it; raises `NotFound`."""
        source = self._present(source_id)
        return self._put(msgspec.structs.replace(source, deleted=True, enabled=False))

    def _present(self, source_id: int) -> NewsSource:
        source = self._sources.get(source_id)
        if source is None or source.deleted:
            raise NotFound(f"source_id: there is no news source {source_id}", field="source_id")
        return source

    def _put(self, source: NewsSource) -> NewsSource:
        self._sources[source.source_id] = source
        self._polls[source.source_id] = PollState()
        self._arrange()
        return source

    def _arrange(self) -> None:
        self._statuses = tuple(
            SourceStatus(
                source=source,
                last_read_ms=self._polls[source_id].last_read_ms,
                items=self._polls[source_id].items,
                error=self._polls[source_id].error,
            )
            for source_id, source in self._sources.items()
            if not source.deleted
        )
