"""What can be read from the files of the site, without a browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LOADING = {"img", "script", "iframe", "source", "video", "audio", "object", "embed", "link"}


class Links(HTMLParser):
    """Ids of a page, what it links to, and what it loads."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loaded = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Note ids and addresses."""
        given = dict(attributes)
        self.ids |= {given[key] for key in ("id", "name") if given.get(key) and tag != "meta"}
        for key in ("href", "src", "data", "poster"):
            if given.get(key) is not None:
                passive = tag == "link" and given.get("rel") in {"canonical", "alternate"}
                loads = tag in LOADING and not passive
                (self.loaded if loads else self.links).add(given[key])
        if given.get("http-equiv") == "refresh":
            self.links.add(given["content"].partition("url=")[2])


@cache
def parsed(path):
    """Links and places of a page."""
    return Links(path.read_text(encoding="utf-8"))


def broken(path, site):
    """Addresses of a page that lead to no file of the site, or to no place in it."""
    links = parsed(path)
    for address in sorted(links.links | links.loaded):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if target.is_dir():
            target /= "index.html"
        if not target.is_file() or site not in target.parents:
            yield address
        elif target.suffix == ".html" and parts.fragment:
            missing = unquote(parts.fragment) not in parsed(target).ids
            yield from [address] * missing


def test_no_link_and_no_anchor_is_broken(file, site):
    """A reader who follows a link arrives at what it promised."""
    assert list(broken(site / file, site)) == []


def test_nothing_is_loaded_from_another_host(file, site):
    """The site can be read where there is no network."""
    foreign = [address for address in parsed(site / file).loaded if urlsplit(address).netloc]

    assert foreign == []


def test_no_style_loads_from_another_host(site):
    """A style sheet can ask for a font or a picture, too."""
    styles = sorted(site.rglob("*.css"))
    asked = {
        address
        for style in styles
        for address in re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")\s]+)", style.read_text())
    }

    assert styles
    assert [address for address in asked if urlsplit(address).netloc] == []


def test_every_formula_has_a_page_that_leads_to_it(permalink, site):
    """A permalink that was printed on paper goes to the formula itself, not to its page."""
    links = parsed(site / permalink).links
    (target,) = {link for link in links if "#" in link and not urlsplit(link).netloc}

    assert unquote(urlsplit(target).fragment) == Path(permalink).stem


def test_formulas_for_machines_are_those_of_the_pages(site):
    """What a program reads of a formula stands on the page that it points to."""
    formulas = json.loads((site / "formulas.json").read_text())["formulas"]
    ids = [stated["id"] for stated in formulas]

    assert ids
    assert sorted(ids) == sorted(path.stem for path in (site / "f").glob("*.bib"))
    for stated in formulas:
        name = Path(urlsplit(stated["url"]).path).name
        assert stated["id"] in parsed(site / name).ids


def test_html_is_valid(site):
    """A browser that guesses what broken HTML means may guess otherwise than ours."""
    tool = ROOT / "docs" / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    files = sorted(map(str, site.rglob("*.html")))
    command = [shutil.which("node"), tool, "--config", HERE / "html-validate.mjs", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "text",
    [
        '<a href="nowhere.html">x</a>',
        '<a href="#nothing">x</a>',
        '<img src="no.svg" alt="">',
        '<a href="page.html#nothing">x</a>',
        '<a href="../outside.html">x</a>',
    ],
)
def test_a_broken_link_is_found(tmp_path, text):
    """The check itself can fail."""
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "outside.html").touch()
    page = site / "page.html"
    page.write_text(text)

    assert len(list(broken(page, site))) == 1
