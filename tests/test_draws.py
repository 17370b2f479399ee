"""Draws refute what is wrong, in numbers that can be followed, and nothing that is true."""

import functools

import mpmath
import numpy as np
import pytest
import sympy as sp

from rnnnotes import building_blocks
from rnnnotes.book.check.checking import prove
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.language.nodes import (
    Abs,
    Entry,
    Eq,
    Expression,
    Identity,
    Indicator,
    Inverse,
    Jacobian,
    Le,
    Lt,
    Max,
    Norm,
    Number,
    Outer,
    Power,
    Relation,
    Size,
    SpectralRadius,
    StatementError,
    Sum,
    Total,
    wrap,
)
from rnnnotes.book.prove.proof import Checker, Refuted, Undecided
from rnnnotes.book.prove.settings import FEWEST, settings_of
from rnnnotes.book.prove.sizes import choices
from rnnnotes.book.state.formulas import FORMULAS, formula
from rnnnotes.book.values.draws import KINDS, Draws
from rnnnotes.book.values.entries import Ledger
from rnnnotes.book.values.tape import ONE, constant, gradient, leaf
from rnnnotes.book.write.plaintext import text
from rnnnotes.notation import (
    C,
    D,
    F,
    H,
    N,
    T,
    W_hh,
    W_layer,
    c_max,
    eta,
    exp,
    f,
    g,
    gamma,
    h,
    i,
    j,
    kappa,
    lam,
    log,
    p,
    psi,
    sigmoid,
    softmax,
    t,
    tanh,
    theta,
    u,
    v,
    w,
    x,
)

find_all()


@pytest.fixture(autouse=True)
def _own_formulas(registry):
    """Take the formulas of a test out of the book again."""


def readable(part):
    """Name of a case."""
    return text(part) if isinstance(part, Expression) else None


def claim(left, sign, right, **options):
    """Theorem in one line."""

    def claimed():
        """Claimed."""

    lines = [(sign, "it is claimed")]
    formula(Relation(left, sign, right), derivation=lines, **options)(claimed)
    return FORMULAS["test_draws.py:claimed"]


def looked_at(stated):
    """Look at the line in draws, without any algebra."""
    Checker(stated)._look_at(0)


def refuted(stated):
    """Counterexample that draws find, without any algebra."""
    with pytest.raises(Refuted) as refusal:
        looked_at(stated)
    return str(refusal.value)


# -- Hard cases ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [
        (wrap(0), "<", u**2),
        (wrap(0), "<", Norm(W_hh @ v)),
        (tanh.prime(u), "<", wrap(1)),
        (sigmoid.prime(u), "<", wrap(sp.Rational(1, 4))),
        (Norm(W_hh @ W_hh), "<", Norm(W_hh) * Norm(W_hh)),
        (Abs(u + eta), "<", Abs(u) + Abs(eta)),
        (Max(u, 0), "<", Abs(u) + eta - eta),
        (SpectralRadius(W_hh), "<", Norm(W_hh)),
        ((v - w) @ (v - w) * -1, "<", wrap(0)),
        (Norm(Outer(v, w)), "<", Norm(v) * Norm(w)),
    ],
    ids=readable,
)
def test_strict_sign_is_refuted_by_a_tie(left, sign, right):
    """Zeros, ones, equal vectors and special matrices make both sides equal, without rounding."""
    assert " < " in refuted(claim(left, sign, right)).partition("\n")[2]


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [
        (Norm(W_hh), "<=", wrap(100)),
        (exp(u), "<=", wrap(10**7)),
        (u**2, "<=", wrap(10**6)),
        (Total(v), "<=", wrap(1000)),
        (Abs(u), "<=", 1000 * u**2),
        (wrap(sp.Rational(1, 1000)), "<=", eta),
        (u**2 + sp.Rational(1, 10**11), "<=", u**2),
        (u, "=", u + sp.Rational(1, 10**14)),
        (Norm(W_hh) + sp.Rational(1, 10**9), "<=", Norm(W_hh)),
        (SpectralRadius(W_hh), "=", Norm(W_hh)),
        (u, "<=", wrap(10**9)),
        (Norm(W_hh), "<=", wrap(10**12)),
        (wrap(sp.Rational(1, 10**9)), "<=", eta),
        (log(eta), "<=", wrap(30)),
        (sp.Rational(1, 10**12) * u**2, "<=", Abs(u)),
    ],
    ids=readable,
)
def test_large_small_and_nearly_equal_is_refuted(left, sign, right):
    """Slack is for the rounding that was made, and no more."""
    refuted(claim(left, sign, right))


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [
        (psi(v), "<=", wrap(1)),
        (Abs(psi(v)), "<=", wrap(10)),
        (f(u), "<=", wrap(3)),
        (Abs(f.prime(u)), "<=", gamma),
        (Abs(f(u) - f(eta)), "<=", gamma * Abs(u - eta)),
        (Abs(f.prime.prime(u)), "<=", Abs(f.prime(u)) + 1),
        (f.prime(u), "=", f.prime(eta)),
        (f.prime.prime(u), "=", wrap(0)),
        (f(u + eta), "=", f(u) + f(eta)),
        (Norm(F(v, x[1], theta)), "<=", wrap(5)),
    ],
    ids=readable,
)
def test_unknown_functions_have_no_bound(left, sign, right):
    """Lines, steep lines, cubics, waves and exponentials have no property in common."""
    refuted(claim(left, sign, right))


