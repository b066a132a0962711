"""Programs: a trader's Python, run in WebAssembly inside a process of its own.

`guest_prelude.py` is the half that runs inside the sandbox, `sandbox_process.py` the process around
it, `host.py` the engine's side of the wire, `strategy.py` what a trader asks for a decision, and
`validation.py` what an editor asks about a source before it runs.
"""
