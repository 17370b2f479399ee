"""What a reader sees, presses and copies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from rnnnotes.book.cite.citing import cite
from rnnnotes.book.find.finding import find

AXE = Path(__file__).parents[2] / "docs" / "node_modules" / "axe-core" / "axe.min.js"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PAGE = "bptt.html"
"""Page with many formulas, for what is the same on every page."""
BLOCK = "dl.fml.formula"
CONTROLS = "a[href], button, input:not([type='hidden']), summary, [tabindex='0']"
FORMATS = ("latex", "numpy", "sympy", "markdown", "bibtex")
WHITE = "rgb(255, 255, 255)"
STEADY = 0.005
"""A twentieth of the shift that is held to be good: no line moves by as much as its height."""

UNSET = """() => [...document.querySelectorAll('.math')]
    .filter((part) => !part.querySelector('.katex') || part.querySelector('.katex-error'))
    .concat(...document.querySelectorAll('.math-error'))
    .map((part) => part.textContent)"""

BLOCKS_WITHOUT_EQUATION = """() => [...document.querySelectorAll('dl.fml.formula')]
    .filter((block) => !block.querySelector('.fml-equation .katex'))
    .map((block) => block.textContent.slice(0, 80))"""

TEXTS = """() => Object.fromEntries(
    [...document.querySelectorAll('dl.fml.formula > dt[id]')].map((head) => [
        head.id,
        [...head.parentElement.querySelectorAll('button[data-copy]')].map(
            (button) => document.getElementById(button.dataset.copy).textContent + '\\n')]))"""

# For axe-core, whose time grows with a page, mathematics is one text, once it is seen that all its
# parts have the colour of the text around; of each kind of word in code, one is enough; and of the
# formulas of a page, which are made alike, the first is unfolded.
MOTLEY = """() => [...document.querySelectorAll('.katex')].filter((math) => {
    const {color} = getComputedStyle(math.parentElement);
    return [...math.querySelectorAll('*')].some((part) => getComputedStyle(part).color !== color);
}).map((math) => math.textContent)"""
FLATTEN = """document.querySelector('dl.fml.formula')?.querySelectorAll('details')
    .forEach((part) => part.open = true);
