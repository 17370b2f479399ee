"""Properties that hold for every expression, whichever Hypothesis thinks of.

Each is checked against something that the machinery does not use: NumPy on plain numbers,
SymPy's own derivative, or a count.
"""

from collections import defaultdict
from contextlib import suppress
from functools import partial
from itertools import product

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sample import NUMBERS, Sample

from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.nodes import StatementError, walk
from rnnnotes.book.prove.proof import is_positive, is_zero
from rnnnotes.book.state.arguments import ArgumentError
from rnnnotes.book.values.entries import Entry, Ledger, expand
from rnnnotes.book.values.world import World
from rnnnotes.book.write.latex import latex
from rnnnotes.book.write.plaintext import text
from rnnnotes.bptt import jacobian_product
from rnnnotes.notation import (
    D,
    H,
    W_hh,
    W_xh,
    b_h,
    eta,
    exp,
    scores,
    sigmoid,
    tanh,
    u,
    v,
    w,
)
from rnnnotes.vanilla_rnn import pre_activation

settings.register_profile(
    "book",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("book")


# -- Expressions -----------------------------------------------------------------------------------

LEAVES = [u, eta, v, w, b_h, W_hh, W_hh.T, W_xh, W_xh.T, scores, lang.Number(2), lang.Ones(H)]

PAIRS = [lang.Add, lang.Sub, lang.Times, lang.MatMul, lang.Outer]

SINGLES = [lang.Neg, lang.Transpose, lang.Diag, lang.Total, tanh, sigmoid, lambda e: e**2]


def combined(parts):
    """An operation on two parts or on one, if their shapes fit."""

    def build(operation, *arguments):
        try:
            return operation(*arguments)
        except StatementError:
            return arguments[0]

    return some.one_of(
        some.builds(build, some.sampled_from(PAIRS), parts, parts),
        some.builds(build, some.sampled_from(SINGLES), parts),
    )


expressions = some.recursive(some.sampled_from(LEAVES), combined, max_leaves=6)

scalars = some.recursive(
    some.sampled_from([u, eta, lang.Number(2), lang.Number(-3)]),
    lambda parts: some.one_of(
        some.builds(lambda left, right: left + right, parts, parts),
        some.builds(lambda left, right: left - right, parts, parts),
        some.builds(lambda left, right: left * right, parts, parts),
        some.builds(tanh, parts),
        some.builds(sigmoid, parts),
        some.builds(lambda part: exp(tanh(part)), parts),
    ),
    max_leaves=5,
)

# -- A second meaning of the language: NumPy on numbers --------------------------------------------

NUMPY = {
    lang.Add: lambda a, b: a + b,
    lang.Sub: lambda a, b: a - b,
    lang.Times: lambda a, b: a * b,
    lang.MatMul: lambda a, b: a @ b,
    lang.Outer: np.outer,
    lang.Neg: lambda a: -a,
    lang.Transpose: lambda a: a.T,
    lang.Diag: np.diag,
    lang.Total: np.sum,
    lang.Power: lambda a, b: a**b,
}
"""What each node does with numbers."""

FUNCTIONS = {"tanh": np.tanh, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "exp": np.exp}


def direct(node, numbers):
    """Value of an expression, computed by NumPy from numbers for the symbols."""
    match node:
        case lang.Variable():
            return numbers[node]
        case lang.Number():
            return float(node.args[0])
        case lang.Ones():
            return np.ones([NUMBERS[size] for size in node.shape])
        case lang.Apply():
            return FUNCTIONS[node.function.name](direct(node.arguments[0], numbers))
    return NUMPY[type(node)](*(direct(part, numbers) for part in node.args))


@given(expressions, some.integers(0, 1000))
def test_value_is_that_of_numpy(tree, seed):
    """Written out entry by entry, then drawn: as if NumPy had been given the numbers."""
    world = World(NUMBERS)
    draw = Sample(world.ledger, seed)
    symbols = {node for node in walk(tree) if isinstance(node, lang.Variable)}
    numbers = {symbol: draw.floats(world.value(symbol, {})) for symbol in symbols}

    found, wanted = draw.floats(world.value(tree, {})), direct(tree, numbers)

    assert found.shape == np.shape(wanted) == world.shape(tree, {})
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@given(expressions, expressions)
def test_shapes_that_differ_are_refused(left, right):
    """Whatever NumPy would broadcast: a vector plus a matrix is not a statement."""
    if left.shape and right.shape and left.shape != right.shape:
        for operation in (lang.Add, lang.Sub, lang.Times):
            with pytest.raises(StatementError):
                operation(left, right)
        with pytest.raises(StatementError):
            lang.Relation(left, "=", right)
    if left.shape and right.shape and left.shape[-1] != right.shape[0]:
        with pytest.raises(StatementError):
            left @ right


def grown(parts, leaves):
    """Every expression of one more operation, at most one of its parts being large."""
    one = (partial(operation, part) for operation in SINGLES for part in parts)
    two = (
        partial(operation, *pair)
        for operation in [*PAIRS, lang.Divide]
        for part, leaf in product(parts, leaves)
        for pair in ((part, leaf), (leaf, part))
    )
    for build in (*one, *two):
        with suppress(StatementError):
            yield build()


@pytest.mark.parametrize("printed", [latex, text])
def test_trees_that_print_alike_have_one_value(printed):
    """Every tree of up to two operations: what a reader cannot tell apart may not differ."""
    leaves = [u, v, W_hh, lang.Number(2)]
    small = dict.fromkeys(grown(leaves, leaves))
    large = dict.fromkeys(grown(small, [*leaves, w]))
    alike = defaultdict(list)
    for tree in (*leaves, *small, *large):
        alike[printed(tree)].append(tree)
    world = World(NUMBERS)
    draw = Sample(world.ledger, 0)

    assert len(alike) > 3000
    for tex, trees in ((tex, trees) for tex, trees in alike.items() if len(trees) > 1):
        first, *others = (draw.floats(world.value(tree, {})) for tree in trees)
        for other in others:
            assert other.shape == first.shape, tex
            assert other == pytest.approx(first), tex


# -- Derivatives -----------------------------------------------------------------------------------

SYMPY = {"tanh": sp.tanh, "sigmoid": lambda a: 1 / (1 + sp.exp(-a)), "exp": sp.exp}

A, B = sp.symbols("A B", real=True)


def in_sympy(node):
    """A scalar expression in SymPy's own functions."""
    match node:
        case lang.Variable():
            return {u: A, eta: B}[node]
        case lang.Number():
            return node.args[0]
        case lang.Apply():
            return SYMPY[node.function.name](in_sympy(node.arguments[0]))
    return NUMPY[type(node)](*map(in_sympy, node.args))


@given(scalars, some.integers(0, 1000))
def test_derivative_is_that_of_sympy(tree, seed):
    """The ledger has rules of its own for the chain and for each function."""
    world = World(NUMBERS)
    draw = Sample(world.ledger, seed)
    of, by = world.value(tree, {}), world.value(u, {})

    found = draw.floats(world.ledger.derivatives(of, by))[()]
    at = {A: draw.floats(by)[()], B: draw.floats(world.value(eta, {}))[()]}
    wanted = sp.lambdify((A, B), sp.diff(in_sympy(tree), A), "math")(at[A], at[B])

    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6)


