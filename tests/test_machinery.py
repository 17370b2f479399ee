"""The parts of the machinery, one by one."""

import math

import numpy as np
import pytest
import sympy as sp
from sample import NUMBERS

from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import UnknownFormulaError, find
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.language.nodes import (
    Block,
    Compose,
    Concatenate,
    Convolve,
    Diag,
    Eq,
    Expression,
    Immediate,
    Indicator,
    Jacobian,
    Literal,
    MatrixPower,
    Max,
    Number,
    OneHot,
    Outer,
    Product,
    Stack,
    StatementError,
    Steps,
    Sum,
    Zeros,
    indices,
)
from rnnnotes.book.prove.settings import fails, holds, tells
from rnnnotes.book.state.arguments import ArgumentError, DtypeError, Length, ShapeError
from rnnnotes.book.state.formulas import FORMULAS, formula
from rnnnotes.book.values.draws import Draws
from rnnnotes.book.values.entries import BranchesOnValues, Ledger
from rnnnotes.book.values.tape import Number as Float
from rnnnotes.book.values.tape import constant
from rnnnotes.book.values.world import RULES as VALUED
from rnnnotes.book.values.world import Definition, World
from rnnnotes.book.write.latex import RULES as PRINTED
from rnnnotes.book.write.latex import latex
from rnnnotes.notation import (
    D,
    F,
    H,
    L,
    O,
    T,
    W_hh,
    W_xh,
    X,
    a,
    b_h,
    b_y,
    eta,
    exp,
    f,
    g,
    h,
    j,
    k,
    kernel_x,
    log,
    p_map,
    r,
    s,
    sigmoid,
    t,
    tanh,
    tau,
    theta,
    u,
    v,
    w,
    x,
)


@pytest.fixture
def world():
    """Sizes, and no definitions."""
    return World(NUMBERS)


@pytest.fixture
def ledger():
    """An empty ledger."""
    return Ledger()


def drawn(seed=0, definitions=()):
    """World of one draw."""
    return World(NUMBERS, definitions, Draws([9], 10, seed))


def numbers(world, tree, seed=0, at=None):
    """Value of a tree in a draw of a world, or of one without definitions."""
    value = np.frompyfunc(lambda number: float(np.ravel(number.value)[0]), 1, 1)
    one = drawn(seed) if isinstance(world.ledger, Ledger) else world
    return np.asarray(value(one.value(tree, at or {})), dtype=float)


# -- Language --------------------------------------------------------------------------------------


PRIMED, TWICE = (sp.Symbol(f"k{primes}", integer=True) for primes in ("'", "''"))
"""Names that a bound index takes where another k comes in."""


@pytest.mark.parametrize(
    ("tree", "shape"),
    [
        (v @ w, ()),
        (W_xh @ x[t], (H,)),
        (v.T @ W_xh, (D,)),
        (X @ W_xh.T, (X.shape[0], H)),
        (Outer(v, x[t]), (H, D)),
        (Diag(v), (H, H)),
        (1 - v, (H,)),
        (Jacobian(h[t], x[t]), (H, D)),
        (Jacobian(h[t], W_xh), (H, H, D)),
        (lang.Gradient(L, W_xh), (H, D)),
        (Immediate(s[t], theta), (H, *theta.shape)),
        (Concatenate(v, x[t]), (H + D,)),
        (Convolve(x[t], v), (D,)),
        (Steps(h), (T + 1, H)),
        (Steps(x), (T, D)),
        (Stack(v * 2, k, 1, t), (t, H)),
        (Literal([1, 2, 3], [4, 5, 6]), (2, 3)),
        (OneHot(r, O), (O,)),
        (Zeros(H, D), (H, D)),
        (Block([W_hh, W_xh], [W_xh.T, Zeros(D, D)]), (H + D, H + D)),
    ],
    ids=str,
)
def test_shape_is_that_of_numpy(tree, shape):
    """A vector has one axis; shapes are compared by name."""
    assert tree.shape == shape


def test_blocks_that_do_not_fit_are_refused():
    """Heights agree along a row, and widths down a column."""
    for rows in ([W_hh, W_xh.T],), ([W_hh], [W_xh]), ([W_hh, v],):
        with pytest.raises(StatementError, match="Block: the shapes"):
            Block(*rows)


