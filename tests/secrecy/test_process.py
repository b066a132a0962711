"""A process that holds secrets: nothing of them is in its log, its tracebacks or its core dump."""

from __future__ import annotations

import logging
import subprocess
import sys
from io import StringIO

import pytest

from engine.secrecy.process import RedactedRecord
from engine.secrecy.secret import HIDDEN, Secret

KEY = "sk-test-4fG7hJ2kL9mN3pQ6rS8t"

_BROKEN = """
import asyncio, logging, resource, sys, threading
from engine.secrecy.process import protect_process
from engine.secrecy.secret import Secret
protect_process()
protect_process()
KEY = "".join(chr(ord(c) - 1) for c in sys.argv[1])
secret = Secret(KEY)
print("core", resource.getrlimit(resource.RLIMIT_CORE))
if sys.platform == "linux":
    import ctypes
    print("dumpable", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
def fail():
    raise ValueError(f"the server said {secret.reveal()}")
thread = threading.Thread(target=fail, name="worker")
thread.start()
thread.join()
async def forgotten():
    async def task():
        fail()
    asyncio.create_task(task())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
asyncio.run(forgotten())
class Ending:
    def __del__(self):
        fail()
Ending()
logging.warning("asked with %s", secret.reveal())
fail()
"""


@pytest.fixture(scope="module")
def broken() -> subprocess.CompletedProcess[str]:
    shifted = "".join(chr(ord(character) + 1) for character in KEY)
    return subprocess.run([sys.executable, "-c", _BROKEN, shifted], capture_output=True, text=True)


def test_no_traceback_and_no_log_line_holds_the_key(broken: subprocess.CompletedProcess[str]) -> None:
    assert broken.returncode == 1
    assert KEY not in broken.stdout + broken.stderr
    assert broken.stderr.count(f"ValueError: the server said {HIDDEN}") == 4
    assert "Exception in thread worker" in broken.stderr
    assert f"asked with {HIDDEN}" in broken.stderr


def test_no_core_is_left_and_no_debugger_let_in(broken: subprocess.CompletedProcess[str]) -> None:
    assert "core (0, 0)" in broken.stdout
    if sys.platform == "linux":
        assert "dumpable 0" in broken.stdout


def test_a_record_is_redacted_whatever_prints_it() -> None:
    secret = Secret(KEY)
    try:
        raise ValueError(secret.reveal())
    except ValueError:
        failure = sys.exc_info()
    record = RedactedRecord("desk", logging.ERROR, __file__, 1, "asked with %s", (KEY,), failure)
    written = StringIO()
    logging.StreamHandler(written).handle(record)
    assert KEY not in written.getvalue()
    assert written.getvalue().count(HIDDEN) == 2
    assert "Traceback" in written.getvalue()
    assert record.getMessage() == f"asked with {HIDDEN}"
