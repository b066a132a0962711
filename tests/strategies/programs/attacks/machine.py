"""The machine around the sandbox as a set of traps, and which of them have sprung."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from engine.model.program import Parameter
from tests.strategies.programs.attacks.attack import Breach

ENVIRONMENT_VARIABLE = "NIGHTDESK_CANARY"
SIGNAL = signal.SIGURG
"""A signal that nobody misses: ignored unless somebody listens."""

_MANY_DESCRIPTORS = 500
_MUCH_MEMORY_KB = 150 * 1024
_MUCH_MAPPED_KB = 1_200_000_000 // 1024
_HUGE_REPLY = 1_000_000
_OTHER_USER = 65534


class Machine:
    """Plants secrets, listeners and folders; `reset` before an attack, `sprung` after it."""

    def __init__(self, folder: Path) -> None:
        self._token = secrets.token_hex(16)
        self._inherited = secrets.token_hex(16)
        self._desk_environment = _long_value_of(Path("/proc/self/environ").read_bytes())
        self._system_file = Path("/etc/passwd").read_text().splitlines()[0]
        self._signals = 0
        self._drop = folder / "drop"
        self.volume = folder / "volume"
        self._neighbour_volume = folder / "neighbour"
        self._secret = folder / "secret"
        self._secret.write_text(self._token)
        self._setuid = folder / "sleep"
        self._plant_setuid()
        self._plant_volumes(folder)
        self._tcp, self._udp = _listener(socket.SOCK_STREAM), _listener(socket.SOCK_DGRAM)
        self._unix_name = f"nightdesk-{secrets.token_hex(8)}"
        self._unix = socket.socket(socket.AF_UNIX)
        self._unix.bind("\0" + self._unix_name)
        for listener in (self._tcp, self._unix):
            listener.listen()
        for listener in (self._tcp, self._udp, self._unix):
            listener.setblocking(False)
        os.environ[ENVIRONMENT_VARIABLE] = self._inherited
        self._earlier_handler = signal.signal(SIGNAL, self._signalled)
        self._held = self._secret.open()
        os.set_inheritable(self._held.fileno(), True)
        self.reset(None)

    def close(self) -> None:
        """Take the traps away."""
        for listener in (self._tcp, self._udp, self._unix):
            listener.close()
        self._held.close()
        signal.signal(SIGNAL, self._earlier_handler)
        del os.environ[ENVIRONMENT_VARIABLE]

    @property
    def can_plant_setuid(self) -> bool:
        """Whether there is a program here that would run as another user."""
        return self._setuid.exists()

    def params(self) -> dict[str, Parameter]:
        """Return where everything is, for the attacker makes no mistakes."""
        return {
            "secret": str(self._secret),
            "drop": str(self._drop),
            "neighbour": str(self._neighbour_volume),
            "setuid": str(self._setuid),
            "tcp": self._tcp.getsockname()[1],
            "udp": self._udp.getsockname()[1],
            "unix": self._unix_name,
            "desk": os.getpid(),
            "signal": int(SIGNAL),
            "most_mb": 200,
        }

    def reset(self, host: int | None) -> None:
        """Set every trap again, before an attack on programs of the process `host`."""
        shutil.rmtree(self._drop, ignore_errors=True)
        self._drop.mkdir()
        self._signals = 0
        self._arrived()
        self._host = host
        self._sizes = _sizes(host)
        self._volume_was = _contents(self.volume)

    def sprung(self, said: str, host: int | None) -> set[Breach]:
        """Return what happened to the machine; `said` is all that reached the desk."""
        found = set(self._arrived())
        if self._token in said or self._system_file in said:
            found.add(Breach.SECRET)
        if self._inherited in said:
            found.add(Breach.ENVIRONMENT)
        if self._desk_environment in said:
            found.add(Breach.DESK_ENVIRONMENT)
        if len(said) > _HUGE_REPLY:
            found.add(Breach.FLOODED)
        dropped = list(self._drop.iterdir())
        if dropped:
            found.add(Breach.CREATED)
        if any(path.is_file() and path.stat().st_size for path in dropped):
            found.add(Breach.WRITTEN)
        if _contents(self.volume) != self._volume_was:
            found.add(Breach.CHANGED)
        if self._signals:
            found.add(Breach.SIGNALLED)
        if host is None or host != self._host:
            found.add(Breach.HOST_LOST)
        if self._host is not None:
            found |= _started_by(self._host)
            found |= self._taken_by(self._host)
        return found

    def _taken_by(self, host: int) -> set[Breach]:
        found: set[Breach] = set()
        sizes = _sizes(host)
        if not sizes:
            return found
        if len(os.listdir(f"/proc/{host}/fd")) > _MANY_DESCRIPTORS:
            found.add(Breach.DESCRIPTORS)
        if sizes["VmHWM"] - self._sizes["VmRSS"] > _MUCH_MEMORY_KB:
            found.add(Breach.MEMORY)
        if sizes["VmData"] - self._sizes["VmData"] > _MUCH_MAPPED_KB:
            found.add(Breach.MAPPED)
        return found

    def _arrived(self) -> Iterator[Breach]:
        for listener, breach in ((self._tcp, Breach.TCP), (self._unix, Breach.UNIX)):
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                continue
            yield breach
        try:
            self._udp.recv(100)
        except BlockingIOError:
            return
        yield Breach.UDP

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _plant_setuid(self) -> None:
        """Leave a `sleep` that runs as nobody, where we may."""
        if os.geteuid() == 0:
            shutil.copy("/usr/bin/sleep", self._setuid)
            os.chown(self._setuid, _OTHER_USER, _OTHER_USER)
            self._setuid.chmod(0o4755)

    def _plant_volumes(self, folder: Path) -> None:
        for volume in (self.volume, self._neighbour_volume):
            volume.mkdir()
        (self.volume / "kept").write_text("kept")
        (self._neighbour_volume / "candles.bin").write_text(self._token)
        (self.volume / "link").symlink_to(self._secret)
        (self.volume / "folder-link").symlink_to(folder)
        (self.volume / "relative-link").symlink_to("../secret")


def _listener(kind: socket.SocketKind) -> socket.socket:
    listener = socket.socket(socket.AF_INET, kind)
    listener.bind(("127.0.0.1", 0))
    return listener


def _long_value_of(environment: bytes) -> str:
    return max((entry.decode(errors="replace") for entry in environment.split(b"\0")), key=len)[:200]


def _contents(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Return a folder's own files: what is in them, their mode and when they were changed."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in folder.iterdir()
        if path.is_file() and not path.is_symlink() and not path.name.startswith("batch-")
    } | {path.name: (b"", 0, 0) for path in folder.iterdir() if path.is_symlink()}


def _sizes(host: int | None) -> dict[str, int]:
    """Return a process's memory in kB, its peak counted from now on."""
    if host is None:
        return {}
    try:
        lines = Path(f"/proc/{host}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    sizes = {
        name: line.split() for line in lines for name in [line.partition(":")[0]] if name.startswith("Vm")
    }
    return {name: int(words[1]) for name, words in sizes.items()}


def forget_peak(host: int | None) -> None:
    """Let a process's peak of memory begin anew."""
    if host is not None:
        Path(f"/proc/{host}/clear_refs").write_text("5")


def _started_by(host: int) -> set[Breach]:
    """Look for processes, ended ones among them, in the session that the sandbox host leads."""
    found: set[Breach] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == host:
            continue
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()
            user = (entry / "status").read_text().partition("Uid:")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(state[3]) == host:
            found.add(Breach.STARTED)
            if int(user) == _OTHER_USER:
                found.add(Breach.OTHER_USER)
    return found