def test_blocks_stand_where_numpy_puts_them(world):
    """Row by row, as they are written."""
    matrix = Block([W_hh, W_xh], [W_xh.T, Zeros(D, D)])
    W, U = numbers(world, W_hh), numbers(world, W_xh)

    assert numbers(world, matrix) == pytest.approx(np.block([[W, U], [U.T, np.zeros((4, 4))]]))


def test_free_indices_are_not_bound_ones():
    """A sum runs through its index, and its bounds stay free."""
    assert indices(Sum(W_hh @ h[j - 1] + h[k], j, k + 1, t)) == {k, t}


def test_a_symbol_is_not_a_sequence():
    """Python would index it for ever."""
    with pytest.raises(TypeError, match="h is one symbol"):
        list(h)


def test_every_node_is_printed_and_has_a_value():
    """No node of the language is forgotten."""
    named = (getattr(lang, name) for name in lang.__all__)
    nodes = {kind for kind in named if isinstance(kind, type) and issubclass(kind, Expression)}
    nodes.remove(Expression)

    assert nodes <= set(PRINTED)
    assert nodes <= set(VALUED)


@pytest.mark.parametrize(
    ("tree", "values", "expected"),
    [
        (Sum(h[k], k, 1, t), {t: T}, Sum(h[k], k, 1, T)),
        (Sum(h[k], k, 1, t), {k: sp.Integer(5), t: k}, Sum(h[k], k, 1, k)),
        (Sum(h[t] * h[k], k, k, T), {k: t + 1}, Sum(h[t] * h[k], k, t + 1, T)),
        (Sum(h[t] * h[k], k, k, T), {k: k + 1}, Sum(h[t] * h[k], k, k + 1, T)),
        (Sum(h[t] * h[k], k, 1, T), {t: k}, Sum(h[k] * h[PRIMED], PRIMED, 1, T)),
        (Sum(h[t] * h[k] * h[PRIMED], k, 1, T), {t: k},
         Sum(h[k] * h[TWICE] * h[PRIMED], TWICE, 1, T)),
        (Stack(Sum(h[t] * h[k], k, 1, T), t, 1, T), {t: k},
         Stack(Sum(h[t] * h[k], k, 1, T), t, 1, T)),
        (Compose(tanh(v + h[k]), v, h[t], k, 1, t), {k: sp.Integer(2), t: t + 1},
         Compose(tanh(v + h[k]), v, h[t + 1], k, 1, t + 1)),
    ],
)  # fmt: skip
def test_values_are_put_for_free_indices_alone(tree, values, expected):
    """A bound index is another than a free one of its name, and makes way for it."""
    assert lang.put(tree, values) == expected


# -- Printing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tree", "tex"),
    [
        (v - (w - b_h), r"\mathbf{v} - (\mathbf{w} - \mathbf{b}_{h})"),
        ((v + w) * b_h, r"(\mathbf{v} + \mathbf{w}) \odot \mathbf{b}_{h}"),
        (W_hh @ (v + w), r"\mathbf{W}_{hh} (\mathbf{v} + \mathbf{w})"),
        (v @ w, r"\mathbf{v}^{\top} \mathbf{w}"),
        (Outer(v, w), r"\mathbf{v} \mathbf{w}^{\top}"),
        (Convolve(v + w, b_h), r"(\mathbf{v} + \mathbf{w}) * \mathbf{b}_{h}"),
        (h[t - 1], r"\mathbf{h}_{t-1}"),
        (1 - v, r"\mathbf{1} - \mathbf{v}"),
        (f.prime(a[t]), r"f'(\mathbf{a}_{t})"),
        (v**2, r"\mathbf{v}^{\odot 2}"),
        (h[2, t] ** 2, r"(\mathbf{h}^{(2)}_{t})^{\odot 2}"),
        (u**2, r"u^{2}"),
        (exp(-u), r"e^{-u}"),
        (3 * Number(2 * H), r"3 \cdot 2 H"),
    ],
    ids=str,
)
def test_tree_is_set_as_it_was_stated(tree, tex):
    """In the author's order, with the brackets it needs and no others."""
    assert latex(tree) == tex


@pytest.mark.parametrize("stated", find_all().values(), ids=find_all())
def test_equation_has_matching_braces(stated):
    """A brace that is not closed would swallow the page."""
    tex = stated.latex.replace(r"\{", "").replace(r"\}", "")

    assert tex.count("{") == tex.count("}")
    assert tex.count(r"\left") == tex.count(r"\right")
    assert "Basic" not in tex


