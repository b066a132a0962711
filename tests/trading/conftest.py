from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trading.one_trader import OneTrader


@pytest.fixture
def one(tmp_path: Path) -> Iterator[OneTrader]:
    trader = OneTrader(tmp_path / "home")
    yield trader
    trader.store.close()
