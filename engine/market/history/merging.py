"""How new rows join stored ones: each opening time once, nothing changed unless that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from engine.errors import Conflict
from engine.market.candles.series import CandleSeries
from engine.market.history.row_checks import NUMBERS
from engine.model.candle import Candle

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Merge(msgspec.Struct, frozen=True, eq=False):
    """The joined rows, and how many of the new ones were added, replaced one, or were there already."""

    rows: CandleSeries
    added: int
    replaced: int
    equal: int


def merge_rows(
    stored: CandleSeries, new: CandleSeries, source: str, *, replace: bool = False, first_row: int = 0
) -> Merge:
    """Return `stored` with `new` (both strictly ascending).

    A new row that differs from the stored one of the same time takes its place with `replace`; without
    it `Conflict` names the row of `source`, of which `new` begins at the row `first_row` (from 0).
    """
    place = np.searchsorted(stored.open_ms, new.open_ms)
    known = place < len(stored)
    known[known] = stored.open_ms[place[known]] == new.open_ms[known]
    differs = known.copy()
    differs[known] = _differences(stored, place[known], new, known)
    if differs.any() and not replace:
        index = int(np.argmax(differs))
        there, here = stored.candle(int(place[index])), new.candle(index)
        raise _conflict(there, here, source, first_row + index + 1)
    replaced = int(differs.sum())
    kept = _with_rows(stored, place[differs], new, differs) if replaced else stored
    added = int(len(new) - known.sum())
    rows = _joined(kept, new, ~known) if added else kept
    return Merge(rows, added, replaced, int(known.sum()) - replaced)


def _differences(
    stored: CandleSeries, place: NDArray[np.intp], new: CandleSeries, known: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    differs = np.zeros(len(place), dtype=np.bool_)
    for name in NUMBERS:
        differs |= getattr(stored, name)[place] != getattr(new, name)[known]
    return differs


def _conflict(stored: Candle, new: Candle, source: str, row: int) -> Conflict:
    field = next(name for name in NUMBERS if getattr(stored, name) != getattr(new, name))
    old, value = getattr(stored, field), getattr(new, field)
    return Conflict(
        f"{source}: row {row}: {field}: {value} differs from {old}, stored for t_ms {new.open_ms}; "
        "stored rows change only when asked to replace them",
        source=source,
        row=str(row),
        field=field,
        value=str(value),
        stored=str(old),
    )


def _with_rows(
    stored: CandleSeries, place: NDArray[np.intp], new: CandleSeries, chosen: NDArray[np.bool_]
) -> CandleSeries:
    columns = []
    for name in NUMBERS:
        column = getattr(stored, name).copy()
        column[place] = getattr(new, name)[chosen]
        columns.append(column)
    return CandleSeries(stored.open_ms, *columns)


def _joined(stored: CandleSeries, new: CandleSeries, chosen: NDArray[np.bool_]) -> CandleSeries:
    open_ms = np.concatenate((stored.open_ms, new.open_ms[chosen]))
    order = np.argsort(open_ms, kind="stable")
    return CandleSeries(
        open_ms[order],
        *(np.concatenate((getattr(stored, name), getattr(new, name)[chosen]))[order] for name in NUMBERS),
    )