document.querySelectorAll('.katex-html, math').forEach((math) => {
    math.textContent = math.textContent;
});
const kinds = new Set();
document.querySelectorAll('.highlight span[class]:not(:has(*))').forEach((word) => {
    const kind = `${word.parentNode.parentNode.parentNode.className} ${word.className}`;
    if (kinds.has(kind)) word.replaceWith(word.textContent);
    kinds.add(kind);
});"""
REST = """() => document.getAnimations().filter(({timeline}) => timeline === document.timeline)
    .forEach((animation) => animation.finish())"""
"""Drawers that move have arrived."""

VIOLATIONS = """async (rules) => (await axe.run(document, {
    resultTypes: ['violations'], ...(rules && {runOnly: rules}),
})).violations.flatMap(({id, nodes}) => nodes.map(
    (node) => `${id}: ${node.target} ${node.failureSummary}`))"""
OF_COLOUR = ["color-contrast", "link-in-text-block"]
"""Rules of axe-core that a change of colours can break; night changes nothing else."""

WIDTH = """() => {
    const widths = [];
    for (let part = document.querySelector('article'); part; part = part.parentElement)
        widths.push(part.scrollWidth);
    return Math.max(...widths);
}"""
"""Width of the text, or of any part around it: on a phone the theme lets one of these scroll."""

FAINT = """() => {
    const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3)
        .map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, channel) => sum + [0.2126, 0.7152, 0.0722][channel] * part, 0.05);
    const page = light(getComputedStyle(document.body).backgroundColor);
    return [...document.querySelectorAll('.fml-svg g[id*="-text_"] :is(path, use)')]
        .filter((letter) => !letter.closest('defs'))
        .map((letter) => [letter.closest('g[id*="-text_"]').id, getComputedStyle(letter).fill])
        .filter(([id, fill]) => fill !== 'none')
        .map(([id, fill]) => [id, fill, light(fill)])
        .filter(([id, fill, ink]) => Math.max(ink, page) / Math.min(ink, page) < 4.5)
        .map(([id, fill]) => `${id}: ${fill}`);
}"""

# Each time that Tab is pressed: where the reader is, and whether the screen shows it.
WALK = """(controls) => {
    window.stops = [...document.querySelectorAll(controls)]
        .filter((control) => control.checkVisibility({visibilityProperty: true}));
    window.walked = [];
    document.addEventListener('keydown', () => {
        const here = document.activeElement;
        document.getAnimations().filter(({timeline}) => timeline === document.timeline)
            .forEach((animation) => animation.finish());
        const seen = [here, ...(here.labels ?? [])].some((part) => {
            const {outlineStyle, opacity} = getComputedStyle(part);
            const {left, right, top, bottom} = part.getBoundingClientRect();
            return outlineStyle !== 'none' && opacity > 0
                && left < innerWidth && right > 0 && top < innerHeight && bottom > 0;
        });
        if (here !== document.body) window.walked.push([window.stops.indexOf(here), seen]);
    });
    return window.stops.length;
}"""
NAME = """(place) => `${window.stops[place].outerHTML.slice(0, 100)}`"""

PLACE = """(block, controls) =>
    [...block.querySelectorAll(controls)].indexOf(document.activeElement)"""


@dataclass(frozen=True)
class Walk:
    """Where Tab led: places of the controls in the page, and those that the screen did not show."""

    count: int
    places: list[int]
    unseen: list[str]


MOST = 1000
"""Controls of a page that are walked through: those that follow in the reference are made alike."""


def walk(page):
    """Press Tab until every control must have been met, and then leave the page as it was."""
    count = min(page.evaluate(WALK, CONTROLS), MOST)
    for _ in range(count + 1):
        page.keyboard.down("Tab")
    page.keyboard.up("Tab")
    walked = page.evaluate("window.walked")
    unseen = [page.evaluate(NAME, place) for place, seen in walked if not seen]
    page.keyboard.press("Escape")  # and no formula is left beside a link
    page.evaluate("document.activeElement.blur()")
    return Walk(count, [place for place, _ in walked], unseen)


@dataclass(frozen=True)
class Seen:
    """What was found on a page."""

    complaints: list[str]
    requests: list[str]
    unset: list[str]
    texts: dict[str, list[str]]
    """By formula: what its buttons copy."""
    shifts: float
    walked: Walk
    motley: list[str]
    faint: dict[str, list[str]]
    """By scheme: words of drawings that hardly differ from the page."""
    widths: dict[int, int]
    """By width of the screen: width of the text."""
    barriers: dict[tuple[str, int], list[str]]
    """By scheme and width of the screen: what keeps a reader out."""


@pytest.fixture(scope="session")
def look(opened, address):
    """Look at a page once: by day at a desk and on a phone, and at a desk by night."""

    @cache
    def look_(name):
        with opened(f"{address}/{name}") as page:
            unset = page.evaluate(UNSET) + page.evaluate(BLOCKS_WITHOUT_EQUATION)
            texts = page.evaluate(TEXTS)
            page.wait_for_timeout(200)  # what would move has moved
            shifts = page.evaluate("window.shifts")
            walked = walk(page)
            heard = page.heard
            complaints, requests = list(heard.complaints), list(heard.requests)
            motley, faint, widths, barriers = page.evaluate(MOTLEY), {}, {}, {}
            for viewport in (DESK, PHONE):
                page.set_viewport_size(viewport)
                widths[viewport["width"]] = page.evaluate(WIDTH)
            page.evaluate(FLATTEN)
            page.evaluate(AXE.read_text(encoding="utf-8"))
            for scheme, viewport, rules in (
                ("light", DESK, None),
                ("light", PHONE, None),
                ("dark", DESK, OF_COLOUR),
            ):
                page.set_viewport_size(viewport)
                page.emulate_media(color_scheme=scheme)
                page.evaluate(REST)
                faint[scheme] = page.evaluate(FAINT)
                barriers[scheme, viewport["width"]] = page.evaluate(VIOLATIONS, rules)
            return Seen(
                complaints, requests, unset, texts, shifts, walked, motley, faint, widths, barriers
            )

    return look_


@pytest.fixture
def block(opened, address):
    """First formula of a page, in a window that may use the clipboard."""
    permissions = ["clipboard-read", "clipboard-write"]
    with opened(f"{address}/{PAGE}", permissions=permissions) as page:
        yield page.locator(BLOCK).first


# -- Every page ------------------------------------------------------------------------------------

schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
viewports = pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])


def test_page_has_nothing_to_complain_of(page, look):
    """An error on the console is something that a reader does not get."""
    assert look(page).complaints == []


def test_page_asks_no_other_host(page, look, address):
    """The browser itself tells what it asked for, whoever made it ask."""
    requests = look(page).requests

    assert requests
    assert [url for url in requests if not url.startswith((f"{address}/", "data:"))] == []


def test_every_formula_of_a_page_is_set(page, look):
    """A formula that was not set is shown as TeX, or not at all."""
    assert look(page).unset == []


def test_every_formula_of_a_page_is_copied_as_the_command_line_prints_it(page, look):
    """A reader gets one text of a formula, wherever it is asked for."""
    for id, texts in look(page).texts.items():
        assert texts == [cite(find(id), name) for name in FORMATS]


def test_nothing_jumps_while_a_page_loads(page, look):
    """A reader who has begun to read keeps the line."""
    assert look(page).shifts < STEADY


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("light", DESK), ("light", PHONE), ("dark", DESK)],
    ids=["light desk", "light phone", "dark desk"],
)
def test_page_keeps_nobody_out(page, scheme, viewport, look):
    """axe-core knows the rules for who does not see, or sees little."""
    assert look(page).barriers[scheme, viewport["width"]] == []


def test_mathematics_has_the_colour_of_the_text(page, look):
    """What axe-core says of the text is then true of the mathematics in it."""
    assert look(page).motley == []


@schemes
def test_words_of_a_drawing_stand_out(page, scheme, look):
    """axe-core does not read a drawing; 4.5 to 1 is what it asks of a text."""
    assert look(page).faint[scheme] == []


@viewports
def test_page_fits_the_screen(page, viewport, look):
    """What is too wide scrolls by itself, and the page stays."""
    assert look(page).widths[viewport["width"]] <= viewport["width"]


def test_keyboard_walks_through_a_page(page, look):
    """Who has no mouse meets every control, in the order of the page, and sees where that is."""
    walked = look(page).walked

    assert walked.count > 10
    assert walked.places == list(range(walked.count))
    assert walked.unseen == []


def test_keyboard_walks_through_a_page_on_a_phone(opened, address):
    """A drawer that is closed is stepped over, as nobody would see what is in it."""
    with opened(f"{address}/index.html", PHONE) as page:
        walked = walk(page)

    assert walked.places == list(range(walked.count))
    assert walked.unseen == []


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


def test_button_copies_what_one_types_of_an_example(block):
    """Prompts and output are no part of a program."""
    page = block.page
    example = page.locator("div.highlight-pycon").first
    lines = example.locator("pre").inner_text().splitlines()
    example.hover()
    example.locator("button.copybtn").click()
    example.locator("button.success").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")

    assert any(line.startswith(">>> ") for line in lines)
    assert copied.splitlines() == [line[4:] for line in lines if line.startswith((">>> ", "... "))]


def test_keyboard_reaches_every_control_of_a_formula(block):
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


# -- The keyboard alone ----------------------------------------------------------------------------


def test_first_stop_leads_past_the_side_bar(opened, address):
    """A reader who hears a page does not hear its table of contents on each of them."""
    with opened(f"{address}/{PAGE}") as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")

        assert page.evaluate("document.querySelector('article').contains(document.activeElement)")


@viewports
def test_search_is_used_without_a_mouse(opened, address, viewport):
    """A reader types what is looked for, and gets to a page that has it."""
    with opened(f"{address}/search.html", viewport) as page:
        field = page.locator("input[name=q]:visible").first
        while not field.evaluate("field => field === document.activeElement"):
            page.keyboard.press("Tab")
        page.keyboard.type("jacobian")
        page.keyboard.press("Enter")
        page.locator("#search-results li a").first.wait_for()

        assert page.locator("#search-results a[href*='bptt.html']").count() > 0


def test_drawer_opens_without_a_mouse(opened, address):
    """On a phone the map of the site is folded away."""
    with opened(f"{address}/{PAGE}", PHONE) as page:
        link = page.locator(".sidebar-tree a").first

        assert not link.is_visible()

        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")

        assert link.is_visible()


# -- Circumstances ---------------------------------------------------------------------------------


def test_nothing_jumps_while_a_page_loads_on_a_phone(opened, address):
    """There a line is short, and a letter of another width moves all that follow."""
    with opened(f"{address}/{PAGE}", PHONE) as page:
        page.wait_for_timeout(300)

        assert page.evaluate("window.shifts") < STEADY


def test_paper_has_every_derivation_and_no_control(opened, address):
    """Nobody unfolds a derivation or presses a button on paper."""
    with opened(f"{address}/{PAGE}") as page:
        page.emulate_media(media="print", color_scheme="dark")
        lines = page.locator("ul.fml-derivation > li")
        shown = lines.filter(visible=True)
        controls = page.locator("button, input, nav, .fml-reuse, .headerlink, .skip-to-content")

        assert lines.count() > 0
        assert shown.count() == lines.count()
        assert controls.filter(visible=True).count() == 0
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == WHITE


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