SLOPES = Le(Abs(f.prime(u)), gamma)


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ([SLOPES], f.prime.prime(eta)),
        ([Le(Abs(f(u)), gamma)], f.prime(eta)),
        ([Le(Abs(f.prime.prime(u)), gamma)], f.prime(eta)),
        ([Le(Abs(psi(v)), gamma)], Norm(Jacobian(psi(w), w))),
    ],
)
def test_a_bounded_function_has_no_other_bound(where, left):
    """It may be steep where its values are small, and turn where its slope is."""
    refuted(claim(Abs(left), "<=", gamma, where=where))


@pytest.mark.parametrize(
    ("where", "left", "right"),
    [
        ([SLOPES, Le(u, 1)], Abs(f.prime(eta)), gamma),
        ([SLOPES], Abs(f.prime(eta)) * u**2, gamma * u**2),
        ([Le(Abs(f.prime(0 * u)), gamma)], Abs(f.prime(eta)), gamma),
        ([Le(Abs(f(lam)), gamma)], Abs(f(u)), gamma),
        ([Le(Abs(f(gamma)), gamma)], Abs(f(u)), gamma),
        ([Le(Abs(f(w)), gamma)], Norm(f(v)) + Norm(w), Number(H) * gamma + Norm(w)),
        ([Le(Abs(f(h[t])), gamma)], Abs(f(u)), gamma),
        ([Le(Abs(psi(v)), C), Le(v @ v, 1)], Abs(psi(w)), C),
    ],
)
def test_a_bound_at_one_argument_is_none_at_another(where, left, right):
    """What else is said of the argument makes it one number, and the condition one on its value."""
    refuted(claim(left, "<=", right, where=where))


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [
        (Number(H**2) * u, "=", Number(2 * H) * u),
        (Number(H**2) * u, "=", Number(5 * H - 6) * u),
        (Number(2 * H), "=", Number(D)),
        (Power(Number(D), sp.Rational(1, 2)), "=", Number(H)),
        (Total(Abs(v)), "<=", sp.Rational(3, 2) * Norm(v)),
        (Norm(W_hh @ v), "<=", sp.Rational(3, 2) * Norm(v) + Norm(W_hh) * 0),
        (Sum(h[j], j, 1, T), "=", Sum(h[j], j, 1, 3)),
        (Sum(v * 1, j, 1, T), "=", 3 * v),
        (Number(T) * v, "=", Number(H + 1) * v),
        (wrap(Size(W_hh)) * u, "=", wrap(Size(v)) * 2 * u),
    ],
    ids=readable,
)
def test_what_holds_at_one_choice_of_sizes_is_refuted_at_another(left, sign, right):
    """No size has one number throughout."""
    refuted(claim(left, sign, right))


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [
        (Total(Abs(v)), "<=", 2 * Norm(v)),
        (Total(v) ** 2, "<=", 4 * (v @ v)),
        (Sum(Norm(h[j]), j, 1, T), "<=", 6 * Sum(Norm(h[j]), j, 1, T) / T),
        (Number((t - 1) * (t - 2) * (t - 3) * (t - 4)) * v, "=", 0 * v),
        (v @ v + Number((H - 2) * (H - 3) * (H - 4) * (H - 5)), "=", v @ v),
        (Sum(h[j], j, 1, T), "=", h[1] + h[2] + Sum(h[j], j, 3, T)),
        (Sum(h[j], j, 2, T), "=", h[T] + Sum(h[j], j, 2, T - 1)),
        (Entry(v, 1), "=", Total(v) - Sum(Entry(v, i), i, 3, H) - Entry(v, 2)),
        (lam ** Number(T - 2), "<=", wrap(1)),
        (wrap(0), "<", Sum(exp(h[j] @ h[j]), j, 2, T)),
        (Entry(softmax(x[t]), 1), "<", wrap(1)),
        (2 * h[T - 2], "=", h[T - 2] + h[T - 2]),
        (2 * W_layer[N] @ v, "=", (W_layer[N] + W_layer[N]) @ v),
    ],
    ids=readable,
)
def test_what_holds_at_small_sizes_alone_is_refuted_at_extreme_ones(left, sign, right):
    """Where all sizes are one, sums are empty; where they are large, a constant is too small."""
    where = [Le(lam, 1)] if lam in left.atoms(type(lam)) else []
    stated = claim(left, sign, right, where=where, given=[building_blocks.softmax])

    with pytest.raises((Refuted, StatementError), match=r"fails with|has no time|no place"):
        Checker(stated).line(0)


