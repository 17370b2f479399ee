"""The tree of the package: which room may use which."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import rnnnotes
from rnnnotes import book

PACKAGE = Path(rnnnotes.__file__).parent
FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
    if path.stem != "__init__"
}
ROOMS = re.findall(r"^- `(\w+)`", book.__doc__, re.MULTILINE)


def imported(text):
    """Modules of the package that a text imports, within functions too, but for types alone."""
    found = set()
    pending = [ast.parse(text)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        pending += ast.iter_child_nodes(node)
    return {name.removeprefix("rnnnotes.") for name in found} & FILES.keys()


USES = {name: imported(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def rank(name):
    """How far down a module stands: what is used comes first."""
    top, *rest = name.split(".")
    if top == "book":
        return (
            1 + ROOMS.index(rest[0]) if len(rest) > 1 else 0
        )  # what stands in no room is used by all
    return {"core": 0, "notation": 1.5, "sphinxext": 1 + len(ROOMS), "cli": 2 + len(ROOMS)}.get(top)


def test_nothing_rests_on_itself():
    """An import inside of a function hides no circle."""
    TopologicalSorter(USES).prepare()


def test_a_circle_is_seen():
    """The test above can fail."""
    with pytest.raises(CycleError):
        TopologicalSorter(
            {"a": imported("def f():\n    from rnnnotes import cli"), "cli": {"a"}}
        ).prepare()


@pytest.mark.parametrize("name", FILES)
def test_no_room_uses_one_below_it(name):
    """The order is that of the list with which the machinery introduces itself."""
    if rank(name) is not None:
        assert [one for one in USES[name] if rank(one) is None or rank(one) > rank(name)] == []


def test_every_room_is_introduced():
    """The list names the rooms that there are."""
    folders = {path.parent.name for path in (PACKAGE / "book").glob("*/*.py")}

    assert folders == {*ROOMS}
    assert len(ROOMS) == len({*ROOMS})


def test_the_core_imports_nothing_of_the_rest():
    """It is read by itself."""
    assert all(one.startswith("core.") for name, uses in USES.items() if name.startswith("core.")
               for one in uses)  # fmt: skip


def test_a_chapter_uses_no_machinery_but_what_states():
    """What a chapter is made of, its reader sees: its notation, types of arrays, and `formula`."""
    chapters = [name for name in FILES if "." not in name and name not in ("cli", "__main__")]
    used = {one for name in chapters for one in USES[name]} - {*chapters}

    assert {one for one in used if not one.startswith("notation.")} == {
        "book.state.arrays", "book.state.formulas"
    }  # fmt: skip
