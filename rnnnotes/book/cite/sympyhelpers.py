"""What plain SymPy lacks for a statement about recurrent networks.

`rnnnotes.book.cite.sympytext` copies from here what a formula needs, as it stands, without the
annotations of its parameters.  So a function may use the imports below and its neighbours, and
nothing else, and no function stands within another.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain
from typing import Any

import mpmath
import sympy as sp

# -- Symbols ---------------------------------------------------------------------------------------

defined: dict[sp.Symbol, tuple[Any, int | None]] = {}
"""Each symbol that is computed: its value, and its time."""


def scalar(name: str, **assumptions: bool) -> sp.Symbol:
    """Any real number."""
    return sp.Symbol(name, real=True, **assumptions)


def vector(name: str, size: int, **assumptions: bool) -> sp.Matrix:
    """Any column of real numbers."""
    return sp.Matrix([scalar(f"{name}_{i}", **assumptions) for i in range(1, size + 1)])


def matrix(name: str, rows: int, columns: int, **assumptions: bool) -> sp.Matrix:
    """Any matrix of real numbers."""
    return sp.Matrix(rows, columns, lambda i, j: scalar(f"{name}_{i + 1}_{j + 1}", **assumptions))


def flat(*parts: Any) -> list[Any]:
    """Entries of numbers and of matrices, one after the other."""
    entries = [[*part] if isinstance(part, sp.MatrixBase) else [part] for part in parts]
    return [sp.S(entry) for entry in chain.from_iterable(entries)]


def define(name: str, value: Any, time: int | None = None) -> Any:
    """Name the entries of a value, so that one can differentiate by them."""
    if not isinstance(value, sp.MatrixBase):
        defined[scalar(name)] = (sp.S(value), time)
        return scalar(name)
    symbols = vector(name, value.rows) if value.cols == 1 else matrix(name, *value.shape)
    defined.update({symbol: (entry, time) for symbol, entry in zip(symbols, value, strict=True)})
    return symbols


def unknown(name: str) -> Callable[..., sp.Expr]:
    """Any smooth function of numbers: a line and a wave, with any coefficients."""
    return lambda *arguments: line_and_wave(name, sp.Matrix([1, *flat(*arguments)]))


def line_and_wave(name: str, u: sp.Matrix) -> sp.Expr:
    """Function of numbers whose coefficients carry its name."""
    return vector(f"{name}_line", len(u)).dot(u) + sp.sin(vector(f"{name}_wave", len(u)).dot(u))


# -- Derivatives -----------------------------------------------------------------------------------


def jacobian(y: Any, x: Any, since: int | None = None) -> sp.Matrix:
    """Derivative of y by symbols x, through all that is computed from x: row y, column x."""
    rows, columns = flat(y), flat(x)
    if not all(symbol.is_Symbol for symbol in columns):
        raise TypeError(f"a derivative is by symbols, not by {x}")
    return sp.Matrix(len(rows), len(columns), lambda i, j: slope(rows[i], columns[j], since))


def gradient(y: Any, x: Any, since: int | None = None) -> Any:
    """Derivative of a number by symbols x, in the shape of x."""
    slopes = jacobian(y, x, since)
    return slopes.reshape(*x.shape) if isinstance(x, sp.MatrixBase) else slopes[0]


@cache
def slope(y: sp.Expr, x: sp.Symbol, since: int | None) -> sp.Expr:
    """Derivative of a number by a symbol, by the chain rule; what is before a time is held."""
    inner = [(s, inner_slope(s, x, since)) for s in sorted(y.free_symbols, key=str)]
    return sp.Add(*(partial(y, symbol) * factor for symbol, factor in inner if factor != 0))


@cache
def partial(y: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    """Derivative of a number by a symbol that stands in it."""
    return y.diff(symbol)


@cache
def inner_slope(symbol: sp.Symbol, x: sp.Symbol, since: int | None) -> sp.Expr:
    """Derivative of a symbol: one of itself, and with a name of its own if it is computed."""
    value, time = defined.get(symbol, (sp.S.Zero, None))
    if symbol == x:
        return sp.S.One
    if since is not None and time is not None and time < since:
        return sp.S.Zero
    result = slope(value, x, since)
    return result if result.is_Atom else define(f"d({symbol})/d({x}) since {since}", result)


@cache
def prime(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Derivative of a function of one number."""
    u = sp.Dummy("u", real=True)
    derivative = function(u).diff(u)
    return lambda value: derivative.xreplace({u: sp.S(value)})


# -- Operations ------------------------------------------------------------------------------------


def entrywise(function: Callable[..., Any], *parts: Any) -> Any:
    """Apply a function entry by entry; a number goes with every entry."""
    shape = next(part.shape for part in parts if isinstance(part, sp.MatrixBase))
    arrays = [part if isinstance(part, sp.MatrixBase) else sp.ones(*shape) * part for part in parts]
    return sp.Matrix(*shape, lambda i, j: function(*(array[i, j] for array in arrays)))


def hadamard(*factors: sp.Matrix) -> sp.Matrix:
    """Product entry by entry."""
    return entrywise(sp.Mul, *factors)