@given(scalars, scalars)
def test_derivative_of_a_product(left, right):
    """The rule of Leibniz, decided by algebra."""
    world = World(NUMBERS)
    by = world.value(u, {})

    def slope(tree):
        return world.ledger.derivatives(world.value(tree, {}), by)[()].expr

    a, b = (world.value(side, {})[()].expr for side in (left, right))
    leibniz = slope(left) * b + a * slope(right)

    assert is_zero(world.ledger.plain(slope(left * right) - leibniz))


@given(scalars, scalars, some.integers(0, 1000))
def test_what_algebra_calls_equal_is_equal_on_numbers(left, right, seed):
    """Zero is never said of what is not; the rules of symmetry are used on the way."""
    world = World(NUMBERS)
    draw = Sample(world.ledger, seed)
    a, b = (world.value(side, {})[()] for side in (left, right))
    numbers = draw.evaluate(a.expr), draw.evaluate(b.expr)

    if is_zero(world.ledger.plain(a.expr - b.expr)):
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-9, abs=1e-9)
    if is_positive(world.ledger.plain(b.expr - a.expr), "<="):
        assert numbers[0] <= numbers[1] + 1e-9


@given(scalars, some.integers(0, 1000))
def test_normal_form_keeps_the_value(tree, seed):
    """Writing a tree in leaves and atoms changes nothing."""
    world = World(NUMBERS)
    draw = Sample(world.ledger, seed)
    entry = world.value(tree, {})[()]

    plain = draw.evaluate(world.ledger.plain(entry.expr))

    assert plain == pytest.approx(draw.evaluate(entry.expr), rel=1e-9, abs=1e-9)


