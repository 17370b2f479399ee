"""What a reader does with the site: copies, looks ahead, searches, and walks by keyboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import PHONE

from rnnnotes.book.citing import cite
from rnnnotes.book.formulas import find

FORMATS = {"latex", "numpy", "sympy", "markdown", "bibtex"}


@pytest.fixture(scope="module")
def chapters(site):
    """Pages that hold formulas."""
    formulas = json.loads((site / "formulas.json").read_text())["formulas"]
    return sorted({Path(stated["url"].partition("#")[0]).name for stated in formulas})


COPY = """async button => {
  await navigator.clipboard.writeText("");
  button.click();
  for (let wait = 0; wait < 50; wait++) {
    const text = await navigator.clipboard.readText();
    if (text) return text;
    await new Promise(done => setTimeout(done, 10));
  }
  return "";
}"""


def test_buttons_copy_what_the_command_line_prints(chapters, address, opened):
    """Each button of each formula puts onto the clipboard what `rnnnotes cite` prints."""
    wrong, seen = [], set()
    for page in chapters:
        with opened(f"{address}/{page}", permissions=["clipboard-read", "clipboard-write"]) as window:
            for block in window.query_selector_all("dl.formula"):
                id_ = block.query_selector("dt[id]").get_attribute("id")
                for button in block.query_selector_all("button.fml-copy"):
                    name = button.get_attribute("data-copy").rpartition("-")[2]
                    seen.add((id_, name))
                    if button.evaluate(COPY).rstrip("\n") != cite(find(id_), name).rstrip("\n"):
                        wrong.append((id_, name))

    assert wrong == []
    assert {name for _, name in seen} == FORMATS
    assert len(seen) == len(FORMATS) * len({id_ for id_, _ in seen})


CONTROLS = """() => {
  const all = "a[href], button, summary, input:not([type=hidden]), [tabindex='0']";
  window.controls = [...document.querySelectorAll(all)].filter(control =>
    control.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true})
    && control.tabIndex >= 0 && control.getBoundingClientRect().width);
  window.reached = new Set();
  document.addEventListener("focusin", ({target}) => window.reached.add(target));
  return window.controls.length;
}"""
MISSED = """() => window.controls.filter(control => !window.reached.has(control)
  && control.checkVisibility({visibilityProperty: true}))
  .map(control => control.outerHTML.slice(0, 160))"""
HIDDEN = """() => {
  const at = document.activeElement;
  if (at === document.body) return null;
  const box = at.getBoundingClientRect();
  const style = getComputedStyle(at);
  const seen = box.bottom > 0 && box.top < innerHeight;
  const marked = style.outlineStyle !== "none" || style.boxShadow !== "none";
  return seen && marked ? null : at.outerHTML.slice(0, 160);
}"""


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_keyboard_reaches_everything(page, viewport, address, opened):
    """The key Tab alone comes past every control, and one always sees where one is."""
    options = {"viewport": viewport} if viewport else {}
    with opened(f"{address}/{page}", **options) as window:
        count = window.evaluate(CONTROLS)
        hidden = []
        for number in range(count + 5):
            window.keyboard.press("Tab")
            if number < 40:
                hidden.append(window.evaluate(HIDDEN))
        missed = window.evaluate(MISSED)

    assert count
    assert missed == []
    assert [control for control in hidden if control] == []


def test_derivation_is_unfolded_by_keyboard(address, opened):
    """A reader without a mouse can read why."""
    with opened(f"{address}/bptt.html") as window:
        fold = window.locator("details.fml-fold").first
        fold.locator("summary").first.focus()
        window.keyboard.press("Enter")

        assert fold.locator(".fml-line").first.is_visible()


@pytest.mark.parametrize("served", [True, False], ids=["server", "disk"])
def test_link_shows_the_formula_before_it_is_followed(served, site, address, opened):
    """The preview opens on focus, holds the equation and its symbols, and Escape closes it."""
    url = f"{address}/bptt.html" if served else (site / "bptt.html").as_uri()
    with opened(url) as window:
        link = window.locator("a.fml-ref:visible").first
        link.focus()
        preview = window.get_by_role("tooltip")
        preview.wait_for(timeout=3000)

        assert preview.locator(".katex-html").first.bounding_box()["height"] > 0
        assert preview.locator("dl, ul, table").count()
        assert link.get_attribute("aria-describedby") == preview.get_attribute("id")

        window.keyboard.press("Escape")

        assert preview.count() == 0
        assert link.get_attribute("aria-describedby") is None


@pytest.mark.parametrize("served", [True, False], ids=["server", "disk"])
def test_search_finds_a_formula(served, site, address, opened):
    """The search of the site needs no server and no service."""
    url = address if served else site.as_uri()
    with opened(f"{url}/search.html?q=Jacobian+of+one+step") as window:
        window.locator("#search-results li").first.wait_for(timeout=5000)
        window.wait_for_timeout(300)
        found = [link.get_attribute("href") for link in window.locator("#search-results a").all()]

        assert any("bptt.step_jacobian" in target for target in found)
        assert window.heard.complaints == []


def test_permalink_lands_on_the_formula(address, opened):
    """Who follows a citation sees the formula, not the top of a page."""
    with opened(f"{address}/f/bptt.step_jacobian.html") as window:
        window.wait_for_url("**/bptt.html#bptt.step_jacobian")
        window.wait_for_load_state("load")
        window.wait_for_timeout(300)
        top = window.evaluate("document.getElementById('bptt.step_jacobian')"
                              ".getBoundingClientRect().top")  # fmt: skip

        assert 0 <= top < 200
