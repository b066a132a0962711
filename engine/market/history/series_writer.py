"""The one writer of a series: takes rows, and makes all of them part of it at once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from engine.durable_files import TEMPORARY_SUFFIX, make_folder_durably, write_durably
from engine.errors import StoreFailed
from engine.market.candles.series import CandleSeries
from engine.market.history.manifest import (
    Manifest,
    Partition,
    partitions_of,
    read_manifest,
    write_manifest,
)
from engine.market.history.merging import merge_rows
from engine.market.history.partition_files import read_series, write_parquet
from engine.market.history.series_key import SeriesKey

LOCK_FILE = ".lock"
_PARTITION_SUFFIX = ".parquet"


class Added(msgspec.Struct, frozen=True):
    """What became of new rows: how many were new, replaced a stored one, or were stored already."""

    added: int
    replaced: int
    equal: int


class SeriesWriter:
    """Rows on their way into one series; nothing is stored before `commit`.

    Whoever writes several series calls `prepare` of all before the first `commit`, so that a full disk
    stops them while nothing is stored yet.
    """

    def __init__(self, key: SeriesKey, folder: Path) -> None:
        self._key = key
        self._folder = folder
        self._manifest = read_manifest(folder)
        self._changed: dict[str, CandleSeries] = {}
        self._prepared: Manifest | None = None
        self._remove_strays()

    def add(self, rows: CandleSeries, source: str, *, replace: bool = False) -> Added:
        """Take checked rows from `source`; raise `Conflict` for a differing one unless `replace`."""
        total = Added(0, 0, 0)
        changed: dict[str, CandleSeries] = {}
        for label, part in partitions_of(rows.open_ms, self._key.period):
            new = rows.slice(part.start, part.stop)
            merge = merge_rows(self._partition(label), new, source, replace=replace, first_row=part.start)
            if merge.added or merge.replaced:
                changed[label] = merge.rows
            total = Added(
                total.added + merge.added, total.replaced + merge.replaced, total.equal + merge.equal
            )
        self._changed |= changed
        self._prepared = None
        return total

    def prepare(self) -> None:
        """Write every row taken to the disk, where nobody reads it yet."""
        if not self._changed:
            return
        generation = self._manifest.generation + 1
        partitions = {partition.label: partition for partition in self._manifest.partitions}
        for label, rows in self._changed.items():
            name = f"{label}.{generation}{_PARTITION_SUFFIX}"
            write_durably(self._folder / name, partial(write_parquet, rows))
            partitions[label] = Partition(label, name, len(rows), int(rows.open_ms[0]), int(rows.open_ms[-1]))
        ordered = tuple(partitions[label] for label in sorted(partitions))
        self._prepared = Manifest(generation=generation, partitions=ordered)

    def commit(self) -> None:
        """Make every row taken part of the series, durably and at once."""
        if self._prepared is None:
            self.prepare()
        if self._prepared is None:
            return
        write_manifest(self._folder, self._prepared)
        self._manifest, self._prepared = self._prepared, None
        self._changed = {}
        self._remove_strays()

    def _partition(self, label: str) -> CandleSeries:
        if label in self._changed:
            return self._changed[label]
        stored = [part.file for part in self._manifest.partitions if part.label == label]
        return read_series([self._folder / name for name in stored])

    def _remove_strays(self) -> None:
        """Remove what a killed writer, or the last change, has left over."""
        listed = {partition.file for partition in self._manifest.partitions}
        for path in self._folder.iterdir():
            if path.suffix in (TEMPORARY_SUFFIX, _PARTITION_SUFFIX) and path.name not in listed:
                path.unlink(missing_ok=True)


@contextmanager
def writing(key: SeriesKey, folder: Path) -> Iterator[SeriesWriter]:
    """Give the writer of the series in `folder`, waiting while another process or thread writes it."""
    try:
        make_folder_durably(folder)
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreFailed(f"{folder}: cannot be written to ({error.strerror})", path=str(folder)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield SeriesWriter(key, folder)
    finally:
        os.close(descriptor)
