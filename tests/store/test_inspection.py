"""Looking at a home from outside: who runs on it, and whether its database can be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import StoreFailed
from engine.store.database import DATABASE_FILE
from engine.store.inspection import describe_database, lock_holder
from engine.store.migrations import HEAD
from engine.store.store import Store
from tests.store.values import trader


def test_the_lock_names_its_holder_only_while_it_is_held(tmp_path: Path) -> None:
    assert lock_holder(tmp_path / "nowhere") is None
    store = Store.open(tmp_path)
    assert lock_holder(tmp_path) == str(os.getpid())
    store.close()
    assert lock_holder(tmp_path) is None


def test_a_sound_database_is_described_and_a_damaged_one_refused(tmp_path: Path) -> None:
    assert "first run" in describe_database(tmp_path, "")
    store = Store.open(tmp_path)
    store.write(trader()).result()
    store.close()
    assert f"schema {HEAD}" in describe_database(tmp_path, "")
    (tmp_path / DATABASE_FILE).write_bytes(b"not a database at all, by any means")
    with pytest.raises(StoreFailed, match="is damaged"):
        describe_database(tmp_path, "")
