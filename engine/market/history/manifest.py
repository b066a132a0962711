"""The list of files that make up a series: replacing this one small file is what commits a change.

A series is cut into partitions by the calendar: months for periods below an hour, years from an hour
on. A changed partition is a new file under a new name; the manifest names the files that count. So a
reader who holds a manifest sees one state of the whole series, and a change of many partitions
happens at once or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.durable_files import write_durably
from engine.errors import StoreFailed
from engine.market.history.gaps import Coverage
from engine.market.history.series_key import SeriesKey
from engine.market.periods import HOUR_MS, Period

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANIFEST_FILE = "manifest.json"
FORMAT = 1


class Partition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a series: which part of the calendar it holds, and what is in it."""

    label: str
    file: str
    rows: int
    first_ms: int
    last_ms: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files of a series in the order of time; `generation` grows with each change."""

    format: int = FORMAT
    generation: int = 0
    partitions: tuple[Partition, ...] = ()

    def coverage(self, key: SeriesKey) -> Coverage | None:
        """Return what the files hold, or None when there is none."""
        if not self.partitions:
            return None
        rows = sum(partition.rows for partition in self.partitions)
        return Coverage(key, self.partitions[0].first_ms, self.partitions[-1].last_ms, rows)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a series' folder, an empty one where there is none.

    Raises `StoreFailed` for one that is damaged or of a format this version does not know.
    """
    path = folder / MANIFEST_FILE
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return Manifest()
    except (OSError, msgspec.DecodeError) as error:
        raise StoreFailed(f"{path}: cannot be read ({error})", path=str(path)) from error
    if manifest.format != FORMAT:
        raise StoreFailed(
            f"{path}: format {manifest.format} is not known; this version reads {FORMAT}", path=str(path)
        )
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make `manifest` the one that counts."""
    data = msgspec.json.format(msgspec.json.encode(manifest))
    write_durably(folder / MANIFEST_FILE, lambda path: _write_bytes(path, data))


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def partitions_of(open_ms: NDArray[np.int64], period: Period) -> Iterator[tuple[str, slice]]:
    """Yield the label of each partition that ascending opening times fall into, and their rows."""
    unit = "M" if period.length_ms < HOUR_MS else "Y"
    calendar = open_ms.astype("datetime64[ms]").astype(f"datetime64[{unit}]")
    cuts = (np.flatnonzero(calendar[1:] != calendar[:-1]) + 1).tolist()
    for start, stop in zip([0, *cuts], [*cuts, len(open_ms)], strict=True):
        if start < stop:
            yield str(calendar[start]), slice(start, stop)
