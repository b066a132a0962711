"""Runs that are kept: each in a process of its own, its request and result in a folder of the home.

`worker.py` is that process and `process.py` its other end in the desk; `frames.py` is what they say
to each other. `archive.py` is the folder of a run, `queue.py` lets a few run at a time, `summary.py`
makes the lines of the history, and `binding_request.py` turns a binding into a backtest.
"""
