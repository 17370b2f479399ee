"""Every symbol is declared once, and means one thing."""

import importlib
import keyword
import pkgutil
from collections import Counter
from itertools import chain

import pytest

from rnnnotes import notation
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.language.nodes import Function, StatementError, Variable, walk
from rnnnotes.book.language.symbols import (
    FUNCTIONS,
    INDICES,
    SIZES,
    SYMBOLS,
    declare,
    function,
    index,
    size,
)
from rnnnotes.book.write.latex import index_latex
from rnnnotes.notation import T
from rnnnotes.sphinxext.tables import notations

FORMULAS = find_all()


def trees(stated):
    """Everything that a formula states."""
    return [stated.statement, *stated.where, *(line.expr for line in stated.derivation)]


@pytest.fixture(autouse=True)
def _declarations(declarations):
    """Take what a test declares out of the notation again."""


def test_each_name_is_declared_once():
    """A name in the code stands for one symbol."""
    names = [str(one) for one in chain(SIZES, INDICES, FUNCTIONS)] + [s.name for s in SYMBOLS]

    assert len(set(names)) == len(names)


def test_each_name_can_be_an_argument():
    """It is the name of a parameter of the code."""
    for symbol in SYMBOLS:
        assert symbol.name.isidentifier()
        assert not keyword.iskeyword(symbol.name)


def test_each_symbol_is_found_under_its_name():
    """A module of the notation has it where a chapter imports it from.

    Two chapters may call two symbols by one name, so the notation as a whole need not have both.
    """
    names = [module.name for module in pkgutil.iter_modules(notation.__path__)]
    modules = [importlib.import_module(f"rnnnotes.notation.{name}") for name in names]
    letters = [value for module in (notation, *modules) for value in vars(module).values()]

    assert {value for value in letters if isinstance(value, Variable)} == set(SYMBOLS)


def test_each_symbol_says_what_it_means():
    """The table has no empty cell, and its texts are phrases."""
    for tex, text in chain(SYMBOLS.values(), FUNCTIONS.values()):
        assert tex
        assert text
        assert not text.endswith(".")


LETTERS = {index_latex(letter): str(letter) for letter in (*INDICES, *SIZES)}


@pytest.fixture(params=[name for name, _ in notations() if name not in ("common", "functions")])
def letters(request):
    """LaTeX of the symbols that are known in a chapter, by symbol or name of a function."""
    known = vars(dict(notations())[request.param]).values()
    symbols = {one: SYMBOLS[one].tex for one in known if isinstance(one, Variable)}
    return symbols | {one: FUNCTIONS[one.name].tex for one in known if isinstance(one, Function)}


def test_no_two_symbols_of_a_chapter_look_alike(letters):
    """Whoever turns a page keeps the letters in mind; an index and a size have theirs too."""
    texes = [*LETTERS, *letters.values()]

    assert len(letters) > 1
    assert [tex for tex, count in Counter(texes).items() if count > 1] == []


def test_no_symbol_looks_like_a_part_or_a_power_of_another(letters):
    """The entry at i of a vector p, and a vector of weights for the gate i, cannot both be p_i."""
    symbols = {one: tex for one, tex in letters.items() if isinstance(one, Variable)}
    scalars = [tex for one, tex in symbols.items() if not one.shape]
    square = [tex for one, tex in symbols.items()
              if len(one.shape) == 2 and one.shape[0] == one.shape[1]]  # fmt: skip
    parts = {f"{tex}_{{{index}}}" for one, tex in letters.items() for index in LETTERS
             if one not in symbols or one.shape or one.times}  # fmt: skip
    powers = {f"{tex}^{{{index}}}" for tex in (*scalars, *square) for index in LETTERS}

    assert parts & {*letters.values()} == set()
    assert powers & {*letters.values()} == set()


def test_statements_use_declared_symbols_only():
    """A symbol that is not in the notation has no meaning."""
    for stated in FORMULAS.values():
        for node in chain.from_iterable(map(walk, trees(stated))):
            if isinstance(node, Variable):
                assert node in SYMBOLS, stated.id
            if isinstance(node, Function):
                assert node.name in FUNCTIONS, stated.id


def test_each_symbol_is_used():
    """The table lists what occurs in the book."""
    found = {node for stated in FORMULAS.values() for tree in (*trees(stated), *bound(stated))
             for node in walk(tree)}  # fmt: skip

    assert {symbol.name for symbol in SYMBOLS} - {
        node.name for node in found if isinstance(node, Variable)
    } == set()


def bound(stated):
    """What the parameters of the code stand for."""
    return [value for value in stated.bindings.values() if hasattr(value, "args")]


@pytest.mark.parametrize(
    ("again", "complaint"),
    [
        (lambda: declare("h", "h", "twice"), "symbol h is declared twice"),
        (lambda: function("tanh", "tanh", "twice"), "function tanh is declared twice"),
        (lambda: size("K", "twice"), "size K is declared twice"),
    ],
    ids=["symbol", "function", "size"],
)
def test_second_declaration_is_refused(again, complaint):
    """It would change the meaning of what has been stated."""
    with pytest.raises(ValueError, match=complaint):
        again()


def test_index_has_a_range():
    """A proof runs through all its values."""
    new = index("ell_", 1, T, "an index")

    assert INDICES[new].high == T


def test_times_are_where_they_are_declared():
    """A hidden state exists before the first step, an input does not."""
    assert notation.h[0].variable.times[0] == 0
    assert notation.x.times[0] == 1
    with pytest.raises(StatementError, match="b_h has no times"):
        notation.b_h[0]
