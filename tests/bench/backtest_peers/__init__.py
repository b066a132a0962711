"""The same strategy in other people's engines, each run by that engine's own interpreter.

Every `run_*.py` is a script: `PEER/bin/python FILE CANDLES.parquet` prints one JSON object with `run_s`
(without loading or converting data), `trades` (closed round trips), `times` (entry and exit, ms, of each),
`prices` (the same) and `final_equity`. What an engine closes at the end by itself is not a trade of the
strategy and is left out. The other files are run by our interpreter.
"""
