"""Programs: a trader's Python, run in WebAssembly inside a process of its own.

From the inside out: `guest_api.py` is what a program sees and `guest_prelude.py` what runs it, both
inside the sandbox; `sandbox_process.py` is the process around them; `connection.py` and `host.py`
are the engine's side of the wire; `payload.py` and `strategy.py` turn a context into a run and a run
into decisions. `validation.py` is what an editor asks about a source before it runs, and `stock/`
holds the programs that ship with the desk.
"""
