"""The built site, on a server of its own and in a real browser."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # a container has no user to confine it to
    "--disable-gpu",
    "--disable-background-networking",  # the browser itself is to ask nobody either
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
)
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifts += entry.value;
    }).observe({type: 'layout-shift', buffered: true});
"""
"""The browser counts how far what is read has moved while a page was loaded."""


def pytest_addoption(parser):
    """Say where the site is, if it is not where ``tox -e docs`` puts it."""
    parser.addoption("--site", default=ROOT / "build" / "html", type=Path, help="built site")


def pytest_generate_tests(metafunc):
    """Run a test for every page; a test that leads nowhere but to a page asks for `permalink`."""
    site = metafunc.config.getoption("site").resolve()
    if not (site / "index.html").is_file():
        pytest.exit(f"there is no site in {site}: build it with `tox -e docs`", returncode=1)
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    kinds = {
        "file": files,
        "page": [file for file in files if not file.startswith("f/")],
        "permalink": [file for file in files if file.startswith("f/")],
    }
    for kind in kinds.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(kind, kinds[kind])


@pytest.fixture(scope="session")
def site(request):
    """Folder of the built site."""
    return request.config.getoption("site").resolve()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *args):
        """Print nothing."""


@pytest.fixture(scope="session")
def address(site):
    """Address of the site on a static server that nobody else can reach."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.exit(f"none of {', '.join(BROWSERS)} is installed", returncode=1)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@dataclass
class Heard:
    """What a page said and asked for while it was open."""

    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def opened(browser):
    """Open an address, wait until nothing more is loaded, and close it again."""
    contexts = {}

    def context(options):
        key = repr(sorted(options.items()))
        if key not in contexts:
            contexts[key] = browser.new_context(reduced_motion="reduce", **options)
        return contexts[key]

    @contextmanager
    def open_(url, viewport=DESK, **options):
        page = context(options).new_page()
        page.set_viewport_size(viewport)
        page.heard = Heard()
        page.on("console", lambda said: page.heard.complaints.append(said.text)
                if said.type in {"error", "warning"} else None)  # fmt: skip
        page.on("pageerror", lambda error: page.heard.complaints.append(str(error)))
        page.on("requestfailed", lambda asked: page.heard.complaints.append(asked.url))
        page.on("request", lambda asked: page.heard.requests.append(asked.url))
        if options.get("java_script_enabled", True):
            page.add_init_script(SHIFTS)
            page.goto(url, wait_until="load")
            page.evaluate("document.fonts.ready")
        else:
            page.goto(url, wait_until="load")
        try:
            yield page
        finally:
            page.close()

    return open_
