"""The files of a deployment, read as a machine would: what they name exists, and what they promise is asked for."""

import re
import shlex
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps as django_apps
from django.conf import settings

from tests.support.deployment import compose, dockerfile, example_env, seconds
from tomato.environment import CHECKOUT
from tomato.serve import ALL_STOP_WITHIN_S

SETTINGS = set(re.findall(r'"(TOMATO_[A-Z_]+|DATABASE_URL)"', (CHECKOUT / "tomato" / "environment.py").read_text()))
SERVICES: dict[str, Any] = compose(example_env())["services"]
OURS = ("web-1", "web-2", "worker-1", "worker-2")
UNITS = sorted((CHECKOUT / "deploy" / "systemd").glob("*.service"))
EVERY_UNITS = CHECKOUT / "deploy" / "systemd" / "tomato-.service.d" / "hardening.conf"
EXPOSED_AT_MOST = 20
"""In tenths, as systemd judges it; a unit that nothing is taken from has 96."""
HARDENED = (
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "CapabilityBoundingSet=",
)


# The image ------------------------------------------------------------------------------------------------------------


def test_the_image_is_run_by_nobody_in_particular() -> None:
    *_, image = dockerfile()
    (user,) = image.all("USER")
    assert int(user) > 0, "a number, since no other is known to be nobody's outside the image"
    assert any(f"useradd --system --uid {user} " in run for run in image.all("RUN"))
    instructions = [name for name, _ in image.instructions]
    assert set(instructions[instructions.index("USER") :]) <= {"USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"}


def test_the_image_is_small_and_made_of_what_is_pinned() -> None:
    build, image = dockerfile()
    assert all(re.search(r"python:3\.11-slim", stage.all("FROM")[0]) for stage in (build, image))
    assert any("--require-hashes --requirement requirements/base.txt" in run for run in build.all("RUN"))
    assert all(copied.startswith("--from=build ") for copied in image.all("COPY"))


def test_what_is_copied_into_the_image_is_there_and_sent_to_the_builder() -> None:
    ignored, *kept = [
        line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if not line.startswith("#")
    ]
    assert ignored == "*"
    for copied in dockerfile()[0].all("COPY"):
        source = copied.split()[0]
        assert (CHECKOUT / source).exists()
        assert any(fnmatch(f"!{source}", pattern) for pattern in kept), source


def test_all_of_the_site_is_copied_into_the_image() -> None:
    apps = [Path(app.path) for app in django_apps.get_app_configs()]
    templates: Any = settings.TEMPLATES[0]["DIRS"]
    folders = [*apps, *map(Path, settings.LOCALE_PATHS), *templates, CHECKOUT / "tomato"]
    ours = {folder.relative_to(CHECKOUT).parts[0] for folder in folders if folder.parent == CHECKOUT}
    copied = {source.split()[0] for source in dockerfile()[0].all("COPY")}
    assert copied >= ours | {"manage.py"}


def test_no_secret_is_in_the_image() -> None:
    named = {name for stage in dockerfile() for name in stage.env}
    assert [name for name in named if re.search("SECRET|PASSWORD|TOKEN", name)] == []
    assert not any(".env" in copied for stage in dockerfile() for copied in stage.all("COPY"))


def test_every_variable_of_the_image_is_a_setting() -> None:
    assert {name for stage in dockerfile() for name in stage.env} - {"PATH"} <= SETTINGS


# docker-compose.yml ---------------------------------------------------------------------------------------------------


def test_every_variable_of_the_services_is_a_setting() -> None:
    named = {name for service in OURS for name in SERVICES[service]["environment"]}
    assert {"DATABASE_URL", "TOMATO_REDIS_URL", "TOMATO_SECRET_KEY", "TOMATO_ALLOWED_HOSTS", "TOMATO_PROXIES"} <= named
    assert named <= SETTINGS
    given = {name for name in example_env() if name.startswith("TOMATO_")}
    assert given <= SETTINGS


def test_nothing_starts_without_a_secret() -> None:
    for missing in ("TOMATO_SECRET_KEY", "POSTGRES_PASSWORD", "SITE"):
        with pytest.raises(AssertionError, match=f"{missing} is to be set in .env"):
            compose({**example_env(), missing: ""})


def test_two_of_each_wait_until_everything_is_prepared() -> None:
    for service in OURS:
        waits_for = {name: condition["condition"] for name, condition in SERVICES[service]["depends_on"].items()}
        assert waits_for["prepare"] == "service_completed_successfully"
        assert waits_for["redis"] == waits_for["postgres"] == "service_healthy"
    assert "migrate" in SERVICES["prepare"]["command"][-1]
    assert not any("migrate" in str(SERVICES[service].get("command", "")) for service in OURS)


def test_who_is_waited_for_can_say_that_it_is_healthy() -> None:
    for service in SERVICES.values():
        for other, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other] or dockerfile()[-1].all("HEALTHCHECK")


def test_everything_is_started_again_but_what_ends_by_itself() -> None:
    assert {name for name, service in SERVICES.items() if service["restart"] == "no"} == {"prepare"}


