"""Each test of redaction starts without the secrets of those before it."""

from __future__ import annotations

import gc

import pytest

from engine.secrecy.secret import DEPARTED_KEPT, Secret


@pytest.fixture(autouse=True)
def forgotten_secrets() -> None:
    """Push out what departed in earlier tests by as many that stand in no text."""
    gc.collect()
    for number in range(DEPARTED_KEPT):
        assert Secret(f"\x02\x03 of no text \x04 {number}")
