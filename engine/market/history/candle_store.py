"""The candle store: any number of series, each written by one and read by any number at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.errors import NotFound, StoreFailed
from engine.market.candles.series import CandleSeries, aggregate
from engine.market.history.gaps import Coverage, Gap, gaps_of
from engine.market.history.manifest import MANIFEST_FILE, Manifest, read_manifest
from engine.market.history.partition_files import read_series, read_times
from engine.market.history.series_key import SeriesKey, key_of_folder
from engine.market.history.series_writer import SeriesWriter, writing
from engine.market.periods import Period

if TYPE_CHECKING:
    from numpy.typing import NDArray

CANDLES_FOLDER = "candles"
_TRIES = 50


class StoredCandles(msgspec.Struct, frozen=True, eq=False):
    """Candles read from the store; `aggregated_from` is the period they were made of, if not their own."""

    rows: CandleSeries
    aggregated_from: Period | None = None


class CandleStore:
    """Candles below one folder; every method may be called from any thread or process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def coverage(self) -> tuple[Coverage, ...]:
        """Return what is stored of every series, in the order of venue, symbol and period's length."""
        found = []
        for path in self._folder.glob(f"venue=*/symbol=*/period=*/{MANIFEST_FILE}"):
            key = key_of_folder(path.parent)
            covered = read_manifest(path.parent).coverage(key) if key else None
            if covered:
                found.append(covered)
        return tuple(
            sorted(found, key=lambda each: (each.key.venue, each.key.symbol, each.key.period.length_ms))
        )

    def coverage_of(self, key: SeriesKey) -> Coverage | None:
        """Return what is stored of one series, or None."""
        return read_manifest(self._folder_of(key)).coverage(key)

    def open_times(self, key: SeriesKey) -> NDArray[np.int64]:
        """Return when each stored candle opens, ascending; empty for a series that is not stored."""
        return self._consistently(key, lambda folder, manifest: read_times(_files(folder, manifest)))

    def gaps(self, key: SeriesKey) -> tuple[Gap, ...]:
        """Return what is missing between the first and the last stored candle."""
        return gaps_of(self.open_times(key), key.period)

    def read(self, key: SeriesKey, start_ms: int | None = None, end_ms: int | None = None) -> StoredCandles:
        """Return the stored candles that open from `start_ms` until before `end_ms`.

        A period that is not stored itself is made of the stored minutes, by the rule of
        `engine.market.candles.series`, and the answer says so. Raises `NotFound` when neither is stored.
        """
        if self.coverage_of(key):
            return StoredCandles(self._read(key, start_ms, end_ms))
        minutes_key = SeriesKey(key.venue, key.symbol, Period.M1)
        if key.period is Period.M1 or not self.coverage_of(minutes_key):
            raise NotFound(
                f"{key}: no such candles are stored, nor minutes to make them of"
                if key.period is not Period.M1
                else f"{key}: no such candles are stored",
                venue=key.venue,
                symbol=key.symbol,
                period=key.period,
            )
        # All minutes, so that a candle is the same whichever range is asked for.
        longer = aggregate(self._read(minutes_key, None, None), key.period).closed
        return StoredCandles(_between(longer, start_ms, end_ms), Period.M1)

    @contextmanager
    def writing(self, keys: Iterable[SeriesKey]) -> Iterator[dict[SeriesKey, SeriesWriter]]:
        """Give the writers of several series, waiting for others who write them.

        Nothing is stored until each writer's `commit`.
        """
        with ExitStack() as held:
            # One order for all, so that no two wait for each other.
            yield {
                key: held.enter_context(writing(key, self._folder_of(key)))
                for key in sorted(set(keys), key=str)
            }

    def _read(self, key: SeriesKey, start_ms: int | None, end_ms: int | None) -> CandleSeries:
        rows = self._consistently(
            key, lambda folder, manifest: read_series(_files(folder, manifest, start_ms, end_ms))
        )
        return _between(rows, start_ms, end_ms)

    def _folder_of(self, key: SeriesKey) -> Path:
        return self._folder / key.folder

    def _consistently[T](self, key: SeriesKey, read: Callable[[Path, Manifest], T]) -> T:
        """Read by one manifest; when a writer has removed a file of it meanwhile, by the next one."""
        folder = self._folder_of(key)
        manifest = read_manifest(folder)
        for _ in range(_TRIES):
            try:
                return read(folder, manifest)
            except FileNotFoundError as error:
                newer = read_manifest(folder)
                if newer == manifest:
                    raise StoreFailed(f"{folder}: a candle file is missing", path=str(folder)) from error
                manifest = newer
        raise StoreFailed(f"{folder}: changes too fast to be read", path=str(folder))


def _files(
    folder: Path, manifest: Manifest, start_ms: int | None = None, end_ms: int | None = None
) -> Sequence[Path]:
    return [
        folder / partition.file
        for partition in manifest.partitions
        if (start_ms is None or partition.last_ms >= start_ms)
        and (end_ms is None or partition.first_ms < end_ms)
    ]


def _between(rows: CandleSeries, start_ms: int | None, end_ms: int | None) -> CandleSeries:
    first = 0 if start_ms is None else int(np.searchsorted(rows.open_ms, start_ms))
    after = len(rows) if end_ms is None else int(np.searchsorted(rows.open_ms, end_ms))
    return rows.slice(first, after)
