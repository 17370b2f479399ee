"""What bounds, powers and clipping do, apart from what their formulas state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnnotes import bptt, building_blocks, gradients
from rnnnotes.book.check.checking import prove, result_of
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import Abs, Eq, Le, Product, wrap
from rnnnotes.book.prove.proof import Checker, Refuted, Undecided
from rnnnotes.book.state.arguments import ArgumentError, DtypeError, ShapeError
from rnnnotes.book.state.formulas import FORMULAS, formula
from rnnnotes.notation import T, a_unit, sigmoid, t, u, w_unit

STEPS, D, H = 8, 3, 5

FIGURES = run_path(str(Path(__file__).parents[1] / "docs" / "figures" / "gradients.py"))


def tanh_slope(a):
    """Derivative of tanh."""
    return 1 - np.tanh(a) ** 2


ACTIVATIONS = {
    "sigmoid": (lambda a: 1 / (1 + np.exp(-a)), building_blocks.sigmoid_slope, 0.25),
    "tanh": (np.tanh, tanh_slope, 1.0),
}
BOUNDS = {"sigmoid": gradients.vanishing_sigmoid, "tanh": gradients.vanishing_tanh}


@pytest.fixture
def network(rng):
    """Weights and inputs at sizes other than those of the proofs."""
    weights = {"W_xh": rng.standard_normal((H, D)), "b_h": rng.standard_normal(H)}
    return weights, rng.standard_normal((STEPS, D)), rng.standard_normal(H)


def states(h, xs, W_hh, f, W_xh, b_h):
    """Pre-activations and the last state, by a forward pass of its own."""
    as_ = []
    for x in xs:
        as_.append(W_xh @ x + W_hh @ h + b_h)
        h = f(as_[-1])
    return np.array(as_), h


def finite_jacobian(function, at, step=1e-6):
    """Jacobian by central differences."""
    moves = step * np.eye(len(at))
    return np.array([(function(at + m) - function(at - m)) / (2 * step) for m in moves]).T


# -- The bound over a gap ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("largest", [0.5, 2.0, 6.0])
def test_no_measured_jacobian_exceeds_its_bounds(name, largest, network, rng):
    """Central differences know nothing of products, slopes or singular values."""
    f, f_prime, gamma = ACTIVATIONS[name]
    weights, xs, h_0 = network
    W_hh = rng.standard_normal((H, H))
    W_hh *= largest / np.linalg.svd(W_hh, compute_uv=False)[0]
    as_, _ = states(h_0, xs, W_hh, f, **weights)

    for gap in range(1, STEPS + 1):
        measured = finite_jacobian(lambda h, g=gap: states(h, xs[:g], W_hh, f, **weights)[1], h_0)
        size = np.linalg.svd(measured, compute_uv=False)[0]
        bounds = [
            size,
            gradients.jacobian_norm_bound(as_, W_hh, f_prime, gap, 0),
            gradients.gap_bound(W_hh, gamma, gap, 0),
        ]

        assert np.all(np.diff(bounds) >= -1e-6 * bounds[-1])
        assert BOUNDS[name](W_hh, gap, 0) == pytest.approx(bounds[-1], rel=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_bound_is_reached(name, rng):
    """At slope gamma, weights that stretch all directions alike leave nothing to spare."""
    _, f_prime, gamma = ACTIVATIONS[name]
    W_hh = 3 * np.linalg.qr(rng.standard_normal((H, H)))[0]
    J = bptt.jacobian_product(np.zeros((STEPS, H)), W_hh, f_prime, STEPS, 0)

    assert np.linalg.norm(J, 2) == pytest.approx(gradients.gap_bound(W_hh, gamma, STEPS, 0))


def test_thresholds_are_those_of_the_paper():
    """Pascanu et al. give 1/gamma, with gamma 1/4 for the sigmoid and 1 for tanh."""
    at_threshold = [
        gradients.vanishing_sigmoid(4 * np.eye(H), 100, 0),
        gradients.vanishing_tanh(np.eye(H), 100, 0),
        gradients.no_explosion(),
    ]

    assert at_threshold == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("w", "bias", "expected"),
    [(4.0, -2.0, 1.0), (4.0, 0.0, 0.0), (8.0, -4.0, 2.0**30), (8.0, 0.0, 0.0)],
)
def test_at_the_threshold_and_above_anything_can_happen(w, bias, expected):
    """A unit that rests at slope 1/4 keeps or doubles a gradient; a saturated one loses it."""
    state, as_ = 0.5, []
    for _ in range(30):
        as_.append(gradients.scalar_pre_activation(bias, state, w))
        state = gradients.scalar_state(as_[-1], building_blocks.sigmoid)
    slope = gradients.scalar_gradient(np.array(as_), w, building_blocks.sigmoid_slope, 30)

    assert slope == pytest.approx(expected, abs=1e-12)


def test_no_gap_leaves_the_jacobian_alone(rng):
    """Over a gap of no steps the Jacobian is the identity, whose norm is 1."""
    W_hh, as_ = rng.standard_normal((H, H)), rng.standard_normal((STEPS, H))
    bounds = [
        gradients.jacobian_norm_bound(as_, W_hh, tanh_slope, 3, 3),
        gradients.gap_bound(W_hh, 1.0, 3, 3),
        gradients.vanishing_gradient(0.5, 3, 3),
        gradients.norm_of_product(rng.standard_normal((STEPS, H, H)), 3, 3),
    ]

    assert bounds == [1.0] * 4


def test_share_of_each_step_stays_below_its_bound(network, rng):
    """The shares are measured: one bias at a time is moved, at one step alone."""
    weights, xs, h_0 = network
    W_hh = 0.6 * np.linalg.qr(rng.standard_normal((H, H)))[0]
    pull = rng.standard_normal(H)
    as_, _ = states(h_0, xs, W_hh, np.tanh, **weights)

    def loss_if_moved(k, move):
        h = h_0
        for step, x in enumerate(xs, start=1):
            b_h = weights["b_h"] + (move if step == k else 0)
            h = np.tanh(weights["W_xh"] @ x + W_hh @ h + b_h)
        return np.atleast_1d(pull @ h)

    for k in range(1, STEPS + 1):
        share = finite_jacobian(lambda move, k=k: loss_if_moved(k, move), np.zeros(H))
        immediate = np.diag(tanh_slope(as_[k - 1]))
        bound = gradients.long_term_share(pull, immediate, 0.6, STEPS, k)

        assert np.linalg.norm(share) <= bound + 1e-8


# -- Powers --------------------------------------------------------------------------------------


def test_spectral_radius_is_at_most_the_norm_and_equal_if_symmetric(rng):
    """NumPy's eigenvalues and its singular values come from different algorithms."""
    for size in (1, 2, 7, 30):
        W = rng.standard_normal((size, size))
        symmetric = W + W.T

        assert np.abs(np.linalg.eigvals(W)).max() <= gradients.spectral_radius_bound(W) + 1e-9
        assert np.abs(np.linalg.eigvals(symmetric)).max() == pytest.approx(
            gradients.spectral_radius_bound(symmetric)
        )


def test_power_by_eigenvalues_is_repeated_multiplication(rng):
    """`numpy.linalg.matrix_power` multiplies, and knows no eigenvalue."""
    symmetric = rng.standard_normal((H, H))
    symmetric = symmetric + symmetric.T
    eigenvalues, Q = np.linalg.eigh(symmetric)

    np.testing.assert_allclose(gradients.eigendecomposition(Q, eigenvalues), symmetric, atol=1e-12)
    np.testing.assert_allclose(
        gradients.matrix_power(Q, eigenvalues, 9), np.linalg.matrix_power(symmetric, 9), rtol=1e-9,
        atol=1e-6,
    )  # fmt: skip


def test_power_of_a_chain_holds_for_all_times():
    """Induction with a symbolic exponent: the first power, and one more factor."""
    lam, beta = sp.symbols("lam beta", positive=True)
    n = sp.Symbol("n", integer=True, positive=True)
    power = sp.Matrix([[lam**n, n * beta * lam ** (n - 1)], [0, lam**n]])
    W = sp.Matrix([[lam, beta], [0, lam]])
    later = power.subs(n, n + 1)

    assert power.subs(n, 1) == W
    assert (power * W - later).applyfunc(lambda entry: sp.powsimp(sp.expand(entry))) == sp.zeros(2)
    np.testing.assert_allclose(
        gradients.transient_power(0.9, 1.0, 40),
        np.linalg.matrix_power(np.array([[0.9, 1.0], [0.0, 0.9]]), 40),
        rtol=1e-12,
    )


def test_growth_is_transient():
    """First far above one, in the end below every bound, with a radius below one throughout."""
    norms = [gradients.transient_growth(0.9, 1.0, t) for t in range(1, 201)]

    assert gradients.transient_radius(0.9) < 1
    assert max(norms) > 3.8
    assert norms[-1] < 1e-6
    assert all(t * 0.9 ** (t - 1) <= norm for t, norm in enumerate(norms, start=1))


# -- One unit ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivative_of_a_unit_matches_a_finite_difference(name, rng):
    """Central differences know nothing of the chain rule."""
    f, f_prime, _ = ACTIVATIONS[name]
    xs, w = rng.standard_normal(STEPS), -1.7

    def run(h):
        as_ = []
        for x in xs:
            as_.append(gradients.scalar_pre_activation(x, h, w))
            h = gradients.scalar_state(as_[-1], f)
        return np.array(as_), h

    slope = gradients.scalar_gradient(run(0.3)[0], w, f_prime, STEPS)
    measured = (run(0.3 + 1e-5)[1] - run(0.3 - 1e-5)[1]) / 2e-5

    assert slope == pytest.approx(measured, rel=1e-5, abs=1e-10)
    if name == "sigmoid":
        assert abs(measured) <= gradients.sigmoid_decay(w, STEPS)


# -- Clipping ------------------------------------------------------------------------------------

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: 0.0 if abs(x) < 1e-6 else x)
VECTORS = arrays(float, st.integers(1, 6), elements=NUMBERS)
THRESHOLDS = st.floats(1e-3, 1e3)


@given(grad=VECTORS, g_max=THRESHOLDS)
def test_clipping_by_norm_shortens_and_never_turns(grad, g_max):
    """The definition is compared with what it is for: the norm, and the direction."""
    clipped = gradients.clip_by_norm(grad, g_max)
    norm = np.linalg.norm(grad)

    assert np.linalg.norm(clipped) <= g_max * (1 + 1e-12)
    assert np.linalg.norm(clipped) == pytest.approx(gradients.clipped_norm(grad, g_max))
    assert clipped @ grad == pytest.approx(np.linalg.norm(clipped) * norm)
    np.testing.assert_allclose(gradients.clip_by_norm(clipped, g_max), clipped, rtol=1e-12)
    if norm <= g_max:
        np.testing.assert_array_equal(clipped, grad)


@given(grad=VECTORS, g_max=THRESHOLDS)
def test_clipping_by_value_limits_each_entry_and_keeps_its_sign(grad, g_max):
    """What is within the limit is left as it is."""
    clipped = gradients.clip_by_value(grad, g_max)

    assert np.abs(clipped).max() <= g_max
    assert np.all(clipped * grad >= 0)
    assert np.linalg.norm(clipped) <= g_max * np.sqrt(len(grad)) * (1 + 1e-12)
    np.testing.assert_array_equal(clipped[np.abs(grad) <= g_max], grad[np.abs(grad) <= g_max])


def test_a_zero_gradient_is_clipped_to_zero():
    """Warnings are errors here, so this also shows that nothing is divided by zero."""
    np.testing.assert_array_equal(gradients.clip_by_norm(np.zeros(3), 1.0), np.zeros(3))


def test_norm_of_groups_is_the_norm_of_all_entries(rng):
    """The entries are put in one vector, in the order of nothing."""
    groups = [rng.standard_normal(size) for size in (H * D, H * H, 2 * H)]
    together = rng.permutation(np.concatenate(groups))

    assert gradients.global_norm(*groups) == pytest.approx(np.linalg.norm(together))


# -- Figures -------------------------------------------------------------------------------------


def test_drawn_norms_start_at_one_and_stay_below_their_bounds():
    """What the caption and the text for who cannot see say is read off the lines."""
    for axes in FIGURES["jacobian_norms"]().axes:
        lines = [np.asarray(line.get_ydata()) for line in axes.lines]
        bounds, norms = lines[::2], lines[1::2]

        for bound, norm in zip(bounds, norms, strict=True):
            assert norm[0] == pytest.approx(1)
            assert np.all(norm <= bound * (1 + 1e-9))
        below, at, twice, four_times = (norm[-1] for norm in norms)
        assert below < 1e-9
        assert at < 1e-3
        assert 0.1 < twice < 10
        assert four_times > 1e3
        assert np.ptp(bounds[1]) == pytest.approx(0, abs=1e-9)


def test_drawn_chain_grows_before_it_decays_and_the_units_on_their_own_do_not():
    """The second curve is known: powers of 0.9."""
    chain, alone, _ = FIGURES["transient"]().axes[0].lines
    norms = np.asarray(chain.get_ydata())

    assert 8 <= np.argmax(norms) + 1 <= 11
    assert 3.8 < norms.max() < 4
    assert 33 <= np.argmax(norms < 1) + 1 <= 37
    np.testing.assert_allclose(np.asarray(alone.get_ydata()), 0.9 ** np.arange(1, 61))


def test_drawn_arrow_ends_on_the_circle_and_another_on_the_square():
    """The blue arrow lies on the grey one, and the orange one does not."""
    texts = FIGURES["clipping"]().axes[0].texts
    grad, by_value, by_norm = (
        np.array(text.xy) for text in texts if getattr(text, "arrow_patch", None)
    )

    assert np.hypot(*by_norm) == pytest.approx(1)
    assert by_value.max() == 1
    assert np.arctan2(*by_norm) == pytest.approx(np.arctan2(*grad))
    assert by_value[1] / by_value[0] > grad[1] / grad[0]


# -- What is refused -----------------------------------------------------------------------------


def test_wrong_arguments_are_refused():
    """Each names the argument at fault."""
    with pytest.raises(ShapeError, match="W_hh"):
        gradients.gap_bound(np.ones((2, 3)), 1.0, 2, 1)
    with pytest.raises(ArgumentError, match="k: expected 0 to 2"):
        gradients.gap_bound(np.eye(2), 1.0, 2, 3)
    with pytest.raises(DtypeError, match="grad"):
        gradients.clip_by_norm(np.array(["a"]), 1.0)
    with pytest.raises(ShapeError, match="T: expected 3"):
        gradients.scalar_gradient(np.ones(3), 1.0, tanh_slope, T=2)


def state_decay(share):
    """State that a sigmoid unit loses a share of a gradient at each step."""

    @formula(
        Le(
            Product(Abs(w_unit) * sigmoid.prime(a_unit[t]), t, T, 1),
            Product(Abs(w_unit) * share, t, T, 1),
        ),
        source="hochreiter1997", given=[building_blocks.sigmoid], bindings={"w": w_unit},
        derivation=[("<=", "each factor")],
    )  # fmt: skip
    def decay(w: float, T: int) -> float:
        """Decay."""
        return (abs(w) * float(share.args[0])) ** T

    return FORMULAS["test_gradients.py:decay"]


def test_factors_are_compared_one_by_one(registry):
    """A quarter is the largest slope of the sigmoid, and algebra sees it; a fifth is refuted."""
    assert prove(state_decay(wrap(sp.Rational(1, 4)))).lines == ("proved",)

    with pytest.raises(Refuted, match="each factor"):
        prove(state_decay(wrap(sp.Rational(1, 5))))


def test_factors_that_may_be_negative_are_not_compared(registry):
    """From -2 <= 1 it does not follow that the product of two is at most 1."""

    @formula(
        Le(Product(w_unit - Abs(w_unit), t, T, 1), Product(Abs(w_unit), t, T, 1)),
        source="hochreiter1997", bindings={"w": w_unit},
        derivation=[("<=", "each factor is at most the other")],
    )  # fmt: skip
    def product(w: float, T: int) -> float:
        """Product."""
        return abs(w) ** T

    with pytest.raises(Refuted, match="4 <= 1 fails with w=-1, T=2"):
        prove(FORMULAS["test_gradients.py:product"])


def test_absolute_values_multiply_and_do_not_add(registry):
    """What is proved of |2wu| is refuted of |w + u|."""

    @formula(
        Eq(Abs(-2 * w_unit * u), 2 * (Abs(w_unit) * Abs(u))),
        source="hochreiter1997", bindings={"w": w_unit},
        derivation=[("=", "sizes multiply")],
    )  # fmt: skip
    def size_of_product(w: float, u: float) -> float:
        """Size of a product."""
        return 2 * (abs(w) * abs(u))

    @formula(
        Eq(Abs(w_unit + u), Abs(w_unit) + Abs(u)),
        source="hochreiter1997", bindings={"w": w_unit},
        derivation=[("=", "sizes do not add")],
    )  # fmt: skip
    def size_of_sum(w: float, u: float) -> float:
        """Size of a sum."""
        return abs(w) + abs(u)

    assert prove(FORMULAS["test_gradients.py:size_of_product"]).verdict == "proved"
    with pytest.raises(Refuted, match="do not add"):
        prove(FORMULAS["test_gradients.py:size_of_sum"])


def test_bounds_are_proved_and_not_sampled():
    """No formula of the chapter rests on draws."""
    verdicts = {result_of(one).verdict for one in find_all().values() if one.chapter == "gradients"}

    assert verdicts == {"definition", "proved"}


@pytest.mark.parametrize("number", [0, 2, 3])
def test_a_strict_sign_is_proved_or_not_taken(number):
    """The sides meet where no draw looks, or within its rounding: that is no test of `<`."""
    stated = find("gradients.long_term_share")
    lines = list(stated.derivation)
    lines[number] = lines[number]._replace(sign="<")

    with pytest.raises((Refuted, Undecided)):
        Checker(replace(stated, derivation=tuple(lines))).line(number)