# -- Entries ---------------------------------------------------------------------------------------


def test_numpy_runs_on_entries(world):
    """The code of a formula needs no change to be proved."""
    W, z = world.value(W_hh, {}), world.value(v, {})

    assert (np.tanh(W @ z) + 1)[0].ledger is world.ledger
    assert np.outer(z, z).shape == np.diag(z).shape == (2, 2)


@pytest.mark.parametrize(
    "compare",
    [lambda e: e < 1, bool, float, lambda e: np.maximum(np.array([e]), 0)],
    ids=["less", "truth", "number", "maximum"],
)
def test_an_entry_has_no_size(ledger, compare):
    """Code that asks for it is tested, and not proved."""
    with pytest.raises(BranchesOnValues):
        compare(ledger.entry("z"))


def test_derivative_stops_at_what_it_is_taken_by(ledger):
    """With z = 3 y and y = 2 x: dz/dy = 3, dz/dx = 6, and y is not moved by z."""
    x_ = ledger.entry("x")
    y_ = ledger.define("y", 2 * x_, 1)
    z_ = ledger.define("z", 3 * y_, 2)

    assert ledger.derivative(z_.expr, y_.expr) == 3
    assert ledger.derivative(z_.expr, x_.expr) == 6
    assert ledger.derivative(y_.expr, z_.expr) == 0


def test_immediate_derivative_holds_earlier_nodes(ledger):
    """Z = y + x with y = 2 x: in all 3, at once 1."""
    x_ = ledger.entry("x")
    z_ = ledger.define("z", ledger.define("y", 2 * x_, 1) + x_, 2)

    assert ledger.derivative(z_.expr, x_.expr) == 3
    assert ledger.derivative(z_.expr, x_.expr, since=2) == 1


def test_derivative_is_by_a_symbol(ledger):
    """By an expression it would be zero in silence."""
    x_ = ledger.entry("x")

    with pytest.raises(TypeError, match="by a symbol"):
        ledger.derivatives(np.array([x_**2]), np.array([2 * x_]))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (lambda z: np.exp(-z) * np.exp(z), lambda z: 1 + 0 * z),
        (lambda z: np.tanh(-z), lambda z: -np.tanh(z)),
        (lambda z: np.log(np.exp(z)), lambda z: z),
        (lambda z: np.exp(2 * z), lambda z: np.exp(z) ** 2),
        (lambda z: np.tanh(z - z), lambda z: 0 * z),
        (lambda z: np.tanh((z**2 - 1) / (z - 1)), lambda z: np.tanh(z + 1)),
    ],
    ids=["inverse", "odd", "logarithm", "double", "zero", "cancelled"],
)
def test_normal_form_knows(ledger, left, right):
    """What the functions obey, each atom by its argument."""
    z = np.array([ledger.entry("z")])
    difference = (left(z) - right(z))[0]

    assert sp.expand(ledger.plain(difference.expr)) == 0


def test_slopes_along_a_path_stay_one_product(ledger):
    """Written out, three slopes of tanh would be eight terms; their value is what it was."""
    z = ledger.entry("z")
    first = ledger.define("first", np.tanh(z), None)
    second = ledger.define("second", np.tanh(first), None)
    third = np.tanh(second)

    slope = ledger.derivative(third.expr, z.expr)

    assert len(sp.Add.make_args(sp.expand(slope))) == 1
    written_out = (1 - third**2) * (1 - second**2) * (1 - first**2)
    assert sp.expand(ledger.plain(slope - written_out.expr)) == 0


def test_what_is_zero_in_nodes_is_not_written_out(monkeypatch, ledger):
    """What the nodes stand for is asked only where it matters."""
    x_ = ledger.entry("x")
    y_ = ledger.define("y", 2 * x_, None)

    assert ledger.gap(y_.expr, 2 * x_.expr) == 0
    assert ledger.gap(y_.expr, 3 * x_.expr) == x_.expr
    monkeypatch.setattr(Ledger, "plain", None)
    assert ledger.gap(x_.expr * y_.expr + x_.expr, x_.expr * (y_.expr + 1)) == 0


# -- World -----------------------------------------------------------------------------------------


def test_a_value_is_worked_out_once_at_each_index(world):
    """Many lines hold the same derivative; an index of its own has its own."""
    node = f(a[t])

    assert world.value(node, {t: 1}) is world.value(node, {t: 1})
    assert world.value(node, {t: 1})[0].expr != world.value(node, {t: 2})[0].expr


