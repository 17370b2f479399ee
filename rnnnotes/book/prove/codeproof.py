"""Prove that code computes its statement, for arrays of every size.

The code is run once on arrays whose lengths are letters, and each entry of what it returns is
compared with that of the right-hand side.  A derivative is a letter here, as the code is handed
derivatives and does not take them.  What needs a number of steps, as a loop over time does, is run
with two, three and four of them, while all other sizes stay letters.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import CodeType, FunctionType, ModuleType
from typing import Any, Literal

import sympy as sp

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.prove.everysize import Premises, inside, places, world
from rnnnotes.book.prove.numpyarrays import (
    LEFT,
    NeedsNumber,
    Refused,
    SymbolicArray,
    as_array,
    by_node,
    entrywise,
    equal,
    expression,
    number_of,
    spelled_shape,
)
from rnnnotes.book.prove.numpyfunctions import BUILTINS, stand_in
from rnnnotes.book.prove.premises import definitions_of
from rnnnotes.book.prove.reading import Letters, Reading, whole
from rnnnotes.book.state.arguments import checked
from rnnnotes.book.state.formulas import FORMULAS, Formula, stated_by
from rnnnotes.book.state.source import is_ours
from rnnnotes.book.values.world import Definition
from rnnnotes.core import normal as core
from rnnnotes.core.graph import slope_of
from rnnnotes.core.integers import Affine, affine
from rnnnotes.core.normal import Unsupported, of
from rnnnotes.core.terms import Atom, Entry, Poly, Product

__all__ = ["CodeProof", "Outcome", "prove_code"]

At = tuple[Affine, ...]

Outcome = Literal["proved", "refused", "unsupported", "needs a number", "not equal"]

STEPS = (2, 3, 4)
"""Numbers of steps at which code is run that needs a number of them."""


@dataclass(frozen=True)
class CodeProof:
    """What has been found out about the code of a formula.

    Refused is what is wrong at some size.  Where algebra does not show that the sides are equal,
    and where the code does what is not supported, nothing is known.
    """

    outcome: Outcome
    why: str = ""
    at: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Sizes that were numbers, and which; all others were letters."""

    @property
    def holds(self) -> bool:
        """Whether the code is proved, at all sizes that are not named in `at`."""
        return self.outcome == "proved"

    def __str__(self) -> str:
        if not self.holds:
            return f"{self.outcome}: {self.why}"
        named = "; ".join(f"{size} = {', '.join(map(str, ns))}" for size, ns in self.at.items())
        return "proved for all sizes" + (f", at {named}" if named else "")


def prove_code(stated: Formula) -> CodeProof:
    """Compare the code of a formula with the right-hand side of its statement.

    Parameters
    ----------
    stated : Formula
        Statement and code.

    Returns
    -------
    CodeProof
        Whether the code is proved, and else why not.
    """
    try:
        return outcome_of(stated, {})
    except NeedsNumber as error:
        needed = sizes_behind(stated, error.letter)
        try:
            return at_numbers(stated, needed)
        except NeedsNumber as second:
            return CodeProof("needs a number", str(second))


def outcome_of(stated: Formula, letters: Letters) -> CodeProof:
    """What comes of one run, in which some sizes and indices may be numbers."""
    try:
        agrees = Comparison(stated, letters).agrees()
    except Refused as error:
        return CodeProof("refused", str(error))
    except Unsupported as error:
        return CodeProof("unsupported", str(error))
    except (ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError,
            RuntimeError, TypeError, ValueError) as error:  # fmt: skip
        return CodeProof("unsupported", f"{type(error).__name__}: {error}")
    return CodeProof("proved") if agrees else CodeProof(
        "not equal", "algebra does not show that it is equal"
    )  # fmt: skip


# -- Numbers of steps ------------------------------------------------------------------------------


def sizes_behind(stated: Formula, letter: Affine) -> list[sp.Symbol]:
    """Sizes that must be numbers for an expression to be one, by the ranges of its indices."""
    ranges = {str(symbol): (low, high) for symbol, low, high in stated.index_ranges()}
    found: dict[str, sp.Symbol] = {}
    pending = {name for one in letter.names for name in one.split("*")}
    while pending:
        name = pending.pop()
        if name in ranges:
            pending |= {str(s) for bound in ranges[name] for s in bound.free_symbols}
        else:
            found[name] = sp.Symbol(name, integer=True, positive=True)
    return [found[name] for name in sorted(found)]


