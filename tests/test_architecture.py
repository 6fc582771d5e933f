"""The rules of the tree, kept by reading its imports: who may know whom, and which files are pure."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
APPS = ("tomato", "timers", "rooms", "operators")

PURE = {
    f"timers.{name}": CHECKOUT / "timers" / f"{name}.py"
    for name in (
        "asyncapi",
        "control",
        "course",
        "journal",
        "knocks",
        "names",
        "overview",
        "people",
        "protocol",
        "records",
        "schedule",
        "schemas",
        "steering",
        "timer",
        "told",
        "topic",
        "topics",
    )
} | {"rooms.codes": CHECKOUT / "rooms" / "codes.py"}
PURE_LIBRARIES = {"pydantic", "orjson"}
CLOCKS_AND_DEVICES = {
    "asyncio",
    "datetime",
    "logging",
    "os",
    "pathlib",
    "socket",
    "subprocess",
    "threading",
    "time",
    "zoneinfo",
}

REDIS_CLIENTS = {"from_url", "Redis", "StrictRedis", "RedisCluster", "ConnectionPool", "BlockingConnectionPool"}

HOT = {
    "timers/worker.py": ("_tick_slot",),
    "timers/broadcast.py": ("say",),
    "timers/consumers.py": ("deliver", "_relay", "_tell", "_receive"),
    "timers/requests.py": ("take", "pass_on"),
    "tomato/outlet.py": ("text", "broadcast", "message", "_step"),
}
"""What every tick and every delivery passes through."""
FIGURES = {"figures", "_figures", "_traffic"}

MACHINE_PATH = re.compile(r"(?<![\w.-])/(home|Users|root|work|workspace|farm)/")
SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(gh[pousr]_|github_pat_|glpat-|npm_|pypi-|sk-|xox[abprs]-|AKIA|AIza)[A-Za-z0-9_-]{16,}"
    r"|(SECRET_KEY|TOKEN|PASSWORD)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9+/]{24,}"
    r"|://[^\s/:@\"']*:[^\s/:@\"'{}$\\]{12,}@"
)
KEEPS_SECRETS = re.compile(r"(^|/)(secret-key|\.env|id_[a-z0-9]+)$|\.(pem|key|p12|sqlite3|rdb|aof)$")
ADDRESS = re.compile(r"https?://|--(extra-)?index-url|--find-links|--trusted-host|@ file:")


@pytest.mark.parametrize("module", PURE)
def test_a_pure_file_knows_no_clock_no_device_and_no_framework(module: str) -> None:
    allowed = (set(sys.stdlib_module_names) - CLOCKS_AND_DEVICES) | PURE_LIBRARIES
    assert [name for name in imports(PURE[module]) if name not in PURE and name.partition(".")[0] not in allowed] == []


def test_timers_know_no_rooms() -> None:
    assert importers_of("rooms", among=("timers",)) == []


def test_nobody_but_the_wiring_knows_the_operators() -> None:
    assert importers_of("operators", among=("timers", "rooms")) == []


def test_the_wiring_of_tomato_is_known_to_the_pure_files_nowhere() -> None:
    assert [module for module, path in PURE.items() if any(name.startswith("tomato") for name in imports(path))] == []


def test_only_its_command_imports_the_worker() -> None:
    assert importers_of("timers.worker", among=APPS) == ["timers/management/commands/run_timers.py"]


def test_redis_clients_are_made_in_one_place() -> None:
    makers = [
        f"{shown(path)}:{call.lineno}"
        for path in sources(*APPS)
        if shown(path) != "tomato/redis.py"
        for call in calls(path)
        if called(call) in REDIS_CLIENTS
    ]
    assert makers == []


def test_where_it_is_hot_figures_are_only_added_to() -> None:
    mentions = [(path, node) for path, node in hot_statements() if FIGURES & attributes_in(node)]
    assert len(mentions) >= 8, "this test looks where the counting is"
    assert [f"{path}:{node.lineno}" for path, node in mentions if not is_addition(node)] == []


def test_only_one_file_knows_prometheus() -> None:
    assert importers_of("prometheus_client", among=APPS) == ["tomato/metrics.py"]


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    assert [place for path in repository_files() for place in matches(MACHINE_PATH, path)] == []


def test_no_secret_is_in_the_repository() -> None:
    files = list(repository_files())
    assert [shown(path) for path in files if KEEPS_SECRETS.search(shown(path))] == []
    assert [place for path in files for place in matches(SECRET, path)] == []


@pytest.mark.parametrize(
    "line",
    [
        "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
        "token: gh" + "p_" + "a1B2" * 9,
        "TOMATO_SECRET_KEY" + "=" + "q7Zx" * 12,
        'SECRET_KEY = "' + "q7Zx" * 12 + '"',
        "redis://:" + "q7Zx" * 4 + "@redis.example:6379",
    ],
)
def test_a_secret_would_be_found(line: str) -> None:
    assert SECRET.search(line)


def test_dependency_files_name_no_index() -> None:
    files = [
        path
        for path in repository_files()
        if "requirements" in path.parts or path.name in ("package.json", "package-lock.json")
    ]
    assert any(path.name == "base.txt" for path in files)
    assert [place for path in files for place in matches(ADDRESS, path)] == []


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((CHECKOUT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The full names of all modules that a file imports, wherever in it; `from timers import topic` counts as timers.topic."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{shown(path)}:{node.lineno} imports relatively"
            yield from (
                full if is_module(full := f"{node.module}.{alias.name}") else str(node.module) for alias in node.names
            )


def is_module(name: str) -> bool:
    path = CHECKOUT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def importers_of(module: str, among: tuple[str, ...]) -> list[str]:
    return [
        shown(path) for path in sources(*among) if any(f"{name}.".startswith(f"{module}.") for name in imports(path))
    ]


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def hot_statements() -> Iterator[tuple[str, ast.stmt]]:
    """The innermost statements of the functions in `HOT`, without the blocks that hold others."""
    for path, names in HOT.items():
        functions = {
            node.name: node
            for node in ast.walk(parsed(CHECKOUT / path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for name in names:
            nodes = (node for node in ast.walk(functions[name]) if isinstance(node, ast.stmt))
            yield from ((path, node) for node in nodes if not hasattr(node, "body"))


def attributes_in(node: ast.AST) -> set[str]:
    return {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def is_addition(node: ast.stmt) -> bool:
    """`figure += …`, or `figure.add(…)` as a statement of its own."""
    match node:
        case ast.AugAssign(op=ast.Add()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="add"))):
            return True
    return False


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def shown(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def repository_files() -> list[Path]:
    """What is committed or would be."""
    if not (CHECKOUT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := CHECKOUT / name).is_file()]


def matches(pattern: re.Pattern[str], path: Path) -> list[str]:
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError:
        return []
    return [f"{shown(path)}:{number}" for number, line in enumerate(lines, 1) if pattern.search(line)]