@pytest.mark.parametrize(
    ("left", "sign", "right", "where"),
    [
        (Total(v) ** 2, "<=", Number(H) * (v @ v), []),
        (Norm(h[T - 2]), "<=", Norm(h[T - 2].T) + Norm(W_hh) ** 2, [Le(2, Number(T))]),
        (Abs(v @ w) * Norm(x[t]), "<=", Norm(v) * Norm(w) * Norm(x[t]), []),
    ],
)
def test_what_is_true_at_extreme_sizes_passes(left, sign, right, where):
    """And what has no value where a condition keeps from."""
    assert Checker(claim(left, sign, right, where=where)).line(0)


@pytest.mark.parametrize("share", [1 + sp.Rational(1, 10**17), 1 + sp.Rational(1, 10**30)])
def test_what_rounding_hides_is_not_called_tested(share):
    """Both sides are one number in every draw, and none tells which of them is larger."""
    with pytest.raises(Undecided, match="too few draws tell"):
        Checker(claim(Norm(v) * share, "<=", Norm(v))).line(0)


# -- What is true ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [
        (Norm(W_hh @ W_hh), "<=", Norm(W_hh) * Norm(W_hh)),
        (SpectralRadius(W_hh), "<=", Norm(W_hh)),
        (SpectralRadius(W_hh @ W_hh), "=", SpectralRadius(W_hh) ** 2),
        (Abs(u + eta), "<=", Abs(u) + Abs(eta)),
        (Total(Abs(v)), "<=", Number(H) * Norm(v)),
        (Abs(v @ w), "<=", Norm(v) * Norm(w)),
        (tanh(u), "<=", wrap(1)),
        (exp(u) * exp(-u), "=", wrap(1)),
        (exp(u + eta), "=", exp(u) * exp(eta)),
        (log(exp(u)), "=", u + 0),
        ((u + eta) ** 3, "=", u**3 + 3 * u**2 * eta + 3 * u * eta**2 + eta**3),
        ((u**2 - eta**2) / (u - eta), "=", u + eta),
        (Inverse(W_hh) @ W_hh, "=", Identity(H) * 1),
        (Norm(W_hh.T), "=", Norm(W_hh)),
        (sigmoid(u) + sigmoid(-u), "=", wrap(1)),
        (2 * sigmoid(2 * u) - 1, "=", tanh(u)),
        (Power(eta, sp.Rational(1, 2)) ** 2, "=", eta * 1),
        (Power(eta, lam) * Power(eta, -lam), "=", wrap(1)),
        (f(u) - f(u), "=", 0 * u),
        (Jacobian(f(u) * f(u), u), "=", 2 * f(u) * f.prime(u)),
        (Jacobian(psi(v) * psi(v), v), "=", 2 * psi(v) * Jacobian(psi(v), v)),
        (Max(u, eta), "=", Indicator(u, eta) * u + (1 - Indicator(u, eta)) * eta),
    ],
    ids=readable,
)
def test_what_is_true_is_never_refuted(left, sign, right):
    """Overflow, a division by zero and rounding say nothing, on any of many draws."""
    stated = claim(left, sign, right)

    for seed in range(4):
        for setting in settings_of(stated, seed):
            for at in setting.assignments:
                assert setting.look(left, sign, right, at, "line") >= FEWEST / 5


