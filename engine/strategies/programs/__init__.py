"""Programs: a trader's Python, run in WebAssembly inside a process of its own.

From the inside out: the `guest_*.py` run inside the sandbox (`guest_api.py` is what a program sees,
`guest_prelude.py` the loop over its triggers); `sandbox_process.py` is the process around them;
`connection.py`, `host.py` and `packing.py` are the engine's side of the wire, which `batch.py`
describes; `payload.py` and `strategy.py` turn a context into a run and a run into decisions. `data/`
answers what programs ask, `validation/` is what an editor asks about a source before it runs,
`braces/` translates the brace form, and `stock/` holds the programs that ship with the desk.
"""