def product(factors: Iterable[Any], one: Any) -> Any:
    """Product in the order of the factors, the first on the left."""
    for factor in factors:
        one = one * factor
    return one


def compose(step: Callable[[int, Any], Any], value: Any, times: Iterable[int]) -> Any:
    """Apply a step at each time, starting from a value."""
    for time in times:
        value = step(time, value)
    return value


def indicator(a: Any, b: Any) -> Any:
    """One if a is larger than b, else zero."""
    return sp.Heaviside(a - b, 0)


def convolve(vector: Any, kernel: Any) -> Any:
    """Convolution of a column with a kernel that has a middle tap, at the places of the column."""
    shift = len(kernel) // 2
    return sp.Matrix(
        [
            sum(
                tap * vector[i + shift - k]
                for k, tap in enumerate(kernel)
                if 0 <= i + shift - k < len(vector)
            )
            for i in range(len(vector))
        ]
    )


def norm(value: Any) -> Any:
    """Euclidean norm of a vector; largest singular value of a matrix."""
    is_vector = not isinstance(value, sp.MatrixBase) or 1 in value.shape
    return sp.sqrt(sum(entry**2 for entry in flat(value))) if is_vector else singular_value(value)


def singular_value(matrix: Any) -> Any:
    """Largest singular value of a matrix, for `number` to find."""
    return sp.Function("singular_value")(matrix.rows, *matrix)


def spectral_radius(matrix: Any) -> Any:
    """Largest modulus of an eigenvalue of a matrix, for `number` to find."""
    return sp.Function("spectral_radius")(matrix.rows, *matrix)


def matrix_of(rows: int, *entries: Any) -> Any:
    """Matrix of numbers, row by row."""
    columns = len(entries) // rows
    return mpmath.matrix([entries[i * columns : (i + 1) * columns] for i in range(rows)])


big_o = sp.Function("O")
"""What is too small to count, as in O(eps**2)."""

# -- Numbers ---------------------------------------------------------------------------------------

MEANING: dict[str, Callable[..., Any]] = {
    "Add": lambda *terms: mpmath.fsum(terms),
    "Mul": lambda *factors: mpmath.fprod(factors),
    "Pow": lambda base, exponent: base**exponent,
    "Abs": abs,
    "Max": max,
    "Min": min,
    "Heaviside": lambda u, at_zero: at_zero if u == 0 else int(u > 0),
    "DiracDelta": lambda u: 0 / u,  # a step has no slope at its edge
    "singular_value": lambda *matrix: max(mpmath.svd_r(matrix_of(*matrix), compute_uv=False)),
    "spectral_radius": lambda *matrix: max(map(abs, mpmath.eig(matrix_of(*matrix), right=False))),
    "O": lambda power: 0,
}
"""Functions of numbers that mpmath lacks, or has under another name."""

numbers: dict[Any, Any] = {}
"""Numbers of expressions at the random point at hand, and which point it is."""


def number(value: Any) -> Any:
    """Number that an expression is at the point at hand."""
    if value not in numbers:
        if value in defined:
            numbers[value] = number(defined[value][0])
        elif value.is_Symbol:
            numbers[value] = drawn(value)
        elif value.is_Integer:
            numbers[value] = int(value)
        elif not value.args:
            numbers[value] = mpmath.mpmathify(value.evalf(mpmath.mp.dps))
        else:
            name = value.func.__name__
            function = MEANING.get(name) or getattr(mpmath, name)
            numbers[value] = function(*map(number, value.args))
    return numbers[value]


def drawn(symbol: sp.Symbol) -> Any:
    """Random number: at every third point a small whole one, so that some are zero or equal."""
    point = numbers["point"]
    chance = random.Random(f"{symbol} at {point}")
    family = re.sub(r"(_\d+)*$", "", symbol.name)
    scale = 10 ** random.Random(f"{family} at {point}").uniform(-1.5, 0.5)
    value = chance.randint(-1, 2) if point % 3 == 2 else scale * chance.uniform(-2, 2)
    return mpmath.mpf(abs(value) or 0.5 if symbol.is_positive else value)


# -- Comparison ------------------------------------------------------------------------------------

ANYWHERE = [sp.Rational(sign * i**2, 31) for i in range(50) for sign in (1, -1)]
"""Numbers near and far, for a condition on every number."""


def pairs(a: Any, b: Any) -> list[tuple[Any, Any]]:
    """Entries of two sides; a number goes with every entry."""
    shapes = [side.shape if isinstance(side, sp.MatrixBase) else () for side in (a, b)]
    if shapes[0] != shapes[1] != ():
        raise SystemExit(f"NOT EQUAL: the shapes {shapes[0]} and {shapes[1]} differ")
    return list(zip(flat(a), flat(b) if shapes[1] else flat(b) * len(flat(a)), strict=True))


def holds(a: Any, sign: str, b: Any) -> bool:
    """Whether two expressions compare as they should at the point at hand, up to rounding."""
    a, b = number(a), number(b)
    slack = 1e-20 * (1 + abs(a) + abs(b))
    if sign in ("=", "!="):
        return bool(abs(a - b) <= slack) == (sign == "=")
    return bool(a < b if sign == "<" else a <= b + slack)


