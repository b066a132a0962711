"""What a person does to news sources: switching one on or off, and what deleting one would do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from engine.errors import NotFound
from engine.model.news import SourceStatus
from tui.bridge import DeskBridge
from tui.proposals import Proposal
from tui.signal_view import duration


def source_of(statuses: Sequence[SourceStatus], source_id: int) -> SourceStatus:
    """Return a source, or raise `NotFound` when it has gone."""
    for status in statuses:
        if status.source.source_id == source_id:
            return status
    raise NotFound(f"source: there is no news source {source_id} any more", field="source_id")


def source_named(bridge: DeskBridge, name: str) -> SourceStatus:
    """Return the source of that name, or raise `NotFound` when it has gone."""
    for status in bridge.desk.intelligence.sources():
        if status.source.name == name:
            return status
    raise NotFound(f"source: there is no news source {name} any more", field="source")


def switch_source(bridge: DeskBridge, status: SourceStatus, *, on: bool) -> Callable[[], Awaitable[str]]:
    """Return the task that turns a source on or off and says what that means."""
    changed = msgspec.structs.replace(status.source, enabled=on)

    async def run() -> str:
        saved = await bridge.desk.intelligence.save_source(changed)
        if saved.enabled:
            return f"{saved.name} is on: it is read now and every {duration(saved.interval_seconds)}"
        return f"{saved.name} is off: nothing more is requested from it, its articles stay"

    return run


def propose_delete_source(bridge: DeskBridge, source_id: int) -> Proposal:
    """Return what deleting a source would do; raises `NotFound` when it has gone."""
    source = source_of(bridge.desk.intelligence.sources(), source_id).source

    async def run() -> str:
        await bridge.desk.intelligence.delete_source(source_id)
        return f"{source.name} is deleted; its articles stay"

    return Proposal(
        title="Delete news source",
        sentence=f"Delete the news source {source.name}, {source.url}; its articles stay.",
        verb="Delete",
        run=run,
    )
