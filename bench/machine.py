"""The machine that measures: which core runs what, how much of it a process used, and what the machine is."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import subprocess
from pathlib import Path
from time import clock_gettime

from tomato.redis import find_server


def raise_open_files() -> None:
    """As many open files as this process and those it starts may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


CORES = set(os.sched_getaffinity(0))
SERVER_CORES = {min(CORES)}
OTHER_CORES = CORES - SERVER_CORES or SERVER_CORES


def pin_to(cores: set[int], pid: int) -> None:
    """With every thread it has; those that it starts from then on inherit it."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), cores)


def cpu_s(pid: int) -> float:
    """What the process has used, all its threads together, to the nanosecond: the kernel's clock of that process."""
    return clock_gettime(~pid << 3 | 2)


def facts() -> dict[str, str]:
    """What a reader has to know of this machine; nothing that names it or its owner."""
    return {
        "cpu": _cpu_model(),
        "cores": str(len(CORES)),
        "pinning": "the measured server alone on one core, everything else on the others" if len(CORES) > 1 else "none",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "node": _said("node", "--version").removeprefix("v") or "none",
        "redis": _version_in(_said(str(find_server()), "--version")),
    }


def _cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _version_in(text: str) -> str:
    found = re.search(r"v=([0-9.]+)", text)
    return found[1] if found else "unknown"


def _said(program: str, *words: str) -> str:
    path = shutil.which(program)
    return subprocess.run([path, *words], capture_output=True, text=True, check=True).stdout.strip() if path else ""