def holds_up_to_order(a: Any, sign: str, b: Any) -> bool:
    """Whether two expressions differ by what the O(...) in the second allows, as a step shrinks."""
    if not a.has(big_o) and not b.has(big_o):
        return holds(a, sign, b)
    if not b.has(big_o):
        return False
    (order,) = b.atoms(big_o)
    (allowed,), (step,) = order.args, order.free_symbols
    gaps = [(a - b).replace(big_o, lambda _: sp.S.Zero), *(o.args[0] for o in a.atoms(big_o))]
    here, ratios = dict(numbers), []
    for small in ("1e-6", "1e-7"):
        numbers.clear()
        numbers.update({"point": here["point"], step: mpmath.mpf(small)})
        ratios.append([abs(number(gap / allowed)) for gap in gaps])
    numbers.update(here)
    return all(later <= 1.01 * earlier + 1e-9 for earlier, later in zip(*ratios, strict=True))


def random_points(wanted: int, conditions: Iterable[Any], values: Iterable[Any]) -> Iterator[int]:
    """Go to points that fulfil all conditions, and at which every value exists."""
    found = missing = 0
    for point in range(1000):
        numbers.clear()
        numbers["point"] = point
        try:
            fulfilled = all(holds(*condition) for condition in conditions)
            exists = fulfilled and all(mpmath.isfinite(number(value)) for value in values)
        except ZeroDivisionError:
            fulfilled, exists = True, False
        missing += fulfilled and not exists
        if exists:
            found += 1
            yield found
        if found == wanted:
            break
    if missing:
        print(f"passed over: {missing} points at which a line has no number")
    if found < 3:
        raise SystemExit(f"UNDECIDED: {found} of {point + 1} random points fulfil the conditions")


def listed(word: str, numbers: dict[str, int]) -> str:
    """Numbers by their names, after a word."""
    return f"{word} {', '.join(f'{n}={v}' for n, v in numbers.items())}" if numbers else ""


def identical(gap: sp.Expr) -> bool:
    """Whether algebra sees without long work that nothing is left between two sides."""
    return bool(gap.count_ops() < 300 and sp.expand(gap) == 0)


def undecided(before: Any, sign: str, after: Any, choices: list[dict[str, int]]) -> list[Any]:
    """Entries of two lines that algebra does not find equal, with the choice of the indices."""
    if not choices:
        raise SystemExit("UNDECIDED: at these sizes the indices have no value")
    entries = [(at, *pair) for at in choices for pair in pairs(before(**at), after(**at))]
    return [(at, a, b) for at, a, b in entries if not (sign == "=" and identical(a - b))]


def fault(sign: str, entries: list[Any], compare: Callable[..., bool]) -> str:
    """What is wrong with two lines at the point at hand, in words."""
    for at, a, b in entries:
        if not compare(a, sign, b):
            word = "NOT EQUAL" if sign == "=" else "DOES NOT HOLD"
            sides = " and ".join(mpmath.nstr(number(side)) for side in (a, b))
            return f"{word}, as in {sides}{listed(' at', at)}"
    return ""


def check(
    derivation: list[Any],
    choices: list[dict[str, int]],
    sizes: dict[str, int],
    conditions: Callable[..., Iterable[Any]] = lambda **at: (),
    compare: Callable[..., bool] = holds,
) -> None:
    """Compare each line with the one before, for every choice of the indices, and say so."""
    lines, signs = derivation[::2], derivation[1::2]
    steps = [undecided(*step, choices) for step in zip(lines, signs, lines[1:], strict=False)]
    values = dict.fromkeys(side for step in steps for _, *sides in step for side in sides)
    asked = [condition for at in choices for condition in conditions(**at)]
    asked = [(x, sign, y) for a, sign, b in asked for x, y in pairs(a, b)]
    wanted = 3 if {*signs} == {"="} else 20
    found = [
        [fault(sign, step, compare) for sign, step in zip(signs, steps, strict=True)]
        for _ in random_points(wanted, dict.fromkeys(asked), values)
    ]
    faults = [next(filter(None, of_step), "") for of_step in zip(*found, strict=True)]
    for k, sign in enumerate(signs):
        fine = f"{'equal' if sign == '=' else 'holds'} at {len(found)} random points"
        verdict = faults[k] or (fine if steps[k] else "equal for all numbers")
        step = f"{lines[k].__name__} {sign} {lines[k + 1].__name__}".replace("_", " ")
        print(f"{step}: {verdict}{listed(', with', sizes)}")
    if any(faults):
        raise SystemExit(1)


def show(line: Any, choices: list[dict[str, int]], sizes: dict[str, int]) -> None:
    """Say that a definition has a number in every entry, for every choice of the indices."""
    values = [value for at in choices for value in flat(line(**at))]
    *_, points = random_points(3, (), values)
    found = f"{len(values)} entries have numbers at {points} random points"
    print(f"a definition, with nothing to compare: {found}{listed(', with', sizes)}")