def test_a_value_depends_on_what_is_bound(world):
    """Within a composition a symbol stands for something else, and afterwards for itself."""
    outside = world.value(2 * v, {})
    world.bound = {v: world.value(w, {})}
    inside = world.value(2 * v, {})
    world.bound = {}

    assert inside[0].expr == 2 * world.value(w, {})[0].expr
    assert outside[0].expr == world.value(2 * v, {})[0].expr == 2 * world.value(v, {})[0].expr


def test_product_has_the_latest_factor_on_the_left(world):
    """M_2 M_1, and of no factors the identity."""
    from rnnnotes.notation import M

    two = numbers(world, M[2]) @ numbers(world, M[1])

    assert numbers(world, Product(M[j], j, 2, 1)) == pytest.approx(two)
    assert numbers(world, Product(M[j], j, 1, 2)) == pytest.approx(np.eye(2))
    assert numbers(world, Product(u, j, 1, 2)) == 1


def test_sum_of_nothing_is_zero(world):
    """It has the shape of its terms."""
    assert numbers(world, Sum(W_hh @ h[j], j, 1, 0)) == pytest.approx(np.zeros(2))


def test_composition_applies_the_last_function_last(world):
    """tanh(W tanh(W v))."""
    twice = Compose(tanh(W_hh @ w), w, v, j, 1, 2)
    W, start = numbers(world, W_hh), numbers(world, v)

    assert numbers(world, twice) == pytest.approx(np.tanh(W @ np.tanh(W @ start)))


def test_definition_is_followed_through_time():
    """h_3 is computed from h_0; before that it is any vector."""
    step = Definition(h[t], tanh(W_hh @ h[t - 1]), ((t, sp.Integer(1), T),))
    world = drawn(definitions=[step])
    state, W = numbers(world, h[0]), numbers(world, W_hh)
    for _ in range(3):
        state = np.tanh(W @ state)

    assert numbers(world, h[T]) == pytest.approx(state)


def test_one_hot_counts_from_one(world):
    """The first class is class 1, and there is no class 0."""
    assert numbers(world, OneHot(r, O), at={r: 1})[0] == 1
    with pytest.raises(StatementError, match="place 0 is not within 1 to 5"):
        world.value(OneHot(r, O), {r: 0})


def test_index_that_has_no_value_is_refused(world):
    """It would be a symbol among numbers."""
    with pytest.raises(StatementError, match="t is not a whole number"):
        world.value(h[t], {})


def test_power_of_a_matrix_counts_factors(world):
    """Not the power of each entry."""
    W = numbers(world, W_hh)

    assert numbers(world, MatrixPower(W_hh, 3)) == pytest.approx(W @ W @ W)


# -- Draws -----------------------------------------------------------------------------------------


def test_draw_is_the_same_for_the_same_seed(world):
    """A counterexample can be found again."""
    first, again, other = (numbers(world, W_hh @ v, seed) for seed in (1, 1, 2))

    assert first == pytest.approx(again)
    assert first != pytest.approx(other)


@pytest.mark.parametrize("draw", range(30))
def test_unknown_activation_has_its_derivative(draw):
    """A central difference of what stands for f agrees with what stands for f', for each kind."""
    draws = Draws(range(30), 30)
    activation, slope = (
        lambda z, order=order: draws.apply("f", constant(z), orders=(order,)).value[draw]
        for order in (0, 1)
    )
    z, step = 0.3, 1e-6

    difference = (activation(z + step) - activation(z - step)) / (2 * step)
    assert difference == pytest.approx(slope(z), rel=1e-6, abs=1e-6)


def test_unknown_activation_has_no_property_of_its_own():
    """It is not odd, not bounded, not zero at zero, not its own derivative, and f is not g."""
    draws = Draws(range(30), 30)
    f_, g_, slope = (
        np.array([draws.apply(name, constant(z), orders=(order,)).value
                  for z in (-0.5, 0.0, 0.5, 50.0)]).T
        for name, order in (("f", 0), ("g", 0), ("f", 1))
    )  # fmt: skip

    assert not np.isclose(f_[:, 0], -f_[:, 2]).all()
    assert not np.isclose(f_[:, 1], 0).all()
    assert not np.isclose(f_, slope).all()
    assert not np.isclose(f_, g_).all()
    assert np.abs(f_).max() > 1e6
    assert np.abs(slope).max() > 1e6


