"""Prompt backtests, both kinds: a prompt over recorded snapshots, and past decisions asked again.

`snapshots.py` runs the live chain over history with a model in it; `replay.py` asks past decisions again
and `differences.py` says what would have changed. `budget.py` bounds what a run may spend, `cutoff.py`
warns where a model may have been trained on the period, `archive.py` keeps what came out.
"""
