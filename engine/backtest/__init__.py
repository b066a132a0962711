"""Backtests: the live chain over history, run only where something can happen.

`run.py` is the whole: signals and schedules are laid out in advance (`triggers.py`), the program is
asked at them in batches, and its decisions go through the desk's own sizing, risk gate and paper
exchange (`account.py`) on the market of `market/`. Between two triggers only the minutes are looked
at in which an order could trade, a position be liquidated or funding fall due. `metrics/` measures
what came out, `report/` shows it, `honesty/` asks whether it means anything, `sweep/` runs many and
`runs/` keeps them.
"""
