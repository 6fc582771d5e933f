"""A timer worker by itself, as a service manager starts it."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.surroundings import surroundings
from tests.support.waiting import WITHIN_S
from tomato.environment import CHECKOUT


def test_a_worker_that_waits_for_redis_ends_when_it_is_told_to(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            [sys.executable, "manage.py", "run_timers"],
            cwd=CHECKOUT,
            env=surroundings() | {"TOMATO_DATA_DIR": str(tmp_path), "TOMATO_REDIS_URL": address},
            stderr=subprocess.PIPE,
        ) as worker:
            try:
                silent.settimeout(WITHIN_S)
                with silent.accept()[0]:
                    worker.send_signal(signal.SIGTERM)
                    _, said = worker.communicate(timeout=WITHIN_S)
            finally:
                worker.kill()
    assert worker.returncode == 0
    assert b"Traceback" not in said