def test_too_few_draws_leave_a_line_undecided():
    """Where every draw overflows, none has told anything."""
    huge, left = exp(exp(exp(u**2 + 10))), W_hh.T @ W_hh

    with pytest.raises(Undecided, match="too few draws tell"):
        Checker(claim(Norm(huge * left), "<=", Norm(huge * (W_hh @ W_hh.T)) + u**2)).line(0)


# -- Conditions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "left", "right"),
    [
        ([Le(Abs(f.prime(u)), gamma)], Abs(f(v) - f(w)), gamma * Abs(v - w)),
        ([Le(Abs(v), c_max)], Abs(v * v), c_max * Abs(v)),
        ([Le(Abs(v), c_max), Le(Abs(w), c_max)], Abs(v * w), c_max**2),
        ([Lt(0, u), Lt(u, 1)], u**2, u),
        ([Le(Norm(W_hh), 1 / gamma)], gamma * Norm(W_hh @ v), Norm(v)),
        ([Le(gamma * Norm(W_hh), kappa), Lt(kappa, 1)], gamma * Norm(W_hh @ v), Norm(v)),
        ([Eq(Total(p), 1), Le(-1 * p, 0)], p @ p, wrap(1)),
        ([Eq(W_hh.T @ W_hh, Identity(H))], Norm(W_hh @ v), Norm(v)),
        ([Le(Abs(psi(v)), C)], psi(w), C),
        ([Le(u, eta)], u * lam, eta * lam),
    ],
    ids=readable,
)
def test_draws_fulfil_conditions(where, left, right):
    """They are looked for, and not only waited for; the line holds under them alone."""
    stated = claim(left, "<=", right, where=where)

    for setting in settings_of(stated):
        assert len(setting.draws.chosen) >= FEWEST
    looked_at(stated)
    refuted(claim(left, "<=", right))


@pytest.mark.parametrize(
    ("where", "left", "right"),
    [
        ([Le(u, 5)], tanh(u), sp.Rational(999, 1000)),
        ([Le(0, u), Le(u, sp.Rational(13, 10))], exp(u), 1 + 2 * u),
        (
            [Eq(W_hh.T @ W_hh, Identity(H))],
            Norm(W_hh * W_hh - Abs(W_hh)) + Norm(v) / 1000,
            Norm(v) / 500,
        ),
    ],
    ids=readable,
)
def test_corners_of_conditions_are_met(where, left, right):
    """A number is as large as it may be, and an orthogonal matrix more than a permutation."""
    with pytest.raises(Refuted):
        Checker(claim(left, "<=", right, where=where)).line(0)


def test_ties_are_met_under_conditions():
    """A bound is met exactly in some draws, so a strict sign is refuted."""
    refuted(claim(Abs(u), "<", c_max, where=[Le(Abs(u), c_max)]))
    refuted(claim(Abs(f(u) - f(eta)), "<", gamma * Abs(u - eta) + 0,
                  where=[Le(Abs(f.prime(u)), gamma)]))  # fmt: skip


def test_conditions_that_nothing_fulfils_leave_a_formula_undecided():
    """What is said of nothing is not shown."""
    with pytest.raises(Undecided, match="too few draws fulfil its conditions"):
        looked_at(claim(u, "<=", eta, where=[Lt(tanh(u), Number(-2))]))


# -- Numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(KINDS)), ids=[kind.name for kind in KINDS])
@pytest.mark.parametrize("shape", [(), (2,), (2, 2), (3, 2), (2, 2, 2)], ids=str)
def test_each_kind_draws_every_shape(number, shape):
    """The same for the same seed and name, finite, and positive where that is asked for."""
    first, again, positive = (
        np.array([e.value for e in np.ravel(Draws(range(30), 30).leaf("z", shape, sign))])
        for sign in (False, False, True)
    )

    assert np.isfinite(first).all()
    assert (first == again).all()
    assert (positive > 0).all()


@pytest.mark.parametrize(
    "compute",
    [
        lambda a, b, m: a + b,
        lambda a, b, m: a * b - a,
        lambda a, b, m: a / b + b / a,
        lambda a, b, m: (a - b) ** 5,
        lambda a, b, m: m.sqrt(a * a + b * b),
        lambda a, b, m: m.log(m.exp(a) + m.exp(b)),
        lambda a, b, m: (m.tanh(a) - m.tanh(b)) * 1e6,
        lambda a, b, m: (1 + a * a) ** b,
    ],
    ids=["sum", "products", "quotients", "power", "root", "exponentials", "difference", "exponent"],
)
def test_error_is_a_bound_of_the_rounding(compute, rng):
    """Sixty digits tell what floating point has rounded."""
    values = rng.standard_normal((2, 40)) * 10 ** rng.uniform(-3, 1, (2, 40))
    result = compute(*map(leaf, values), np)

    with mpmath.workdps(60):
        for place, pair in enumerate(values.T):
            exact = compute(*map(mpmath.mpf, map(float, pair)), mpmath)
            away = abs(exact - mpmath.mpf(float(result.value[place])))
            assert away <= 2 * result.error[place]
            assert result.error[place] <= 1e-9 * max(1, abs(float(exact)))


def test_what_is_exact_has_no_error():
    """So ties of whole numbers and halves are ties."""
    a, b = leaf(np.array([1.5, -2.0, 0.0])), leaf(np.array([4.0, 0.5, 8.0]))

    with np.errstate(invalid="ignore", divide="ignore"):
        exact = (a + b, a - b, a * b, a / b, a**3, (a * a).sqrt(), abs(a) + b, (0 * a).exp())

    for number in exact:
        assert not np.any(number.error)


def test_what_is_too_small_for_a_float_is_not_exact():
    """A product of numbers that are not zero comes out as zero, and may be anything as small."""
    tiny = leaf(np.array([1e-200, 0.5, 0.0]))

    assert [*(tiny * tiny).value] == [0, 0.25, 0]
    assert [error > 0 for error in (tiny * tiny).error] == [True, False, False]


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("where", [[], [Le(Abs(f.prime(u)), gamma)]], ids=["any", "bounded"])
def test_function_is_in_one_draw_what_it_is_in_all(order, where):
    """Code is handed the function of one draw, which takes arrays of every shape."""
    function = functools.reduce(lambda one, _: one.prime, range(order), f)
    one, _ = settings_of(claim(function(v), "=", 2 * function(v), where=where))
    with np.errstate(all="ignore"):
        points, values = one.known(v, {})[0], one.known(function(v), {})[0]

    for draw in range(len(one.draws.chosen)):
        alone = one.argument(function, {}, draw)
        assert np.allclose(alone(points[draw]), values[draw], rtol=1e-12, equal_nan=True)
        assert np.array_equal(alone(points[draw][:, None])[:, 0], alone(points[draw]))
        assert np.array_equal(alone(float(points[draw][0])), alone(points[draw])[0])


def test_map_is_in_one_draw_what_it_is_in_all():
    """A map takes its arguments whole."""
    one, _ = settings_of(claim(psi(v), "=", 2 * psi(v)))
    with np.errstate(all="ignore"):
        points, values = one.known(v, {})[0], one.known(psi(v), {})[0]

    for draw in range(len(one.draws.chosen)):
        value = one.argument(psi, {}, draw)(points[draw])
        assert np.isclose(value, values[draw], rtol=1e-12, equal_nan=True)


def test_derivatives_are_numbers_again():
    """A derivative is differentiated in turn: the third derivative of z^4 is 24 z."""
    z = leaf(np.array([1.0, -2.0, 0.5]))
    value = z**4
    for _ in range(3):
        (value,) = gradient(value, [z])

    np.testing.assert_array_equal(value.value, 24 * z.value)
    assert gradient(ONE, [z])[0].is_constant(0)
    assert constant(sp.Rational(1, 2)).is_constant(0.5)


# -- Sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", sorted(FORMULAS))
def test_sizes_differ_within_a_choice_and_between_choices(id):
    """A transposed matrix of two equal sizes would pass, and a size of one broadcasts."""
    found = choices(FORMULAS[id])

    for choice in found:
        assert len({*choice.values()}) == len(choice)
        assert min(choice.values(), default=2) > 1
    for size in found[0]:
        assert len({choice[size] for choice in found}) == len(found)
    assert len(found) >= 2 or not found[0]


def test_accidents_of_one_choice_are_not_those_of_another():
    """Twice H is D at one choice, and at no other."""
    first, second = choices(claim(Outer(v, x[t]), "=", Outer(v, x[t])))

    assert (2 * first[H] == first[D]) + (2 * second[H] == second[D]) <= 1
    assert (first[H] ** 2 == first[D]) + (second[H] ** 2 == second[D]) <= 1


# -- What a refusal says ---------------------------------------------------------------------------


def test_counterexample_is_in_the_letters_of_the_line():
    """Plain text, few symbols, few digits."""
    message = refuted(claim(W_hh @ v, "=", W_hh.T @ v))

    assert message.startswith("test_draws.py:claimed, line 1 (it is claimed), entry (1,) at all ")
    first, second = message.splitlines()
    assert first.endswith("W_hh v = W_hhᵀ v")
    assert second.count("=") == 3
    assert "\\" not in message
    numbers = second.partition("with ")[2]
    assert all(float(n) * 4 == int(float(n) * 4)
               for n in numbers.replace("[", " ").replace("]", " ").replace(",", " ")
               .replace("W_hh=", "").replace("v=", "").split())  # fmt: skip


def test_counterexample_says_what_a_function_was():
    """A reader can put it in."""
    message = refuted(claim(f(u), "=", g(u)))

    assert "f=[z -> " in message
    assert "g=[z -> " in message


def test_draws_come_before_algebra(monkeypatch):
    """A wrong line needs no normal form to be refuted, be it the first that is looked at."""
    monkeypatch.delattr(Ledger, "gap")

    with pytest.raises(Refuted):
        prove(claim(W_hh.T @ v, "=", W_hh @ v))


# -- Code ------------------------------------------------------------------------------------------


def product(compute, wrapper=lambda code: code):
    """Theorem with the code of a test: a product of a matrix, and a vector."""

    def code(W_hh, v):
        """Code."""
        return compute(W_hh, v)

    right = W_hh @ v + v
    lines = [("=", "the same")]
    formula(Eq(right, right), derivation=lines)(wrapper(code))
    return FORMULAS["test_draws.py:code"]


def truncating(W_hh, v):
    """Write into an array of the type of the argument."""
    result = np.empty_like(v)
    result[:] = W_hh @ (v / 2) * 2 + v
    return result


def in_place(W_hh, v):
    """Write into the argument."""
    before = v.copy()
    v += W_hh @ v
    result = v.copy()
    v[:] = before + 1
    return result


@pytest.mark.parametrize(
    "compute",
    [
        truncating,
        in_place,
        lambda W, v: np.array([W[0] @ v + v[0], W[1] @ v + v[1]]),
        lambda W, v: (W.reshape(2, 2) @ v) + v,
        lambda W, v: W @ v + v.sum() / 2 + v - v.sum() / len(v),
        lambda W, v: W.ravel(order="K").reshape(W.shape) @ v + v,
        lambda W, v: np.frombuffer(W.tobytes()).reshape(W.shape) @ v + v,
        lambda W, v: np.where(np.abs(v) < 30, W @ v + v, 30.0),
        lambda W, v: W @ v + v + 1e-20,
        lambda W, v: np.float16(W) @ v + v,
    ],
    ids=["truncated", "in place", "two rows", "reshape", "half", "memory", "bytes", "beyond",
         "nearly", "short floats"],
)  # fmt: skip
def test_code_that_fails_a_reader_is_refused(compute):
    """Whole numbers, views, other sizes and large numbers are what readers have."""
    with pytest.raises(Refuted):
        prove(product(compute))


def test_code_that_serves_a_reader_passes():
    """In every form."""
    assert prove(product(lambda W, v: W @ v + v)).code == "proved at sizes"
    assert prove(product(lambda W, v: W @ v + v if v[0] > 0 else v + W @ v)).code == "tested"


def test_decorated_code_is_refused():
    """What is shown beside the formula would not be what runs."""

    def doubled(function):
        @functools.wraps(function)
        def run(W_hh, v):
            return 2 * function(W_hh, v)

        return run

    with pytest.raises(StatementError, match="the code is decorated"):
        product(None, wrapper=doubled)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (W_hh @ v + v, lambda y: y),
        (2 * (W_hh @ v + v), lambda y: y / 2),
        (-(v - (W_hh @ v + v)), lambda y: y),
        (v + W_hh @ v, lambda y: y),
        (W_hh @ (v * 1) + v, lambda y: y),
    ],
    ids=["itself", "twice", "within", "other order", "equal"],
)
def test_code_that_is_handed_its_answer_is_refused(answer, code):
    """It would compute nothing, whatever the name."""

    def handed(y):
        """Handed."""
        return code(y)

    right = W_hh @ v + v
    stated = formula(
        Eq(W_hh @ v + 1 * v, right), bindings={"y": answer},
        derivation=[("=", "the product")],
    )  # fmt: skip

    def proved():
        stated(handed)
        return prove(FORMULAS["test_draws.py:handed"])

    with pytest.raises((StatementError, Refuted), match="which it is to compute"):
        proved()
