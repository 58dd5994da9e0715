"""Jobs: functions that a process of their own can import."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from reporting.errors import UsageError


def write(path):
    """Succeed."""
    Path(path).write_text("done")


def fail(what):
    """Fail with an error meant for a person."""
    raise UsageError(f"cannot do {what}")


def full(path):
    """Fail as on a full disk."""
    raise OSError(28, "No space left on device", path)


def crash(path):
    """Fail with a programmer's error."""
    raise KeyError("typo")


def die(path):
    """End the process, as the system does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def leave(path):
    """End the process by itself."""
    os._exit(7)


def hang(path):
    """Do nothing for ever, deaf to polite signals."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


def hoard(megabytes):
    """Take memory, then wait."""
    held = bytearray(megabytes << 20)
    time.sleep(60)
    del held


def hold(megabytes):
    """Take memory for a while."""
    held = bytearray(megabytes << 20)
    time.sleep(1.5)
    del held


def nap(seconds):
    """Do nothing for a while."""
    time.sleep(seconds)


def write_slowly(path):
    """Succeed after a while."""
    time.sleep(0.7)
    write(path)


def second_time(path):
    """Be killed the first time, succeed the second."""
    if not Path(path).exists():
        Path(path).touch()
        die(path)
    write(path)


def breed(path):
    """Leave processes behind: a child, one in a session of its own, and an orphan."""
    sleep = [sys.executable, "-c", f"import time; time.sleep(600)  # {path}"]
    subprocess.Popen(sleep)
    subprocess.Popen(sleep, start_new_session=True)
    subprocess.run(["sh", "-c", f"{sys.executable} -c 'import time; time.sleep(600)  # {path}' &"], check=True)
    write(path + ".bred")


def breed_and_die(path):
    """Leave processes behind and be killed."""
    breed(path)
    die(path)


def breed_and_hang(path):
    """Leave processes behind and never end."""
    breed(path)
    hang(path)


def start_thread():
    """Give the process a second thread."""
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


def die_at_once():
    """End the process that forks while it gets ready."""
    os._exit(1)


def prepare_sample():
    """Compute what a large batch shares, from the embedded edition."""
    from reporting.batch import prepared

    os.environ["REPORTING_HOME"] = str(Path(__file__).resolve().parents[2])
    prepared.ready([("no-store", "")], ["en", "fr"])


def describe():
    """What a freshly forked child holds of its parent's: open databases."""
    opened = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return [path for path in opened if path.endswith((".parquet", ".db", ".duckdb"))]


def look_around():
    """Where a child is, and its random numbers."""
    import numpy as np

    place = [str(Path.cwd()), os.environ["A_VARIABLE"]]
    return {"place": place, "random": random.random(), "numpy": float(np.random.rand())}


def write_below(folder):
    """Make a folder with a file."""
    folder.mkdir(parents=True)
    (folder / "file").write_text("done")


def end_parent(path):
    """Kill the process that forks."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)