def at_numbers(stated: Formula, sizes: list[sp.Symbol]) -> CodeProof:
    """What comes of runs at each number of steps, and at each time there is."""
    tried = 0
    for number in STEPS if sizes else STEPS[:1]:
        for letters in instants(stated, dict.fromkeys(sizes, affine(number))):
            result = outcome_of(stated, letters)
            tried += 1
            if not result.holds:
                at = ", ".join(f"{symbol} = {value}" for symbol, value in letters.items())
                return replace(result, why=f"{result.why}, at {at}")
    if not tried:
        return CodeProof("not equal", "its indices have no values")
    return CodeProof("proved", at={str(size): STEPS for size in sizes})


def instants(stated: Formula, sizes: Letters) -> Iterator[Letters]:
    """Every choice of the indices whose ranges are numbers, once some sizes are."""

    def extend(letters: Letters, rest: list[Any]) -> Iterator[Letters]:
        if not rest:
            yield letters
            return
        (symbol, *bounds), *later = rest
        low, high = (whole(bound, letters) for bound in bounds)
        if not (low.is_number and high.is_number):
            yield from extend(letters, later)
            return
        for value in range(low.constant, high.constant + 1):
            yield from extend({**letters, symbol: affine(value)}, later)

    yield from extend(sizes, stated.index_ranges())


# -- Comparing -------------------------------------------------------------------------------------


class Closed(Reading):
    """Reading in which a derivative is a letter.  What is too small to count is left out."""

    def entry(self, node: Any, at: At = ()) -> Poly:
        """Entry of an expression at a place."""
        if isinstance(node, lang.Order):
            return core.ZERO
        if isinstance(node, lang.Jacobian | lang.Gradient | lang.Immediate):
            return of(self.slope(node, at))
        return super().entry(node, at)

    def slope(self, node: Any, at: At) -> Entry:
        """Derivative as a letter of its times and its place.

        Of a symbol by a symbol it is named by both; of anything else, by the node as it stands,
        at the values of its indices.
        """
        if any(part in self.bound for part in lang.walk(node)):
            raise Unsupported("the derivative of an argument")
        head, by = node.args
        if not isinstance(node, lang.Immediate) and is_symbol(head):
            rank = len(head.shape)
            return slope_of(self.leaf(head, at[:rank]), self.leaf(by, at[rank:]))
        free = sorted(lang.indices(node), key=str)
        return Entry(("letter", node), (*map(self.whole, free), *at))


def is_symbol(node: Any) -> bool:
    """Whether an expression is a symbol, at a time or not, or a part of one."""
    return isinstance(node, lang.Variable | lang.At) or (
        isinstance(node, lang.Entry) and is_symbol(node.args[0])
    )


