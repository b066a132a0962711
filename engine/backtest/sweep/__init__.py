"""Many runs of one request over its parameters, on this machine's cores or on a cluster's.

`combinations.py` says which parameters are tried, `trials.py` carries a few of them out in a worker
process, and `sweep.py` hands them out to any `concurrent.futures.Executor` and puts the results
together, the same whoever finished first. `local_executor.py` and `cluster_executor.py` (with
`dask_executor.py` and `ray_executor.py`) are the executors, `run_sweep.py` chooses among them.
"""