def test_who_stops_has_the_time_that_it_takes() -> None:
    assert all(seconds(SERVICES[service]["stop_grace_period"]) > ALL_STOP_WITHIN_S for service in OURS)
    assert all(SERVICES[service]["init"] for service in OURS), (
        "as the first process of a container it would hear no signal"
    )


def test_redis_keeps_what_it_is_given() -> None:
    words = SERVICES["redis"]["command"]
    options = {name: words[words.index(name) + 1] for name in words if name.startswith("--")}
    assert (options["--appendonly"], options["--maxmemory-policy"]) == ("yes", "noeviction")
    assert options["--appendfsync"] == "always", "with everysec a kill of Redis may undo what was acknowledged"


def test_what_is_to_last_is_in_a_volume_and_each_volume_is_used() -> None:
    mounts = [mount.split(":") for service in SERVICES.values() for mount in service.get("volumes", ())]
    named = {source for source, *_ in mounts if not source.startswith(".")}
    assert named == set(compose(example_env())["volumes"])
    assert {target for _, target, *_ in mounts} >= {"/data", "/var/lib/postgresql/data", "/srv/static"}
    assert all((CHECKOUT / source).exists() for source, *_ in mounts if source.startswith("."))


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def test_other_peoples_images_are_of_one_major_version() -> None:
    for service in SERVICES.values():
        assert service["image"].startswith("tomato:") or re.search(r":\d[\d.]*-alpine$", service["image"])


def test_the_proxy_knows_all_web_servers_at_the_port_of_the_image() -> None:
    (port,) = dockerfile()[-1].all("EXPOSE")
    proxied = re.search(r"reverse_proxy (.*) \{", (CHECKOUT / "deploy" / "Caddyfile").read_text())
    assert proxied is not None
    assert proxied[1].split() == [f"{service}:{port}" for service in OURS if service.startswith("web")]
    assert dockerfile()[-1].env["TOMATO_PORT"] == port


# systemd --------------------------------------------------------------------------------------------------------------


def directives(unit: Path) -> list[str]:
    return [line for line in unit.read_text().splitlines() if "=" in line and not line.startswith("#")]


def values(unit: Path, name: str) -> list[str]:
    return [line.partition("=")[2] for line in directives(unit) if line.startswith(f"{name}=")]


def test_a_machine_runs_the_same_commands_as_a_container() -> None:
    image = dockerfile()[-1]
    run: dict[str, list[list[str]]] = {}
    for unit in UNITS:
        for command in values(unit, "ExecStart"):
            python, *words = shlex.split(command)
            assert python == "/opt/tomato/.venv/bin/python"
            run.setdefault(unit.name, []).append(words)
    assert run["tomato-web@.service"] == [yaml.safe_load(image.all("CMD")[0])[1:]]
    assert run["tomato-worker@.service"] == [SERVICES["worker-1"]["command"][1:]]
    assert [words[1] for words in run["tomato-prepare.service"]] == ["migrate", "collectstatic"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_may_do_little_and_is_let_in_on_no_more(unit: Path) -> None:
    assert set(HARDENED) <= set(directives(EVERY_UNITS))
    assert unit.name.startswith(EVERY_UNITS.parent.name.removesuffix(".service.d"))
    assert values(unit, "User") == ["tomato"]
    assert values(unit, "EnvironmentFile") == ["/etc/tomato.env"]
    for pairs in values(unit, "Environment"):
        assert {pair.partition("=")[0] for pair in pairs.split()} <= SETTINGS


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The root of a machine on which the units are installed as docs/operations.md says."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze on this machine")
    (folder := tmp_path / "etc/systemd/system").mkdir(parents=True)
    line = re.search("^cp .*(?= && systemctl)", (CHECKOUT / "docs" / "operations.md").read_text(), re.MULTILINE)
    assert line is not None
    command = line[0].replace("/opt/tomato", str(CHECKOUT)).replace("/etc/", f"{tmp_path}/etc/")
    subprocess.run(shlex.split(command), check=True)
    for unit in folder.glob("*.service"):
        unit.with_name(unit.name.replace("@.", "@1.")).write_text(
            unit.read_text().replace("/opt/tomato", str(CHECKOUT))
        )
    return tmp_path


def test_systemd_finds_nothing_wrong_with_the_units(installed: Path) -> None:
    units = [str(path) for path in installed.rglob("*.service") if "@." not in path.name]
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert [line for line in verified.stderr.splitlines() if "tomato-" in line] == []


@pytest.mark.parametrize("unit", ["tomato-prepare.service", "tomato-web@1.service", "tomato-worker@1.service"])
def test_systemd_finds_the_units_hardened(installed: Path, unit: str) -> None:
    if (
        "--offline"
        not in subprocess.run(["systemd-analyze", "--help"], capture_output=True, text=True, check=True).stdout
    ):
        pytest.skip("this machine's systemd judges running units only")
    command = ["systemd-analyze", "security", "--offline=yes", f"--root={installed}", f"--threshold={EXPOSED_AT_MOST}"]
    judged = subprocess.run([*command, unit], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr
