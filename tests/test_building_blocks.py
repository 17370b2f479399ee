"""The building blocks, held against what was not written here."""

from __future__ import annotations

import runpy
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp

from rnnnotes.book.check.checking import prove
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.known import KNOWN
from rnnnotes.book.language.nodes import Entry, StatementError
from rnnnotes.book.state.arguments import ArgumentError, DtypeError, ShapeError
from rnnnotes.book.values.entries import Entries
from rnnnotes.book.values.world import World
from rnnnotes.building_blocks import (
    batch_row,
    cross_entropy,
    cross_entropy_gradient,
    hadamard_product,
    jacobian_entry,
    linear_jacobian,
    linear_map,
    probabilities,
    relu,
    relu_slope,
    sigmoid,
    sigmoid_slope,
    sigmoid_slope_bound,
    sigmoid_slope_positive,
    sigmoid_symmetry,
    softmax,
    softmax_jacobian,
    softmax_shift,
    softmax_total,
    tanh,
    tanh_from_sigmoid,
    tanh_slope,
    tanh_slope_bound,
    tanh_slope_positive,
    weight_gradient,
)
from rnnnotes.notation import H, O, n, r, u, v

STEP = 1e-5
"""Step of a central difference: its error is of the order of 1e-10."""

FIGURES = Path(__file__).parents[1] / "docs" / "figures" / "building_blocks.py"


def central_jacobian(function, point):
    """Jacobian by central differences: one column for each input that moves."""
    steps = STEP * np.eye(len(point))
    return np.column_stack(
        [(function(point + s) - function(point - s)) / (2 * STEP) for s in steps]
    )


# -- Layouts ---------------------------------------------------------------------------------------


def test_an_entry_of_a_jacobian_is_what_one_input_does_to_one_output():
    """The derivatives are worked out by hand for a map without any symmetry."""

    def three_of_two(v):
        return np.array([v[0] * v[1], v[0] ** 2, v[1]])

    J = central_jacobian(three_of_two, np.array([3.0, 5.0]))

    assert jacobian_entry(J, r=1, i=1) == pytest.approx(5)
    assert jacobian_entry(J, r=1, i=2) == pytest.approx(3)
    assert jacobian_entry(J, r=2, i=1) == pytest.approx(6)
    assert jacobian_entry(J, r=3, i=2) == pytest.approx(1)


@pytest.mark.parametrize(("row", "column"), [(0, 1), (4, 1), (1, 0), (1, 3)])
def test_an_entry_outside_the_jacobian_is_refused(row, column):
    """NumPy would read row 0, counted from 1, as the last row."""
    with pytest.raises(ArgumentError, match="expected 1 to"):
        jacobian_entry(np.zeros((3, 2)), r=row, i=column)


def test_jacobian_of_a_linear_map_matches_a_finite_difference(rng):
    """With two outputs and four inputs a transposed matrix would not even have the shape."""
    W = rng.standard_normal((2, 4))

    J = central_jacobian(lambda x: linear_map(x, W), rng.standard_normal(4))

    np.testing.assert_allclose(linear_jacobian(W), J, atol=1e-9)


def test_a_batch_maps_each_example_by_itself(rng):
    """The sums are written out with their indices, without any matrix product."""
    X, W = rng.standard_normal((6, 4)), rng.standard_normal((2, 4))
    by_indices = np.einsum("nd,hd->nh", X, W)

    for example in range(6):
        np.testing.assert_allclose(batch_row(X, W, n=example + 1), by_indices[example])


def test_hadamard_product_is_the_product_entry_by_entry(rng):
    """NumPy multiplies arrays entry by entry, and knows no diagonal matrix for it."""
    left, right = rng.standard_normal((2, 5))

    np.testing.assert_allclose(hadamard_product(left, right), left * right)


def test_weight_gradient_matches_a_finite_difference(rng):
    """Each weight is moved by itself, and nothing is known of outer products."""
    x, W = rng.standard_normal(4), rng.standard_normal((2, 4))

    def scalar(flat):
        return np.atleast_1d(np.prod(np.sin(linear_map(x, flat.reshape(2, 4)))))

    first, second = linear_map(x, W)
    by_output = np.array([np.cos(first) * np.sin(second), np.sin(first) * np.cos(second)])
    numeric = central_jacobian(scalar, W.ravel()).reshape(2, 4)

    np.testing.assert_allclose(weight_gradient(by_output, x), numeric, atol=1e-9)


# -- Functions of one number -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "exact", "digits"),
    [
        (sigmoid, lambda z: 1 / (1 + mpmath.exp(-z)), "0.731058578630004879251159241822"),
        (tanh, mpmath.tanh, "0.761594155955764888119458282605"),
        (tanh_from_sigmoid, mpmath.tanh, "0.761594155955764888119458282605"),
    ],
)
def test_value_at_one_has_the_digits_of_an_arbitrary_precision_library(function, exact, digits):
    """Thirty digits of mpmath, which does not compute with double precision."""
    with mpmath.workdps(30):
        assert mpmath.nstr(exact(mpmath.mpf(1)), 30) == digits

    assert function(1.0) == pytest.approx(float(digits), rel=1e-15)


def test_tanh_agrees_with_numpy_wherever_it_can_be_computed():
    """NumPy has an algorithm of its own, which does not divide exponentials."""
    points = np.linspace(-354, 354, 7081)

    np.testing.assert_allclose(tanh(points), np.tanh(points), atol=1e-15)


def test_far_from_zero_the_functions_reach_their_limits():
    """Beyond 37 the next number of double precision after the value is the limit itself."""
    assert sigmoid(40.0) == 1
    assert sigmoid(-700.0) == pytest.approx(np.exp(-700.0), rel=1e-12)
    assert (tanh(20.0), tanh(-20.0)) == (1, -1)
    assert (relu(1e300), relu(-1e300)) == (1e300, 0)


def test_where_the_exponential_overflows_is_as_the_notes_say():
    """The docstrings promise 0 with a warning for one, and no number for the other."""
    sigmoid(-709.7), tanh(-354.8)
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert sigmoid(-709.9) == 0
    with pytest.warns(RuntimeWarning, match="overflow|invalid"):
        assert np.isnan(tanh(-355.0))


@pytest.mark.parametrize(
    ("function", "slope"), [(sigmoid, sigmoid_slope), (tanh, tanh_slope), (relu, relu_slope)]
)
def test_slope_matches_a_finite_difference(function, slope, rng):
    """Central differences know no rule of derivation; none of the points is the kink at zero."""
    points = rng.uniform(-5, 5, 1000)
    numeric = (function(points + STEP) - function(points - STEP)) / (2 * STEP)

    np.testing.assert_allclose(slope(points), numeric, atol=1e-9)


@pytest.mark.parametrize(
    ("slope", "bound"),
    [(sigmoid_slope_positive, sigmoid_slope_bound), (tanh_slope_positive, tanh_slope_bound)],
)
def test_slope_stays_within_its_bounds_and_reaches_the_upper_one_at_zero_alone(slope, bound):
    """A dense grid, with zero on it, on which rounding is far below the differences."""
    points = np.linspace(-15, 15, 30001)
    slopes = slope(points)

    assert slopes.min() > 0
    assert slopes.max() == bound()
    assert np.count_nonzero(slopes == bound()) == 1
    assert abs(points[slopes.argmax()]) < 1e-12


def test_opposite_numbers_have_sigmoids_that_add_up_to_one(rng):
    """The sigmoid is computed on both sides of zero, and not by the formula."""
    points = rng.uniform(-30, 30, 1000)

    np.testing.assert_allclose(sigmoid(-points), sigmoid_symmetry(points), atol=1e-15)


def test_functions_of_one_number_take_arrays_entry_by_entry(rng):
    """An activation is given to a network as a function of an array of any shape."""
    points = rng.standard_normal((2, 3, 4))

    for function in (sigmoid, sigmoid_slope, tanh, tanh_slope, relu, relu_slope):
        values = function(points)
        assert values.shape == points.shape
        assert values[1, 2, 3] == pytest.approx(function(float(points[1, 2, 3])), rel=1e-14)


