"""Every page, as a browser shows it: on a desk and on a phone, in the light and in the dark."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import DESK, PHONE

AXE = Path(__file__).parents[2] / "docs" / "node_modules" / "axe-core" / "axe.min.js"

each_screen = pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
each_scheme = pytest.mark.parametrize("scheme", ["light", "dark"])


def test_page_is_quiet_and_asks_nobody(page, address, opened):
    """From a server, a page complains of nothing and loads nothing from another host."""
    with opened(f"{address}/{page}") as window:
        hosts = {urlsplit(url).netloc for url in window.heard.requests} - {""}

        assert window.heard.complaints == []
        assert hosts == {urlsplit(address).netloc}


def test_page_needs_no_server(page, site, opened):
    """From a disk, a page complains of nothing either, and reads files of the site alone."""
    with opened((site / page).as_uri()) as window:
        asked = [url for url in window.heard.requests if not url.startswith("data:")]

        assert window.heard.complaints == []
        assert all(url.startswith(site.as_uri()) for url in asked)


SET = """() => {
  const places = [...document.querySelectorAll(".math")];
  return {
    places: places.length,
    wrong: places.filter(place => place.querySelectorAll(".katex").length !== 1
        || !place.querySelector("math annotation")?.textContent.trim())
      .map(place => place.outerHTML.slice(0, 200)),
    stray: [...document.querySelectorAll(".katex")].filter(set => !set.closest(".math")).length,
    errors: document.querySelectorAll(".math-error, .katex-error").length,
    flat: places.filter(place => place.checkVisibility() && !place.closest("details:not([open])")
        && !place.getBoundingClientRect().height).length,
    fonts: [...document.fonts].filter(font => font.status === "error").length,
  };
}"""


def test_every_formula_is_rendered(page, address, opened):
    """Each place for mathematics holds one formula, as glyphs and as MathML, and no error."""
    with opened(f"{address}/{page}") as window:
        found = window.evaluate(SET)

    del found["places"]
    assert found == {"wrong": [], "stray": 0, "errors": 0, "flat": 0, "fonts": 0}


def test_every_formula_of_the_book_is_on_a_page(site, address, opened):
    """A block that sets nothing would make no complaint."""
    formulas = json.loads((site / "formulas.json").read_text())["formulas"]
    pages = {Path(urlsplit(stated["url"]).path).name for stated in formulas}
    shown = {}
    for page in pages:
        with opened(f"{address}/{page}") as window:
            shown |= dict(window.evaluate("""() =>
                [...document.querySelectorAll("dl.formula > dt[id]")].map(title => [title.id,
                 title.nextElementSibling.querySelector(".fml-equation annotation").textContent])
            """))  # fmt: skip

    assert shown == {stated["id"]: stated["latex"] for stated in formulas}


@each_scheme
@each_screen
def test_page_has_no_violation_of_accessibility(page, viewport, scheme, address, opened):
    """The engine axe knows the rules of WCAG that a machine can decide."""
    with opened(f"{address}/{page}", viewport, color_scheme=scheme) as window:
        window.add_script_tag(path=AXE)
        # What is folded is read too.
        window.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
        found = window.evaluate("axe.run({resultTypes: ['violations']})")
        violations = {
            violation["id"]: [node["html"][:200] for node in violation["nodes"][:3]]
            for violation in found["violations"]
        }

    assert violations == {}


def test_page_is_no_wider_than_a_phone(page, address, opened):
    """What is too wide scrolls by itself; the page does not."""
    with opened(f"{address}/{page}", PHONE) as window:
        window.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
        width = window.evaluate("document.documentElement.scrollWidth")

    assert width <= PHONE["width"]


SHIFT = """() => new Promise(done => {
  let moved = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => { moved += entry.value; }))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(moved), 300);
})"""


@each_screen
def test_nothing_moves_while_the_page_loads(page, viewport, address, opened):
    """Mathematics has its size before its fonts have come."""
    with opened(f"{address}/{page}", viewport) as window:
        assert window.evaluate(SHIFT) < 0.02


def test_page_reads_without_javascript(page, address, opened):
    """Equations, code and derivations are in the page itself, and nothing dead can be pressed."""
    with opened(f"{address}/{page}", java_script_enabled=False) as window:
        window.emulate_media(color_scheme="light")
        for equation in window.locator(".fml-equation .katex-html").all()[:3]:
            assert equation.bounding_box()["height"] > 0
        for fold in window.locator("details.fml-fold").all()[:3]:
            fold.locator("summary").first.click()
            assert fold.locator(".fml-line .katex-html").first.bounding_box()["height"] > 0
        assert window.locator("button.fml-copy:visible").count() == 0


PRINTED = """() => ({
  cut: [...document.querySelectorAll(".fml-equation .math-body")]
    .filter(body => body.checkVisibility() && body.scrollWidth > body.clientWidth + 1).length,
  buttons: [...document.querySelectorAll("button.fml-copy, .sidebar-drawer, .back-to-top")]
    .filter(part => part.checkVisibility()).length,
  dark: getComputedStyle(document.body).backgroundColor,
})"""


def test_page_can_be_printed(page, address, opened):
    """On paper there is no menu and no button, the paper is white, and no equation is cut."""
    # What fits between the margins of A4, in pixels of CSS.
    with opened(f"{address}/{page}", {"width": 718, "height": 1047}) as window:
        window.emulate_media(media="print")
        printed = window.evaluate(PRINTED)

    assert printed.pop("dark") in {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}
    assert printed == {"cut": 0, "buttons": 0}
