"""Runs a command that ends when its parent does, however the parent ends: `python bound.py SIGNAL PARENT COMMAND...`.

Started as a bare script before every part of `make run`, so it imports the standard library only.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def bound_to_me(command: Sequence[str]) -> list[str]:
    """The command line that runs `command` and has it killed should this process die."""
    return [sys.executable, "-I", "-S", __file__, "SIGKILL", str(os.getpid()), *command]


def main() -> None:
    name, parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.Signals[name])
    # The parent may have died before the kernel was asked to watch it.
    if parent.isdigit() and os.getppid() != int(parent):
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 no shell is meant


if __name__ == "__main__":
    main()
