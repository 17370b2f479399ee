"""What a parameter of the code stands for, and what the code returns, in words.

The notation says what each symbol means, and a statement what shape each part has.  So a
docstring holds what they cannot say: what is computed, an example, and here and there a line
``name : text`` that says more of a parameter or of what comes back.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

import sympy as sp

from rnnnotes.book.language.nodes import (
    At,
    Function,
    Gradient,
    Immediate,
    Jacobian,
    Number,
    Relation,
    Size,
    Stack,
    StatementError,
    Steps,
    Variable,
)
from rnnnotes.book.language.symbols import FUNCTIONS, INDICES, SIZES, T, t
from rnnnotes.book.write.plaintext import text as plain

if TYPE_CHECKING:
    from rnnnotes.book.state.formulas import Formula

HEADING = re.compile(r"^(?P<name>\w[\w ]*)\n-+\n", re.MULTILINE)
"""Heading of a section of a docstring."""

MORE = re.compile(r"^(?P<name>\w+) : (?P<text>.*(?:\n +.*)*)$", re.MULTILINE)
"""Line of a docstring that says more of a parameter, or of what comes back."""


def documented(stated: Formula) -> str:
    """Docstring of the code of a formula, with all that its statement and the notation tell.

    A docstring that has a section of parameters is left as it is.

    Parameters
    ----------
    stated : Formula
        Formula whose code has a docstring, if a short one.

    Returns
    -------
    str
        Summary, parameters, what comes back, the sections that were written, and examples.

    Raises
    ------
    StatementError
        If the docstring says more of something that is neither a parameter nor what comes back.
    """
    written = inspect.getdoc(stated.code) or ""
    if not written or any(found["name"] == "Parameters" for found in HEADING.finditer(written)):
        return written
    head, *rest = HEADING.split(written)
    prose, examples = _parts(head)
    more = more_of(stated)
    names = [name for name in more if name not in stated.arguments]
    if len(names) > 1:
        raise StatementError(f"{stated.id}: the code takes no {' and no '.join(names[:-1])}")
    words = Words(stated)
    parameters = [
        _entry(f"{name} : {kind(stood)}", more.get(name) or words.of_argument(stood))
        for name, stood in stated.arguments.items()
    ]
    returned = "".join(f"{name} : " for name in names or _name(stated.statement.left))
    returned += _kind_of_value(stated.statement)
    sections = [
        ("Parameters", "\n".join(parameters)),
        ("Returns", _entry(returned, more[names[0]] if names else words.of_value())),
        *zip(rest[::2], map(str.strip, rest[1::2]), strict=True),
        ("Examples", examples),
    ]
    return "\n\n".join([prose, *(_section(name, body) for name, body in sections if body)])


def _kind_of_value(statement: Relation) -> str:
    """Type of what comes back: a whole number if it is made of sizes alone."""
    value = statement.right if not statement.right.shape else statement.left
    leaves = [*_leaves(value)]
    count = all(isinstance(leaf, Size | Number) for leaf in leaves)
    sized = any(isinstance(leaf, Size) or leaf.free_symbols for leaf in leaves)
    return "int" if count and sized and not value.shape else kind(value)


def _leaves(node: sp.Basic) -> Iterator[sp.Basic]:
    """Parts of an expression that are not computed from others; a size is one."""
    if isinstance(node, Size | Number) or not node.args:
        yield node
    else:
        for part in node.args:
            yield from _leaves(part)


def _name(left: Any) -> list[str]:
    """Name of a symbol that is computed, if it is one."""
    symbol = left.variable if isinstance(left, At) else left
    return [symbol.name] if isinstance(symbol, Variable) else []


def _section(name: str, body: str) -> str:
    return f"{name}\n{'-' * len(name)}\n{body}"


def more_of(stated: Formula) -> dict[str, str]:
    """Sentences that a docstring adds on parameters and on what comes back, by name."""
    head, *_ = HEADING.split(inspect.getdoc(stated.code) or "")
    told = "\n".join(filter(MORE.match, head.split(">>> ")[0].split("\n\n")))
    return {found["name"]: " ".join(found["text"].split()) for found in MORE.finditer(told)}


def _parts(head: str) -> tuple[str, str]:
    """Sentences, and the examples with the sentences before the first of them."""
    paragraphs = head.strip().split("\n\n")
    first = next((n for n, part in enumerate(paragraphs) if ">>> " in part), len(paragraphs))
    led = 1 < first < len(paragraphs) and not MORE.match(paragraphs[first - 1])
    first -= led
    prose = [part for part in paragraphs[:first] if not MORE.match(part)]
    return "\n\n".join(prose), "\n\n".join(paragraphs[first:])


def _entry(name: str, text: str) -> str:
    return f"{name}\n{textwrap.indent(textwrap.fill(text, 88), '    ')}"


def kind(stood: Any) -> str:
    """Type of a parameter, as a docstring names it, by what it stands for.

    Examples
    --------
    >>> from rnnnotes.notation import H, W_hh, f
    >>> kind(W_hh), kind(H), kind(f)
    ('(H, H) ndarray', 'int', 'callable')
    """
    if isinstance(stood, Function):
        return "callable"
    if isinstance(stood, sp.Symbol):
        return "int"
    if not stood.shape:
        return "float"
    inner = ", ".join(map(str, stood.shape))
    return f"({inner},) ndarray" if len(stood.shape) == 1 else f"({inner}) ndarray"


# -- Words -----------------------------------------------------------------------------------------


class Words:
    """What is met in a formula, in words: as its chapter says it, or else the notation."""

    def __init__(self, stated: Formula) -> None:
        self.stated = stated
        self.ranges = {index: bounds for index, *bounds in stated.index_ranges()}

    def of_argument(self, stood: Any) -> str:
        """Sentence on a parameter; a formula about numbers alone takes arrays as well."""
        entrywise = all(kind(one) == "float" for one in self.stated.arguments.values())
        return _sentence(self.of(stood) + "; an array is taken entry by entry" * entrywise)

    def of_value(self) -> str:
        """Sentence on what comes back: the symbol on the left, or else either side."""
        left = self.stated.statement.left
        named = isinstance(left, Variable | At | Jacobian | Gradient | Immediate)
        return _sentence(self.of(left) if named else f"value of {plain(left)}")

    @singledispatchmethod
    def of(self, stood: Any) -> str:
        """Phrase for what a parameter stands for; for what has no name its plain text."""
        return plain(stood)

    @of.register
    def _(self, variable: Variable) -> str:
        return self.stated.meaning(variable)

    @of.register
    def _(self, symbol: sp.Symbol) -> str:
        if symbol in SIZES:
            return f"number of {SIZES[symbol]}"
        low, high = self.ranges.get(symbol, INDICES[symbol][:2])
        return f"{INDICES[symbol].text}, from {low} to {high}"

    @of.register
    def _(self, function: Function) -> str:
        return "derivative of the " * function.order + FUNCTIONS[function.name].text

    @of.register
    def _(self, state: At) -> str:
        where = [PLACES.get(place, f"at {place}") for place in state.index]
        return " ".join([self._short(state.variable), *where])

    @of.register
    def _(self, steps: Steps) -> str:
        variable, low, _ = steps.args
        if low:
            return f"{self._short(variable)} at each step, one step a row"
        return f"{self._short(variable)} before each step, one step a row: the initial one first"

    def _short(self, variable: Variable) -> str:
        """Phrase for a symbol whose step is told: ``loss``, for the loss of one step."""
        return self.of(variable).partition(": ")[0].removesuffix(" of one step")

    @of.register(Jacobian | Gradient | Immediate)
    def _(self, derivative: Any) -> str:
        of, by = derivative.args
        name = {Gradient: "gradient", Jacobian: "derivative"}.get(
            type(derivative), "immediate derivative"
        )
        whole = isinstance(of, Variable) and of.name == "L"
        return name + ("" if whole else f" of {_the(self.of(of))}") + f" by {_the(self.of(by))}"

    @of.register
    def _(self, stack: Stack) -> str:
        body, index, low, high = stack.args
        if (index, low, high) == (t, 1, T):
            return self.of(body).replace("at this step", "at each step") + ", one step a row"
        return f"{self.of(body)}, for each {index} from {low} to {high}"


layer, N = sp.Symbol("l", integer=True), sp.Symbol("N", integer=True, positive=True)
"""Layer, and the number of layers."""

PLACES = {
    t: "at this step",
    t - 1: "one step before",
    t + 1: "one step later",
    sp.S.Zero: "before the first step",
    sp.S.One: "at the first step",
    T: "at the last step",
    layer: "of this layer",
    layer - 1: "of the layer below",
    N: "of the last layer",
}
"""Where a state stands."""


def _the(words: str) -> str:
    """Phrase with its article, if it takes one."""
    bare = re.match(r"(all|any|each|one|the|this|what)\b|.*\(", words)
    return words if bare else f"the {words}"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
