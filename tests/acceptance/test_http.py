"""Pages, files and refusals as both servers send them."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.support.http import http_client, http_get
from tests.support.processes import Tomato

IN_THE_PAGE = re.compile(r"(?:href|src)=\"(/static/[^\"]+)\"")
ONE_YEAR_S = 365 * 24 * 3600
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".png": "image/png",
}
COMPRESSED = (".js", ".css")


@pytest.fixture
def visit(site: Tomato) -> Iterator[httpx.Client]:
    with http_client(base_url=site.url) as client:
        yield client


def files_of(visit: httpx.Client) -> list[str]:
    """The address of every static file that the first page asks for."""
    return sorted(set(IN_THE_PAGE.findall(visit.get("/").text)))


def test_it_answers_where_it_says_that_it_is(site: Tomato) -> None:
    address = re.findall(r"^Tomato is ready at (\S+)$", site.output(), re.MULTILINE)[0]
    assert http_get(f"{address}/readyz").status_code == 200


def test_files_are_kept_for_ever_compressed_and_without_a_cookie(visit: httpx.Client) -> None:
    files = files_of(visit)
    assert {file[file.rindex(".") :] for file in files} >= set(TYPES)
    for file in files:
        answer = http_get(visit.base_url.join(file))
        ending = file[file.rindex(".") :]
        assert answer.status_code == 200, file
        assert answer.headers["content-type"].partition(";")[0] == TYPES[ending]
        assert int(re.findall(r"max-age=(\d+)", answer.headers["cache-control"])[0]) >= ONE_YEAR_S, file
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        if ending in COMPRESSED and len(answer.content) > 1_000:
            assert answer.headers["content-encoding"] == "gzip", file


def test_a_file_that_a_browser_has_is_not_sent_again(visit: httpx.Client) -> None:
    file = files_of(visit)[0]
    etag = visit.get(file).headers["etag"]
    again = visit.get(file, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["/static/nothing.js", "/static/", "/static/%2e%2e/%2e%2e/manage.py", "/static/%00", "/static/staticfiles.json"],
)
def test_there_are_no_other_files(visit: httpx.Client, path: str) -> None:
    assert visit.get(path).status_code == 404


def test_files_of_another_release_are_sent_as_long_as_they_are_there(site: Tomato, visit: httpx.Client) -> None:
    file = site.data_dir / "static" / "timers" / "of-another-release.0123456789ab.js"
    file.write_text("export {};")
    try:
        answer = visit.get(f"/static/timers/{file.name}")
    finally:
        file.unlink()
    assert (answer.status_code, answer.text) == (200, "export {};")
    assert answer.headers["content-type"].partition(";")[0] == TYPES[".js"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert visit.get(f"/static/timers/{file.name}").status_code == 404


def test_no_server_complains_about_how_files_are_sent(site: Tomato, visit: httpx.Client) -> None:
    for file in files_of(visit):
        visit.get(file)
    assert "StreamingHttpResponse" not in site.output()


def test_a_room_is_made_shown_and_entered(visit: httpx.Client) -> None:
    made = visit.post("/api/rooms", json={"name": "Deep work"})
    assert made.status_code == 201
    assert visit.get(f"/api/rooms/{made.json()['code'].lower()}").json()["room"]["name"] == "Deep work"
    assert not visit.cookies
    assert visit.get(made.json()["url"]).status_code == 200
    assert "tomato_device" in visit.cookies


@pytest.mark.parametrize("size", [16 * 1024 + 1, 1_000_000, 5_000_000])
def test_a_body_that_is_too_large_is_told_so(visit: httpx.Client, size: int) -> None:
    told = visit.post("/api/rooms", content=b" " * size, headers={"Content-Type": "application/json"})
    assert (told.status_code, told.json()["code"]) == (413, "too-large")
    chunks = (b" " * 10_000 for _ in range(size // 10_000 + 1))
    told = visit.post("/api/rooms", content=chunks, headers={"Content-Type": "application/json"})
    assert (told.status_code, told.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize("path", ["/", "/room/ABC234/events", "/api/rooms/ABC234"])
def test_more_parameters_than_anybody_needs_are_refused(visit: httpx.Client, path: str) -> None:
    """Where a charset is named Django looks at them before it has a request that it could refuse."""
    told = visit.get(path + "?" + "a=1&" * 2_000, headers={"Content-Type": "text/plain; charset=utf-8"})
    assert told.status_code == 400


def test_the_process_lives_and_all_of_it_is_ready(visit: httpx.Client) -> None:
    assert visit.get("/healthz").status_code == 200
    ready = visit.get("/readyz")
    assert ready.status_code == 200
    assert ready.json().keys() == {"redis", "database", "layer", "workers"}
    assert not visit.cookies