class Comparison:
    """The code of a formula beside its statement, some sizes and indices being numbers."""

    def __init__(self, stated: Formula, letters: Letters) -> None:
        self.stated = stated
        self.letters = letters
        self.right = stated.statement.right
        self.parameters = {
            name: stated.argument(name) for name in inspect.signature(stated.code).parameters
        }

    def agrees(self) -> bool:
        """Whether the code gives the entries of the right-hand side, at every place."""
        with world(Premises((), self.ranges()), self.parts()):
            computed = as_array(self.run())
            shape = tuple(whole(size, self.letters) for size in self.right.shape)
            if len(computed.lengths) != len(shape) or not all(map(equal, computed.lengths, shape)):
                raise Refused(
                    f"the code returns shape {spelled_shape(computed.lengths)}, and the statement "
                    f"has shape {spelled_shape(shape)}"
                )
            if affine(0) in shape or core.context().facts.are_contradictory():
                raise Unsupported("a statement without entries, which says nothing")
            found: list[bool | Unsupported] = []
            for reading in self.readings():
                found.append(self.has_entries(computed, reading))
                if found[-1] is True:
                    return True
            if False in found:
                return False
            raise next(one for one in found if isinstance(one, Unsupported))

    def parts(self) -> list[sp.Basic]:
        """Expressions in which the sizes, and the symbols that are positive, occur."""
        values = self.parameters.values()
        expressions = [lang.wrap(one) for one in values if not isinstance(one, lang.Function)]
        return [self.stated.statement, *expressions]

    def ranges(self) -> dict[sp.Symbol, tuple[sp.Expr, sp.Expr]]:
        """Ranges of the indices that stay letters."""
        numbers = {symbol: expression(value) for symbol, value in self.letters.items()}
        return {
            symbol: (low.xreplace(numbers), high.xreplace(numbers))
            for symbol, low, high in self.stated.index_ranges()
            if symbol not in numbers
        }

    def readings(self) -> Iterator[Reading]:
        """Ways to read both sides: as they stand, or with functions or symbols written out."""
        functions = fixed_functions_of(self.stated)
        symbols = [one for one in definitions_of(self.stated)
                   if not isinstance(one.target, lang.Apply)
                   and one.target != self.stated.statement.left]  # fmt: skip
        for definitions in ([], functions, symbols):
            yield Closed(definitions, self.letters)

    def has_entries(self, computed: SymbolicArray, reading: Reading) -> bool | Unsupported:
        """Whether an array holds what the right-hand side does, if one reading tells."""
        numbers = {symbol: expression(value) for symbol, value in self.letters.items()}
        shape = [sp.sympify(size).xreplace(numbers) for size in self.right.shape]
        try:
            return all(self.agrees_at(computed, reading, at, shape) for at in places(shape))
        except Unsupported as error:
            return error

    def agrees_at(
        self, computed: SymbolicArray, reading: Reading, at: At, shape: list[sp.Expr]
    ) -> bool:
        """Whether both sides have one normal form at a place."""
        with core.assuming(*inside(at, shape)):
            gap = core.minus(computed.entry(reading, at), reading.entry(self.right, at))
            return reading.graph.vanishes_by_values(gap, counted_from_one)

    def run(self) -> Any:
        """What the code returns for symbols."""
        code = rebuilt(self.stated.code, {})
        return code(**{
            name: argument(value, self.letters) for name, value in self.parameters.items()
        })  # fmt: skip


def argument(expected: Any, letters: Letters) -> Any:
    """What the code is given for a parameter: an array, a function or a whole number."""
    if isinstance(expected, lang.Function):
        if expected.elementwise:
            return lambda array: entrywise(expected(LEFT), array)
        return lambda *arrays: by_node(expected, *arrays, letters=letters)
    if not isinstance(expected, lang.Expression):
        return number_of(whole(expected, letters))

    def entry(reading: Reading, at: At) -> Poly:
        with reading.scope({}, letters):
            return reading.entry(expected, at)

    lengths = [whole(size, letters) for size in expected.shape]
    return SymbolicArray(lengths, entry, expected, is_given=True)


def counted_from_one(poly: Poly) -> Poly:
    """Polynomial whose products count from one, as a slice of an array does."""

    def starts_elsewhere(atom: Atom) -> bool:
        return isinstance(atom, Product) and atom.body.ranges[0][0] != affine(1)

    def shifted(atom: Atom) -> Poly:
        assert isinstance(atom, Product)
        (low, high), *axes = atom.body.ranges
        index, *places_ = atom.body.letters

        def body(i: Affine, *at: Affine) -> Poly:
            values = dict(zip(places_, at, strict=True))
            return core.put(atom.body.body, {index: i + low - 1, **values})

        return core.product_of(core.array([(affine(1), high - low + 1), *axes], body), atom.at)

    return core.mapped(poly, starts_elsewhere, shifted)


def fixed_functions_of(stated: Formula) -> list[Definition]:
    """Definitions of the functions that the formula is given, and of those that have one meaning.

    These are the functions with rules of their own, which any code may write out.
    """
    given = [one for one in definitions_of(stated) if isinstance(one.target, lang.Apply)]
    fixed = [
        Definition(other.statement.left, other.statement.right, ())
        for other in FORMULAS.values()
        if other.is_definition
        and isinstance(other.statement.left, lang.Apply)
        and other.statement.left.function.name in core.FUNCTIONS
    ]
    return [*fixed, *given]


# -- Code as it runs -------------------------------------------------------------------------------


