"""The same strategy in other people's engines, each run by that engine's own interpreter.

Every file is a script: `PEER/bin/python FILE CANDLES.parquet` prints one JSON object with `run_s`
(without loading), `trades` (round trips), `times` (entry and exit, ms, of each) and `final_equity`.
"""
