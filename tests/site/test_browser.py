"""What a reader sees, presses and copies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from rnnnotes.book.citing import cite
from rnnnotes.book.formulas import find

AXE = Path(__file__).parents[2] / "docs" / "node_modules" / "axe-core" / "axe.min.js"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PAGE = "bptt.html"
"""Page with many formulas, for what is the same on every page."""
BLOCK = "dl.fml.formula"
CONTROLS = "a[href], button, summary, [tabindex='0']"
FORMATS = ("latex", "numpy", "sympy", "markdown", "bibtex")

UNSET = """() => [...document.querySelectorAll('.math')]
    .filter((part) => !part.querySelector('.katex') || part.querySelector('.katex-error'))
    .concat(...document.querySelectorAll('.math-error'))
    .map((part) => part.textContent)"""

BLOCKS_WITHOUT_EQUATION = """() => [...document.querySelectorAll('dl.fml.formula')]
    .filter((block) => !block.querySelector('.fml-equation .katex'))
    .map((block) => block.textContent.slice(0, 80))"""

VIOLATIONS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .flatMap(({id, nodes}) => nodes.map(
        (node) => `${id}: ${node.target} ${node.failureSummary}`))"""

SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifts += entry.value;
    }).observe({type: 'layout-shift', buffered: true});
"""


PLACE = """(block, controls) =>
    [...block.querySelectorAll(controls)].indexOf(document.activeElement)"""


@dataclass(frozen=True)
class Seen:
    """What was found on a page."""

    complaints: list[str]
    requests: list[str]
    unset: list[str]
    barriers: dict[int, list[str]]
    """By width of the screen: what keeps a reader out."""
    width: int
    """Width of the page on a phone."""


@pytest.fixture(scope="session")
def look(opened, address):
    """Look at a page once, by day or by night: at a desk, then on a phone."""

    @cache
    def look_(name, scheme):
        options = {"color_scheme": scheme, "reduced_motion": "reduce", "bypass_csp": True}
        with opened(f"{address}/{name}", **options) as page:
            unset = page.evaluate(UNSET) + page.evaluate(BLOCKS_WITHOUT_EQUATION)
            complaints, requests = list(page.heard.complaints), list(page.heard.requests)
            page.evaluate(AXE.read_text(encoding="utf-8"))
            barriers = {}
            for viewport in (DESK, PHONE):
                page.set_viewport_size(viewport)
                page.wait_for_timeout(300)  # what moves has come to rest
                barriers[viewport["width"]] = page.evaluate(VIOLATIONS)
            width = page.evaluate("document.documentElement.scrollWidth")
            return Seen(complaints, requests, unset, barriers, width)

    return look_


@pytest.fixture
def block(opened, address):
    """First formula of a page, in a window that may use the clipboard."""
    permissions = ["clipboard-read", "clipboard-write"]
    with opened(f"{address}/{PAGE}", permissions=permissions) as page:
        yield page.locator(BLOCK).first


# -- Every page ------------------------------------------------------------------------------------

schemes = pytest.mark.parametrize("scheme", ["light", "dark"])


@schemes
def test_page_has_nothing_to_complain_of(page, scheme, look):
    """An error on the console is something that a reader does not get."""
    assert look(page, scheme).complaints == []


@schemes
def test_page_asks_no_other_host(page, scheme, look, address):
    """The browser itself tells what it asked for, whoever made it ask."""
    requests = look(page, scheme).requests

    assert requests
    assert [url for url in requests if not url.startswith((f"{address}/", "data:"))] == []


@schemes
def test_every_formula_of_a_page_is_set(page, scheme, look):
    """A formula that KaTeX cannot set would stand there as its source."""
    assert look(page, scheme).unset == []


@schemes
@pytest.mark.parametrize("width", [DESK["width"], PHONE["width"]])
def test_page_keeps_nobody_out(page, scheme, width, look):
    """axe-core knows the rules for who does not see, or sees little."""
    assert look(page, scheme).barriers[width] == []


@schemes
def test_page_fits_a_phone(page, scheme, look):
    """What is too wide scrolls by itself, and the page stays."""
    assert look(page, scheme).width <= PHONE["width"]


# -- A formula -------------------------------------------------------------------------------------


def test_buttons_copy_what_the_command_line_prints(block):
    """The clipboard is read as another program would read it."""
    stated = find(block.locator("dt").first.get_attribute("id"))
    buttons = block.locator("button[data-copy]")
    copied = []
    for button in buttons.all():
        button.click()
        button.and_(block.page.locator(".fml-done")).wait_for()
        copied.append(block.page.evaluate("navigator.clipboard.readText()"))

    assert copied == [cite(stated, name) for name in FORMATS]


def test_keyboard_reaches_every_control(block):
    """Who has no mouse presses Tab, and Enter to unfold."""
    page, reached = block.page, set()
    block.locator(CONTROLS).first.evaluate("first => first.focus()")
    while block.evaluate("block => block.contains(document.activeElement)"):
        place = block.evaluate(PLACE, CONTROLS)
        reached.add(place)
        if page.evaluate("document.activeElement.matches('details:not([open]) > summary')"):
            page.keyboard.press("Enter")
        page.keyboard.press("Tab")

    assert block.locator("details:not([open])").count() == 0
    assert reached == set(range(block.locator(CONTROLS).count()))


def test_formula_is_shown_beside_a_focused_link_until_escape(block):
    """Keyboard and screen reader get the preview as well as the mouse."""
    link, preview = block.locator("a.fml-ref").first, block.page.get_by_role("tooltip")

    link.focus()
    preview.wait_for()

    assert preview.locator(".katex").count() > 0
    assert link.get_attribute("aria-describedby") == preview.get_attribute("id")

    block.page.keyboard.press("Escape")

    assert preview.count() == 0
    assert link.get_attribute("aria-describedby") is None


def test_formula_is_shown_under_the_mouse(block):
    """A reader looks up what a link means without leaving the line."""
    block.locator("a.fml-ref").first.hover()
    block.page.get_by_role("tooltip").wait_for()

    assert block.page.get_by_role("tooltip").locator(".katex").count() > 0


# -- Circumstances ---------------------------------------------------------------------------------


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_jumps_while_a_page_loads(browser, address, viewport):
    """The browser counts how far what is read has moved: 0.1 is held to be good."""
    context = browser.new_context(viewport=viewport)
    page = context.new_page()
    page.add_init_script(SHIFTS)
    page.goto(f"{address}/{PAGE}", wait_until="networkidle")
    page.wait_for_timeout(300)
    shifts = page.evaluate("window.shifts")
    context.close()

    assert shifts < 0.02


def test_page_is_read_without_scripts(opened, address):
    """Equation and derivation are there before any script runs."""
    with opened(f"{address}/{PAGE}", java_script_enabled=False) as page:
        block = page.locator(BLOCK).filter(has=page.locator("details.fml-fold")).first
        line = block.locator(".fml-line .katex-html").first

        assert block.locator(".fml-equation .katex-html").first.is_visible()
        assert not line.is_visible()

        block.locator("details.fml-fold > summary").click()

        assert line.is_visible()
        assert block.locator(".fml-reason").first.is_visible()


def test_pages_work_from_a_file(opened, site):
    """A reader who has built the site opens it without a server."""
    with opened((site / PAGE).as_uri()) as page:
        page.locator("a.fml-ref").first.focus()
        page.get_by_role("tooltip").wait_for()

        assert page.heard.complaints == []
        assert [url for url in page.heard.requests if not url.startswith(("file:", "data:"))] == []