def test_unknown_map_has_its_derivative():
    """What stands for F in a draw is the same for the statement and for its code."""
    step = Definition(s[t], F(s[t - 1], x[t], theta), ((t, sp.Integer(1), T),))
    world = drawn(definitions=[step])
    before, inputs, parameters = (numbers(world, node) for node in (s[0], x[1], theta))

    def after(before):
        return [number.value.item() for number in world.apply(F, (before, inputs, parameters), {})]

    differences = [
        np.subtract(after(before + e), after(before - e)) / 2e-6 for e in 1e-6 * np.eye(NUMBERS[H])
    ]

    value, slope = (numbers(world, node) for node in (s[1], Jacobian(s[1], s[0])))
    assert value == pytest.approx(after(before))
    assert slope == pytest.approx(np.array(differences).T, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        (Max(u, u + 1), lambda z: z + 1),
        (Indicator(u + 1, u), lambda z: 1.0),
        (lang.Abs(u), abs),
        (sigmoid(u), lambda z: 1 / (1 + math.exp(-z))),
        (log(eta * eta), None),
    ],
    ids=lambda part: type(part).__name__,
)
def test_opaque_functions_have_values(world, tree, value):
    """NumPy gives them, one by one."""
    z = float(numbers(world, u))
    wanted = value(z) if value else 2 * math.log(numbers(world, eta))

    assert numbers(world, tree) == pytest.approx(wanted)


def test_convolution_is_that_of_numpy(world):
    """NumPy convolves numbers; the rule of the language sums over taps."""
    tree = Convolve(p_map, kernel_x)
    wanted = np.convolve(numbers(world, p_map), numbers(world, kernel_x), mode="same")

    np.testing.assert_allclose(numbers(world, tree), wanted)


@pytest.mark.parametrize("kernel", [v, p_map * 1, b_y])
def test_kernel_needs_a_middle_and_fits(world, kernel):
    """With an even number of taps, or more taps than places, no place is that of a result."""
    with pytest.raises(StatementError, match="taps have no middle"):
        world.value(Convolve(x[1], kernel), {})


@pytest.mark.parametrize(
    ("left", "sign", "right", "holding", "failing"),
    [
        ((1.0, 0.0), "=", (1.0, 0.0), True, False),
        ((1.0, 0.0), "=", (1.0 + 1e-15, 0.0), False, True),
        ((1.0, 1e-9), "=", (1.0 + 1e-9, 0.0), False, False),
        ((1.0, 0.0), "<=", (1.0, 0.0), True, False),
        ((1.0, 0.0), "<", (1.0, 0.0), False, True),
        ((1.0, 1e-9), "<", (1.0, 0.0), False, False),
        ((2.0, 0.1), "<=", (1.0, 0.1), False, True),
        ((math.nan, 0.0), "=", (math.nan, 0.0), False, False),
        ((math.inf, 0.0), "<=", (1.0, 0.0), False, False),
        ((2.0, math.inf), "<=", (1.0, 0.0), False, False),
    ],
)
def test_numbers_compare_for_certain_or_not_at_all(left, sign, right, holding, failing):
    """What rounding may have made, and what is not a number, shows nothing either way."""
    a, b = Float(*left), Float(*right)
    with np.errstate(invalid="ignore"):
        assert bool(holds(a, sign, b)) is holding
        assert bool(fails(a, sign, b)) is failing
        known = max(left[1], right[1]) < 1e-5 and math.isfinite(left[0])
        assert bool(tells(a, sign, b)) is (known and (sign == "=" or holding))


# -- Formulas --------------------------------------------------------------------------------------


def test_unknown_id_suggests_the_nearest():
    """A slip of the pen is found."""
    with pytest.raises(UnknownFormulaError, match=r"nearest are .*bptt\.step_jacobian"):
        find("bptt.step_jacobean")


def test_given_must_be_stated():
    """A function that states nothing proves nothing."""
    with pytest.raises(StatementError, match="states no formula"):
        formula(Eq(u, u), given=[math.sin], derivation=[("=", "same")])(lambda: 0)