def rebuilt(code: Any, done: dict[Any, Any]) -> Any:
    """Function with the same instructions, in whose world NumPy works on arrays of every size.

    Parameters
    ----------
    code : callable
        Function as it was written.  What is displayed is to be what runs: it is not decorated, and
        closes over nothing.
    done : dict
        Functions that have been rebuilt, by what they are made from.

    Returns
    -------
    callable
        Function that sees stand-ins for NumPy, `math`, the functions of Python that ask for
        numbers, and the functions of the book that it calls.
    """
    if code in done:
        return done[code]
    if not isinstance(code, FunctionType):
        raise Unsupported(f"the code is {type(code).__name__}, and no function that is displayed")
    if hasattr(code, "__wrapped__"):
        raise Unsupported(f"{code.__name__} is decorated: what is displayed is not what runs")
    if code.__closure__:
        closed = ", ".join(code.__code__.co_freevars)
        raise Unsupported(f"{code.__name__} closes over {closed}, which is not displayed")
    if catches(code.__code__):
        raise Unsupported(f"{code.__name__} catches exceptions")
    outside: dict[str, Any] = {"__builtins__": {}}
    done[code] = FunctionType(code.__code__, outside, code.__name__, code.__defaults__)
    done[code].__kwdefaults__ = code.__kwdefaults__
    for name in outside_names(code.__code__):
        if name in code.__globals__:
            outside[name] = seen(name, code.__globals__[name], done)
        elif name in BUILTINS:
            outside[name] = BUILTINS[name]
    return done[code]


def outside_names(code: CodeType) -> set[str]:
    """Names that a function, or a function within it, looks up outside."""
    own = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return own.union(*map(outside_names, within(code)))


def catches(code: CodeType) -> bool:
    """Whether a function looks at exceptions: it could hide that a size does not fit."""
    looks = any(step.opname == "PUSH_EXC_INFO" for step in dis.get_instructions(code))
    return looks or any(map(catches, within(code)))


def within(code: CodeType) -> list[CodeType]:
    """Functions that are written within a function."""
    return [one for one in code.co_consts if isinstance(one, CodeType)]


def seen(name: str, value: Any, done: dict[Any, Any]) -> Any:
    """What code sees under a name from outside."""
    library = isinstance(value, ModuleType) and value.__name__.partition(".")[0] in LIBRARIES
    if isinstance(value, ModuleType) and not library:
        return Chapter(value, done)
    if is_ours(value):
        return called(value, done)
    if library or (callable(value) and not isinstance(value, lang.Function)):
        return stand_in(value)
    raise Unsupported(f"the code takes {name} from outside, which is not displayed")


LIBRARIES = ("numpy", "math")
"""Modules whose functions work on arrays of every size, as far as they are known."""


class Chapter:
    """Module of the book as code sees it."""

    def __init__(self, module: ModuleType, done: dict[Any, Any]) -> None:
        self._module, self._done = module, done

    def __getattr__(self, name: str) -> Any:
        return seen(name, getattr(self._module, name), self._done)


def called(function: Any, done: dict[Any, Any]) -> Any:
    """Function of the book as code calls it: its arguments are checked, then its code runs."""
    if function.__code__ not in checked.__code__.co_consts:
        return rebuilt(function, done)
    stated = stated_by(function)
    signature, code = inspect.signature(stated.code), rebuilt(stated.code, done)

    def call(*inputs: Any, **named: Any) -> Any:
        bound = signature.bind(*inputs, **named)
        check_shapes(stated, bound.arguments)
        return code(*bound.args, **bound.kwargs)

    return call


def check_shapes(stated: Formula, arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that the function refuses: of other shapes than its parameters have."""
    expected = {name: stated.argument(name) for name in arguments}
    if all(isinstance(one, lang.Expression) and not one.shape for one in expected.values()):
        return  # it takes arrays entry by entry
    sizes: dict[sp.Symbol, Affine] = {}
    for name, one in expected.items():
        if not isinstance(one, lang.Expression):
            continue
        lengths = as_array(arguments[name]).lengths
        fits = len(lengths) == len(one.shape) and all(
            equal(sizes.setdefault(size, length) if size.is_Symbol else whole(size, sizes), length)
            for size, length in zip(one.shape, lengths, strict=False)
        )
        if not fits:
            raise Refused(f"{stated.id} takes {name} of shape {one.shape}, "
                          f"and is given shape {spelled_shape(lengths)}")  # fmt: skip