@given(scalars)
def test_expansion_is_that_of_sympy(tree):
    """A sum of monomials is told from what is to be expanded."""
    expr = World(NUMBERS).value(tree, {})[()].expr

    assert expand(expr) == sp.expand(expr)


@given(some.lists(some.integers(-3, 3), min_size=1, max_size=4), some.integers(-3, 3))
def test_nodes_change_no_derivative(coefficients, point):
    """A polynomial by Horner's rule, each step a node: its slope is that of the polynomial."""
    ledger = Ledger()
    z = ledger.entry("z")
    total = Entry(sp.Integer(0), ledger)
    for number, coefficient in enumerate(coefficients):
        total = ledger.define(f"step{number}", total * z + coefficient, number)

    slope = ledger.plain(ledger.derivative(total.expr, z.expr)).subs(z.expr, point)

    assert slope == np.polyval(np.polyder(coefficients), point)


# -- Arguments -------------------------------------------------------------------------------------

SHAPES = {"x": (D,), "h_prev": (H,), "W_xh": (H, D), "W_hh": (H, H), "b_h": (H,)}


@given(
    some.integers(1, 4), some.integers(1, 4), some.sampled_from(sorted(SHAPES)),
    some.integers(0, 1), some.integers(-1, 2),
)  # fmt: skip
def test_each_wrong_length_is_refused_by_name(hidden, inputs, name, axis, change):
    """One axis is too long, too short or missing: some argument does not fit, and is named."""
    lengths = {H: hidden, D: inputs}
    arrays = {key: np.ones([lengths[s] for s in shape]) for key, shape in SHAPES.items()}
    wrong = list(arrays[name].shape)
    axis = min(axis, len(wrong) - 1)
    wrong[axis] += change
    arrays[name] = np.ones(wrong)

    if change == 0:
        assert pre_activation(**arrays).shape == (hidden,)
        return
    with pytest.raises(ArgumentError) as refusal:
        pre_activation(**arrays)
    assert str(refusal.value).split(":")[0] in SHAPES


@given(some.one_of(some.text(), some.complex_numbers(), some.none(), some.booleans()))
def test_what_is_no_number_is_refused(value):
    """The message names the argument."""
    with pytest.raises(ArgumentError, match=r"^b_h: expected"):
        pre_activation(
            x=np.ones(1), h_prev=np.ones(1), W_xh=np.ones((1, 1)), W_hh=np.ones((1, 1)),
            b_h=np.array([value]),
        )  # fmt: skip


@given(some.integers(-3, 6), some.integers(1, 4))
def test_time_out_of_range_is_refused(time, steps):
    """Python would count a negative index from the end."""
    arguments = {"as_": np.zeros((steps, 2)), "W_hh": np.eye(2), "f_prime": np.ones_like, "k": 0}
    if 1 <= time <= steps:
        assert jacobian_product(**arguments, t=time) == pytest.approx(np.eye(2))
    else:
        with pytest.raises(ArgumentError, match=rf"t: expected 1 to {steps}, got {time}"):
            jacobian_product(**arguments, t=time)