def test_id_of_another_module_is_not_taken():
    """Two formulas of one id would overwrite each other."""
    find_all()

    def step_jacobian():
        """Step."""

    step_jacobian.__module__ = "rnnnotes.elsewhere.bptt"

    with pytest.raises(StatementError, match="the id is taken"):
        formula(Eq(u, u), source="elman1990", derivation=[("=", "same")])(step_jacobian)
    assert FORMULAS["bptt.step_jacobian"].code.__module__ == "rnnnotes.bptt"


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("h", h[t]),
        ("h_prev", h[t - 1]),
        ("h_next", h[t + 1]),
        ("h_0", h[0]),
        ("hs", Steps(h)),
        ("xs", Steps(x)),
        ("as_", Steps(a)),
        ("h_prevs", Steps(h, 0, T - 1)),
        ("W_hh", W_hh),
        ("T", T),
        ("k", k),
        ("g_prime", g.prime),
    ],
)
def test_name_of_a_parameter_says_what_it_is(name, meaning):
    """The rules of the names, one by one."""
    assert find("bptt.step_jacobian").argument(name) == meaning


# -- Arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "arguments", "error", "message"),
    [
        (
            "bptt.step_jacobian", (np.zeros(2), np.zeros((2, 3)), np.ones_like),
            ShapeError, r"W_hh: expected shape \(H, H\) with H=2 from the arguments before",
        ),
        (
            "bptt.step_jacobian", (np.zeros((2, 2)), np.eye(2), np.ones_like),
            ShapeError, r"a: expected shape \(H,\), got \(2, 2\)",
        ),
        (
            "bptt.step_jacobian", (np.zeros(2), np.eye(2), 1.0),
            DtypeError, "f_prime: expected a function, got float",
        ),
        (
            "bptt.step_jacobian", (np.zeros(2, dtype=complex), np.eye(2), np.ones_like),
            DtypeError, "a: expected real numbers, got dtype complex128",
        ),
        (
            "bptt.step_jacobian", (np.zeros(0), np.zeros((0, 0)), np.ones_like),
            ShapeError, "a: axis 0 is empty",
        ),
        (
            "bptt.jacobian_product", (np.zeros((3, 2)), np.eye(2), np.ones_like, 4, 0),
            ArgumentError, "t: expected 1 to 3, got 4",
        ),
        (
            "bptt.jacobian_product", (np.zeros((3, 2)), np.eye(2), np.ones_like, 2, 3),
            ArgumentError, "k: expected 0 to 2, got 3",
        ),
        (
            "bptt.jacobian_product", (np.zeros((3, 2)), np.eye(2), np.ones_like, 2.0, 1),
            DtypeError, "t: expected an integer, got 2.0",
        ),
    ],
    ids=["other size", "other rank", "no function", "complex", "empty", "late", "order", "float"],
)  # fmt: skip
def test_wrong_argument_is_refused_by_name(id, arguments, error, message):
    """What was expected, and what came."""
    import rnnnotes.bptt as chapter

    with pytest.raises(error, match=message):
        getattr(chapter, id.partition(".")[2])(*arguments)


@pytest.mark.parametrize(
    ("size", "symbol", "length", "known", "found"),
    [
        (H, H, 3, {}, 3),
        (2 * H, H, 6, {}, 3),
        (2 * H, H, 5, {}, None),
        (H**2, H, 9, {}, 3),
        (H**2, H, 8, {}, None),
        (D * H, H, 12, {D: 4}, 3),
        (D * H, H, 12, {D: 5}, None),
        (tau + 1, tau, 1, {}, 0),
        (H, H, 0, {}, None),
    ],
)
def test_a_length_tells_the_size_that_gives_it(size, symbol, length, known, found):
    """A size is a whole number above 0; an index may be 0.  What does not come out is no size."""
    assert Length(size).solved(symbol, length, known) == found


def test_sympy_is_not_asked_at_each_call(monkeypatch):
    """What a formula expects is worked out once, though the sizes of the next call differ."""
    import rnnnotes.bptt as chapter

    def product(steps, hidden):
        return chapter.jacobian_product(
            np.zeros((steps, hidden)), np.eye(hidden), np.ones_like, t=steps, k=0
        )

    product(3, 2)
    for asked in ("subs", "xreplace", "atoms"):
        monkeypatch.setattr(sp.Basic, asked, None)
    monkeypatch.setattr(sp, "solve", None)
    monkeypatch.setattr(sp, "lambdify", None)

    assert product(5, 4).shape == (4, 4)
