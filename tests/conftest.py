"""How long properties are tried: `--hypothesis-profile=long` looks fifty times as far."""

from __future__ import annotations

from hypothesis import settings

# A shared machine may stop for a moment in any example: no example has a deadline.
settings.register_profile("quick", deadline=None)
settings.register_profile("long", deadline=None, max_examples=5_000)
settings.load_profile("quick")