@pytest.mark.parametrize("value", ["1", 1j, None, [True]])
def test_what_is_no_real_number_is_refused(value):
    """NumPy would add a complex number and a truth value without complaint."""
    with pytest.raises(DtypeError, match="u: expected real numbers"):
        sigmoid(value)


# -- The rules of derivation that the machinery is built on ----------------------------------------


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_rule_of_the_machinery_is_the_proved_slope(name):
    """Where no definition is given, the machinery knows a function by its rule alone."""
    stated = find(f"building_blocks.{name}_slope")
    opaque = World({})
    value, slope = (
        opaque.value(expr, {})[()].expr
        for expr in (find(f"building_blocks.{name}").statement.left, stated.statement.right)
    )
    point = opaque.value(u, {})[()].expr

    assert sp.expand(KNOWN[name].slope(value, point) - slope) == 0


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_slope_is_proved_without_the_rule(name, monkeypatch):
    """A proof of a rule that used the rule would prove nothing."""
    wrong = KNOWN[name]._replace(slope=lambda value, argument: 17 * value)
    monkeypatch.setitem(KNOWN, name, wrong)
    for suffix in ("slope", "slope_bound", "slope_positive"):
        assert prove(find(f"building_blocks.{name}_{suffix}")).lines


@pytest.mark.parametrize(("name", "function"), [("exp", mpmath.exp), ("log", mpmath.log)])
def test_rules_that_are_taken_for_granted_match_numerical_derivatives(name, function):
    """No formula of the book defines the exponential and the logarithm."""
    with mpmath.workdps(30):
        point = mpmath.mpf(3) / 7
        rule = KNOWN[name].slope(function(point), point)

        assert abs(rule - mpmath.diff(function, point)) < mpmath.mpf(10) ** -20


def test_slope_of_the_larger_of_two_numbers_is_decided_by_which_it_is():
    """The rectifier rests on this rule of the machinery; the slopes are plain on each side."""
    world = World({})
    slope = world.value(find("building_blocks.relu_slope").statement.right, {})
    (atom,) = slope[()].expr.free_symbols

    assert world.ledger.atoms[atom].name == ("Indicator", ())
    assert [relu_slope(point) for point in (-1e-9, 0.0, 1e-9)] == [0, 0, 1]


# -- Softmax and cross-entropy ---------------------------------------------------------------------


def test_softmax_of_exponents_one_two_five_is_in_eighths():
    """The exponentials of these scores are whole numbers with the sum eight."""
    scores = np.log([1, 2, 5])

    np.testing.assert_allclose(softmax(scores), [1 / 8, 2 / 8, 5 / 8], rtol=1e-15)
    np.testing.assert_array_equal(probabilities(scores), softmax(scores))


def test_softmax_of_two_classes_is_a_sigmoid_of_their_difference(rng):
    """The two functions are defined apart from one another, and meet for two classes."""
    for first, second in rng.uniform(-20, 20, (100, 2)):
        p = softmax(np.array([first, second]))

        np.testing.assert_allclose(p[0], sigmoid(first - second), rtol=1e-12)


def test_softmax_sums_to_one_and_ignores_a_shift(rng):
    """Scores are drawn so far apart that some probabilities are as small as 1e-30."""
    for scores in rng.uniform(-35, 35, (100, 7)):
        shift = rng.uniform(-50, 50)

        assert np.sum(softmax(scores)) == pytest.approx(softmax_total(), rel=1e-14)
        np.testing.assert_allclose(softmax_shift(scores, shift), softmax(scores), rtol=1e-12)


def test_softmax_goes_to_the_largest_score_in_the_limit():
    """Multiplied by a thousand, scores that differ by one leave no doubt."""
    scores = 1000 * np.array([1.0, 3.0, 2.0])

    np.testing.assert_array_equal(softmax_shift(scores, scores.max()), [0, 1, 0])


def test_softmax_jacobian_matches_a_finite_difference(rng):
    """Each score is moved by itself; the rows of the result are the probabilities."""
    scores = rng.standard_normal(5)

    J = softmax_jacobian(softmax(scores))

    np.testing.assert_allclose(J, central_jacobian(softmax, scores), atol=1e-9)
    np.testing.assert_allclose(J.sum(axis=0), 0, atol=1e-15)


@pytest.mark.parametrize("true_class", [1, 2, 3, 4, 5])
def test_cross_entropy_gradient_matches_a_finite_difference(true_class, rng):
    """The loss is computed from the scores, through softmax and logarithm."""
    scores = rng.standard_normal(5)

    def loss(scores):
        return np.atleast_1d(cross_entropy(softmax(scores), r=true_class))

    gradient = cross_entropy_gradient(softmax(scores), r=true_class)

    np.testing.assert_allclose(gradient, central_jacobian(loss, scores)[0], atol=1e-9)


def test_cross_entropy_counts_halvings():
    """A probability of one over a power of two costs that power, in units of ln 2."""
    p = np.array([1 / 2, 1 / 4, 1 / 8, 1 / 8])

    costs = [cross_entropy(p, r=r) / np.log(2) for r in (1, 2, 3, 4)]

    np.testing.assert_allclose(costs, [1, 2, 3, 3], rtol=1e-15)


def test_arrays_of_the_wrong_shape_are_refused():
    """Each of these would broadcast or fail deep inside NumPy."""
    with pytest.raises(ShapeError, match="scores: expected shape"):
        softmax(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match="w: expected shape"):
        hadamard_product(np.zeros(3), np.zeros(1))
    with pytest.raises(ShapeError, match="W_xh: expected shape"):
        linear_map(np.zeros(3), np.zeros((3, 2)))
    with pytest.raises(ArgumentError, match="r: expected 1 to 3"):
        cross_entropy_gradient(np.array([0.5, 0.25, 0.25]), r=0)


# -- The language ----------------------------------------------------------------------------------


def test_an_entry_knows_how_many_places_its_array_has():
    """A row of a matrix is a vector; a third place of a matrix is a mistake."""
    matrix = find("building_blocks.batch_row").argument("X")

    assert Entry(matrix, n).shape == matrix.shape[1:]
    assert Entry(matrix, n, r).shape == ()
    with pytest.raises(StatementError, match="do not fit shape"):
        Entry(matrix, n, r, r)


def test_an_entry_beyond_its_array_has_no_value():
    """The places count from 1, so NumPy's index would be -1 and read the last entry."""
    world = World({H: 2, O: 5})
    values: Entries = world.value(v, {})

    assert world.value(Entry(v, 2), {})[()].expr == values[1].expr
    for place in (0, 3):
        with pytest.raises(StatementError, match="no place"):
            world.value(Entry(v, place), {})


# -- Figures ---------------------------------------------------------------------------------------


def test_figure_of_the_squashing_functions_shows_them():
    """The curves are read back from the figure and compared with NumPy's functions."""
    values, slopes = runpy.run_path(str(FIGURES))["squashing_functions"]().axes
    curves = {line.get_label(): line.get_data() for line in values.lines}
    tops = {line.get_label(): max(line.get_ydata()) for line in slopes.lines}

    for name, function in (("sigmoid", lambda a: (1 + np.tanh(a / 2)) / 2), ("tanh", np.tanh)):
        np.testing.assert_allclose(curves[name][1], function(curves[name][0]), atol=1e-12)
    assert (tops["sigmoid"], tops["tanh"]) == (0.25, 1)


def test_figure_of_the_jacobian_prints_its_entries():
    """The printed numbers are read back and compared with central differences."""
    (axes,) = runpy.run_path(str(FIGURES))["softmax_jacobian_map"]().axes
    J = central_jacobian(softmax, np.log([1.0, 2.0, 5.0]))

    assert len(axes.texts) == J.size
    for text in axes.texts:
        column, row = text.xy
        assert float(text.get_text()) == pytest.approx(J[row, column], abs=6e-4)
