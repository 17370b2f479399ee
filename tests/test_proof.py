"""The checker refuses what is wrong, and says which line, why and where."""

import re
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from rnnnotes.book.check import checking
from rnnnotes.book.check.checking import OutOfTime, prove, result_of
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import (
    Abs,
    Compose,
    Diag,
    Eq,
    Gradient,
    Immediate,
    Jacobian,
    Norm,
    Number,
    Order,
    Outer,
    Product,
    Relation,
    StatementError,
    Sum,
    Total,
    Zeros,
    wrap,
)
from rnnnotes.book.prove.proof import Checker, Refuted, Undecided, is_zero
from rnnnotes.book.state.formulas import formula, stated_by
from rnnnotes.notation import (
    D,
    H,
    L,
    T,
    W_hh,
    W_xh,
    a,
    b_h,
    eps,
    eta,
    f,
    g,
    h,
    j,
    k,
    s,
    sigmoid,
    t,
    tanh,
    theta,
    u,
    v,
    w,
    x,
)

find_all()

from rnnnotes.vanilla_rnn import generic_state, hidden_state, pre_activation  # noqa: E402


@pytest.fixture(autouse=True)
def _own_formulas(registry):
    """Take the formulas of a test out of the book again."""


def state(left, sign, right, code, **options):
    """Formula of a test."""
    formula(Relation(left, sign, right), **options)(code)
    return stated_by(code)


def claim(left, sign, right, **options):
    """Theorem in one line, with no code to speak of."""

    def claimed():
        """Claimed."""

    lines = options.pop("derivation", [(sign, "it is claimed")])
    return state(left, sign, right, claimed, derivation=lines, **options)


def check_lines(stated):
    """Check the derivation alone, and return the verdicts of its lines."""
    checker = Checker(stated)
    return [checker.line(number) for number in range(len(stated.derivation))]


# -- Conditions ------------------------------------------------------------------------------------


def test_condition_with_a_bare_symbol_gives_the_symbol_its_value():
    """Under the condition a line holds that is false without it, and no other does."""
    condition = {"where": [Eq(W_hh, Zeros(H, H))]}

    assert check_lines(claim(W_hh @ v + w, "=", w, **condition)) == ["proved"]
    with pytest.raises(Refuted):
        check_lines(claim(W_hh @ v + w, "=", w))
    with pytest.raises(Refuted):
        check_lines(claim(W_hh @ v + w, "=", v, **condition))


def test_symbol_has_no_value_beside_its_definition():
    """A condition may not define again what a given formula defines."""
    with pytest.raises(StatementError, match=r"h\[t\] = a\[t\] gives h a value"):
        check_lines(
            claim(h[t], "=", a[t], given=[pre_activation, hidden_state], where=[Eq(h[t], a[t])])
        )


# -- What is true ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [
        ((W_hh @ W_hh).T, "=", W_hh.T @ W_hh.T),
        (v.T @ W_hh, "=", (W_hh.T @ v).T),
        (Diag(v) @ w, "=", v * w),
        (Outer(v, w).T, "=", Outer(w, v)),
        (sigmoid(-v), "=", 1 - sigmoid(v)),
        (-tanh(v), "=", tanh(-v)),
        (2 * u, "<=", u**2 + 1),
        (Norm(W_hh @ W_hh), "<=", Norm(W_hh) * Norm(W_hh)),
    ],
)
def test_what_is_true_passes(left, sign, right):
    """A checker that refused everything would pass the tests below."""
    assert check_lines(claim(left, sign, right))


# -- What is false ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (v.T @ W_hh, (W_hh @ v).T),
        ((W_hh @ Diag(v)), Diag(v) @ W_hh),
        (Outer(v, w), Outer(w, v)),
        ((W_hh @ W_hh).T, W_hh.T @ W_hh),
        (Diag(v) @ w, v + w),
        (v - w, w - v),
        (sigmoid(-v), sigmoid(v)),
        (tanh(v), sigmoid(v)),
        (tanh(2 * v), 2 * tanh(v)),
        (f(v), f(w)),
        (f(v), g(v)),
        (f(-v), -f(v)),
        (f.prime(v), f(v)),
        (f.prime.prime(v), -f(v)),
        (f(0 * v), 0 * v),
        (W_hh, 2 * W_hh / 2 + 0 * W_hh + 1),
        (Sum(h[j], j, 1, T), Sum(h[j], j, 1, T - 1)),
        (Product(W_hh, j, T, 1), Product(W_hh, j, T, 2)),
    ],
)
def test_false_equality_is_refused_with_a_counterexample(left, right):
    """The message has the line, its reason, the entry, and numbers at which it fails."""
    with pytest.raises(Refuted) as refusal:
        check_lines(claim(left, "=", right))

    message = str(refusal.value)
    assert "test_proof.py:claimed, line 1 (it is claimed), entry (" in message
    number = r"-?[\d.]+(e[+-]\d+)?"
    assert re.search(rf"\n  {number} = {number} fails with \S+=", message)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Jacobian(h[t], h[t - 1]), W_hh @ Diag(f.prime(a[t]))),
        (Jacobian(h[t], h[t - 1]), (Diag(f.prime(a[t])) @ W_hh).T),
        (Jacobian(h[t], h[t - 1]), Diag(f.prime(h[t - 1])) @ W_hh),
        (Jacobian(h[t], h[t - 1]), Diag(f(a[t])) @ W_hh),
        (Jacobian(h[t], h[t - 1]), Diag(f.prime(a[t])) @ W_hh + W_hh),
    ],
)
def test_wrong_jacobian_is_refused(left, right):
    """The mistakes that the notes and the literature make."""
    with pytest.raises(Refuted):
        check_lines(claim(left, "=", right, given=[pre_activation, hidden_state]))


def test_index_shift_is_refused_at_the_index_where_it_fails():
    """A shifted time is another quantity."""
    stated = claim(
        Jacobian(a[t], h[t - 1]) @ h[t - 1], "=", W_hh @ h[t], given=[pre_activation, hidden_state]
    )

    with pytest.raises(Refuted, match=r"entry \(1,\) at t=1:"):
        check_lines(stated)


def test_message_names_the_line_that_fails():
    """The lines before it hold."""
    stated = claim(
        (v.T @ W_hh).T, "=", W_hh @ v,
        derivation=[
            ("=", W_hh.T @ v, "the transpose of a row times a matrix"),
            ("=", "the matrix is symmetric, which it is not"),
        ],
    )  # fmt: skip

    with pytest.raises(Refuted, match=r"line 2 \(the matrix is symmetric, which it is not\)"):
        check_lines(stated)


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [
        (u**2 + 1, "<=", 2 * u),
        (u**2, "<", u**2),
        (wrap(0), "<", u**2 - 1),
        (Norm(W_hh) * Norm(W_hh), "<=", Norm(W_hh @ W_hh)),
        (Norm(v + w), "<=", Norm(v)),
        (Abs(f.prime(u)), "<=", sigmoid(u)),
    ],
)
def test_reversed_inequality_is_refused(left, sign, right):
    """An inequality that algebra does not decide must still hold on every draw."""
    with pytest.raises(Refuted, match="fails with"):
        check_lines(claim(left, sign, right))


def test_strict_inequality_is_not_met_by_equality():
    """A square is not negative, and may be zero."""
    with pytest.raises((Refuted, Undecided)):
        check_lines(claim(wrap(0), "<", (u - u) ** 2))


def test_unknown_is_no_pass():
    """Equal on all numbers and beyond the algebra of the checker: it says so."""
    # It would need a rule for the logarithm of a sum that is a product.
    from rnnnotes.notation import exp, log

    stated = claim(log(exp(2 * u) + exp(u)), "=", u + log(1 + exp(u)))

    with pytest.raises(Undecided, match="algebra does not decide"):
        check_lines(stated)


def test_norms_are_proved_by_rules_and_else_tested():
    """A transpose has the same norm; that the inverse of a symmetric one has, no rule tells."""
    assert check_lines(claim(Norm(W_hh.T), "=", Norm(W_hh))) == ["proved"]
    assert check_lines(claim(Norm(W_hh.T @ W_hh), "=", Norm(W_hh) ** 2)) == ["tested"]


# -- Statements that mean nothing ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: W_xh @ h[t], "MatMul: the last axis of"),
        (lambda: W_xh + W_hh, "differ; only a scalar broadcasts"),
        (lambda: v * x[t], "Times: shapes"),
        (lambda: u.T, "Transpose: needs a matrix"),
        (lambda: Diag(W_hh), "Diag: needs a vector"),
        (lambda: Product(W_xh, j, T, 1), "Product: needs a square matrix"),
        (lambda: Gradient(v, w), "Gradient: needs a scalar"),
        (lambda: Jacobian(v, v + w), "differentiates by a symbol"),
        (lambda: W_hh[t], "W_hh has no times"),
        (lambda: claim(v, "=", x[t]), "the sides have shapes"),
        (lambda: claim(v, ">", w), "is not one of"),
    ],
)
def test_malformed_statement_is_refused_when_it_is_built(build, complaint):
    """Shapes are compared by their names, so H is not D even where the numbers agree."""
    with pytest.raises(StatementError, match=complaint):
        build()


def test_definition_without_a_bare_symbol_is_refused():
    """An equation between two expressions is a theorem, and needs a derivation."""

    def doubled(v):
        """Double."""
        return v + v

    with pytest.raises(StatementError, match="a definition has a bare symbol on the left"):
        state(2 * v, "=", v + v, doubled)


def test_inequality_is_no_definition():
    """It would define nothing."""

    def small():
        """Small."""
        return 0

    with pytest.raises(StatementError, match="a definition has a bare symbol on the left"):
        state(u, "<=", wrap(0), small)


def test_derivation_that_ends_elsewhere_is_refused():
    """It ends where the statement ends, so its last line has no expression of its own."""
    with pytest.raises(StatementError, match="the last line is the right-hand side"):
        claim(v * w, "=", w * v, derivation=[("=", v * w, "the same")])


def test_derivation_that_shows_less_is_refused():
    """A line with an inequality does not show an equality."""
    with pytest.raises(StatementError, match="the lines together show '<=', not '='"):
        claim(u, "=", u, derivation=[("<=", "weaker")])


def test_code_that_takes_what_it_computes_is_refused():
    """It could return its argument."""

    def taken(a):
        """Taken."""
        return a

    with pytest.raises(StatementError, match="which it is to compute"):
        state(a[t], "=", W_xh @ x[t], taken)


def test_unknown_parameter_is_refused():
    """What the code takes is declared or bound."""

    def stranger(nobody):
        """Stranger."""
        return nobody

    with pytest.raises(StatementError, match="neither a declared symbol nor bound"):
        state(v, "=", w, stranger)


def test_statement_without_source_is_refused():
    """Every formula of the book goes back to something."""

    def same(u):
        """Same."""
        return u

    same.__module__ = "rnnnotes.elsewhere"

    with pytest.raises(StatementError, match=r"elsewhere\.same: needs a source"):
        state(u, "=", u, same, derivation=[("=", "the same")])


# -- Definitions -----------------------------------------------------------------------------------


def test_definition_by_itself_is_refused():
    """It would never end."""

    def circular(u):
        """Circular."""
        return u

    def circle():
        """Circle."""
        return 0

    with pytest.raises(StatementError, match="is to compute"):
        state(u, "=", u + 1, circular)
    with pytest.raises(StatementError, match="is defined by itself"):
        state(h[t], "=", 2 * h[t], circle)


def test_function_by_itself_is_refused():
    """So would a function."""

    def circle(u):
        """Circle."""
        return u

    with pytest.raises(StatementError, match="is defined by itself"):
        prove(state(f(u), "=", f(u) + 1, circle))


def test_two_definitions_of_one_symbol_are_refused():
    """One of them would be dropped in silence."""

    def first(w):
        """Return the first."""
        return w

    def second(w):
        """Return the second."""
        return 2 * w

    state(v, "=", w, first)
    state(v, "=", 2 * w, second)
    stated = claim(v, "=", 2 * w, given=[first, second])

    with pytest.raises(StatementError, match="v has two definitions"):
        prove(stated)


def test_definition_reaches_only_its_times():
    """Before the first step a state is any vector, and has no pre-activation."""
    stated = claim(h[t - 1], "=", f(a[t]), given=[hidden_state])

    with pytest.raises(Refuted):
        check_lines(stated)


@pytest.mark.parametrize("time", [t - 1, t + 1])
def test_symbol_outside_its_times_is_refused(time):
    """A shifted index must not find an unknown that fits anything."""
    with pytest.raises(StatementError, match="x has no time"):
        check_lines(claim(x[time] * 0, "=", x[t] * 0))


def test_symbol_without_its_time_is_refused():
    """The derivative by it would be zero."""
    with pytest.raises(StatementError, match="h stands without its time"):
        check_lines(claim(Jacobian(h[t], h), "=", 0 * W_hh, given=[hidden_state, pre_activation]))


def test_derivative_of_what_is_not_defined_is_refused():
    """It would be zero, whatever the symbol is."""
    with pytest.raises(StatementError, match="no formula given defines it"):
        check_lines(claim(Gradient(L, W_hh), "=", 0 * W_hh))


def test_argument_of_a_function_captures_no_symbol():
    """In f(u) = u b the name u is its own, also where it is applied to b, and in its slope."""
    b = eta

    def scaled(u, eta):
        """Scaled."""
        return u * eta

    def slope(u, eta):
        """Slope."""
        return eta

    state(g(u), "=", u * b, scaled)
    state(f(u), "=", Jacobian(g(u), u), slope, given=[scaled])

    assert check_lines(claim(f(b), "=", b + 0, given=[slope]))
    with pytest.raises(Refuted):
        check_lines(claim(f(b), "=", 2 * b, given=[slope]))


def test_argument_is_held_by_a_derivative_inside_its_function():
    """In f(u) = d(u b)/db the name u is a symbol, and no b, whatever it stands for."""
    b = eta

    def slope(u):
        """Slope."""
        return u

    state(f(u), "=", Jacobian(u * b, b), slope)

    assert check_lines(claim(f(b), "=", 1 * b, given=[slope]))
    with pytest.raises(Refuted):
        check_lines(claim(f(b), "=", 2 * b, given=[slope]))


@pytest.mark.parametrize(("times", "holds"), [(1, True), (2, False)])
def test_running_value_is_held_by_a_derivative_of_what_is_composed(times, holds):
    """The first running value is w, and the slope of v + w by v is that of v alone."""
    stated = claim(Compose(Jacobian(v + w, v) @ v, v, w, j, 1, 1), "=", times * w)

    if holds:
        assert check_lines(stated)
    else:
        with pytest.raises(Refuted):
            check_lines(stated)


def test_name_of_an_argument_stays_inside_its_function():
    """In g(u) = u v the sum over v does not see what f calls u."""

    def outside(u):
        """Outside."""
        return 3 * u

    def inside(u, L):
        """Inside."""
        return L

    # L stands for 3 u, where u is the symbol and not the argument of f.
    state(L, "=", 3 * u, outside)
    state(f(u), "=", L + 0 * u, inside, given=[outside])

    with pytest.raises(Refuted):
        check_lines(claim(f(wrap(1)), "=", wrap(3), given=[inside]))
    assert check_lines(claim(f(wrap(1)), "=", 3 * u, given=[inside]))


# -- Derivatives -----------------------------------------------------------------------------------


def test_total_derivative_is_not_the_immediate_one():
    """The early steps count too: forgetting them is the mistake of the notes."""
    with pytest.raises(Refuted, match="at t=2"):
        check_lines(
            claim(Jacobian(s[t], theta), "=", Immediate(s[t], theta), given=[generic_state])
        )


def test_immediate_derivative_holds_the_step_before():
    """In the sum of all steps total derivatives count the early ones again."""
    wrong = Sum(Jacobian(s[t], s[k]) @ Jacobian(s[k], theta), k, 1, t)

    with pytest.raises(Refuted, match="at t=2"):
        check_lines(claim(Jacobian(s[t], theta), "=", wrong, given=[generic_state]))


def test_product_keeps_its_order():
    """The latest factor is on the left."""
    earliest_left = Jacobian(s[1], s[0]) @ Jacobian(s[2], s[1])

    with pytest.raises(Refuted):
        check_lines(claim(Jacobian(s[2], s[0]), "=", earliest_left, given=[generic_state]))


def test_code_that_writes_into_its_argument_is_refused():
    """Code that changes what it is handed is refused in draws, and at all sizes."""

    def doubled(v):
        """Doubled."""
        v += v
        return v

    stated = state(v + v, "=", 2 * v, doubled, derivation=[("=", "twice is two")])

    with pytest.raises(Refuted, match="the code writes into its argument"):
        Checker(stated).code()
    with pytest.raises(Refuted, match="the code changes its argument v from"):
        prove(stated)


# -- What is empty ---------------------------------------------------------------------------------

STILL = Jacobian(x[t - 1], x[t])
"""Derivative that is zero, as no input is computed from another."""


@pytest.mark.parametrize(
    ("left", "sign", "right", "empty"),
    [
        (STILL, "=", Jacobian(x[t], x[t - 1]), "the derivative ∂x[t-1]/∂x[t]"),
        (STILL + Diag(x[t - 1]), "=", Diag(x[t - 1]), "the derivative ∂x[t-1]/∂x[t]"),
        (Diag(x[t - 1]) + STILL, "=", STILL + Diag(x[t - 1]), "the derivative ∂x[t-1]/∂x[t]"),
        (STILL @ x[t - 1] + x[t], "=", x[t] + 0 * x[t], "the derivative ∂x[t-1]/∂x[t]"),
        (Norm(STILL), "<=", wrap(1), "the derivative ∂x[t-1]/∂x[t]"),
        (
            Sum(Jacobian(x[j], x[T]), j, 1, T - 1) + Diag(x[t - 1]),
            "=",
            Diag(x[t - 1]),
            "∂x[j]/∂x[T]",
        ),
        (Immediate(x[t], x[t - 1]) + Diag(x[t - 1]), "=", Diag(x[t - 1]), "∂⁺x[t]/∂x[t-1]"),
        (w + Gradient(v @ v, w), "=", w, "the derivative ∇_w (vᵀ v)"),
        (Jacobian(sigmoid(u) + sigmoid(-u), u) + u, "=", u, "the derivative d"),
        (u + Jacobian(eta * u, eps), "=", u + Order(eps, 2), "the derivative d(eta u)/deps"),
        (Abs(u - u), "<=", Abs(u), "the side |u - u|"),
        (v - v, "=", w - w, "the side v - v"),
    ],
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_what_is_zero_in_silence_is_refused(left, sign, right, empty):
    """A derivative by what nothing depends on makes a line true, and says nothing."""
    with pytest.raises(StatementError, match=re.escape(empty) + ".* is zero in every draw"):
        check_lines(claim(left, sign, right, ranges={t: (2, T)}))


def test_a_slope_that_is_zero_in_silence_is_refused():
    """An activation that is the same everywhere has none."""

    def constant(u):
        """Constant."""
        return 1.0

    state(f(u), "=", wrap(1), constant)

    with pytest.raises(StatementError, match=r"the derivative f'\(a\[t\]\) is zero in every draw"):
        check_lines(claim(h[t] + f.prime(a[t]), "=", h[t], given=[constant]))


def test_a_definition_that_is_zero_in_silence_is_refused():
    """Whatever uses the symbol would say nothing."""

    def still(v):
        """Still."""
        return np.diag(v)

    with pytest.raises(StatementError, match="is zero in every draw"):
        Checker(state(W_hh, "=", Diag(v) + Jacobian(2 * v, w), still)).look()


def test_zero_that_is_claimed_is_not_refused():
    """By the formula itself, or by one that is given, at other times too."""

    def still():
        """Inputs stand alone."""
        return np.zeros((2, 2))

    state(Jacobian(x[t], x[t - 1]), "=", Zeros(D, D), still, ranges={t: (2, T)},
          derivation=[("=", "no input is computed from another")])  # fmt: skip
    more = Jacobian(x[t + 1], x[t]) + Diag(x[t]), "=", Diag(x[t])

    check_lines(stated_by(still))
    check_lines(claim(*more, given=[still], ranges={t: (1, T - 1)}))
    with pytest.raises(StatementError, match="is zero in every draw"):
        check_lines(claim(*more, ranges={t: (1, T - 1)}))


def test_a_derivative_that_is_zero_at_some_times_is_not_refused():
    """A state depends on earlier states alone, and is summed over all."""
    both = Sum(Jacobian(h[t], h[j]), j, 0, T)
    later = Jacobian(h[t], h[t]) + both - Jacobian(h[t], h[t])

    check_lines(claim(both, "=", later, given=[pre_activation, hidden_state]))


def test_code_that_is_right_at_the_sizes_of_the_draws_alone_is_refused():
    """A size that is written into the code is told, however large it is."""

    def first(v):
        """Return the first entries."""
        return v[:97] + v[:97]

    stated = state(v + v, "=", 2 * v, first, derivation=[("=", "twice is two")])

    with pytest.raises(Refuted, match="97"):
        prove(stated)


@pytest.mark.parametrize(
    ("expr", "zero"),
    [
        (lambda x, y: (x + y) ** 3 - (x**3 + 3 * x**2 * y + 3 * x * y**2 + y**3), True),
        (lambda x, y: (x + y) ** 2 - x**2 - y**2, False),
        (lambda x, y: (x**2 - y**2) / (x - y) - x - y, True),
        (lambda x, y: x / y - y / x, False),
        (lambda x, y: sp.sqrt(x) * sp.sqrt(x) * (x + y) - x**2 - x * y, True),
        (lambda x, y: sp.sqrt(2) * (x + y) - sp.sqrt(2) * x - sp.sqrt(2) * y, True),
        (lambda x, y: sp.sqrt(2) * x - x, False),
        (lambda x, y: x / 3 - x * sp.Rational(1, 3) + sp.Integer(0) * y, True),
        (lambda x, y: sp.Integer(0), True),
        (lambda x, y: sp.Rational(1, 7), False),
    ],
    ids=[
        "cube", "square", "cancelled", "quotient", "root", "root of a number", "numbers",
        "thirds", "nothing", "number",
    ],
)  # fmt: skip
def test_zero_is_decided(expr, zero):
    """For polynomials, for quotients, for roots and for numbers, each by its own way."""
    assert is_zero(sp.sympify(expr(*sp.symbols("x y", positive=True)))) is zero


# -- Small quantities ------------------------------------------------------------------------------

QUOTIENT = (f(u + eps) - f(u)) / eps


@pytest.mark.parametrize("function", [f, tanh, sigmoid], ids=lambda function: function.name)
def test_one_sided_difference_is_of_first_order(function):
    """Its error is linear in the step, whether or not a rule gives the slope."""
    quotient = (function(u + eps) - function(u)) / eps

    assert check_lines(claim(quotient, "=", function.prime(u) + Order(eps, 1)))
    with pytest.raises((Refuted, Undecided)):
        check_lines(claim(quotient, "=", function.prime(u) + Order(eps, 2)))


@pytest.mark.parametrize("end", [f.prime(u), f.prime(u) + Order(eps, 2)])
def test_small_terms_are_not_lost_on_the_way(end):
    """Left out of one line, they would be zero in the next."""
    stated = claim(
        QUOTIENT, "=", end,
        derivation=[("=", f.prime(u) + Order(eps, 1), "Taylor"), ("=", "sleight of hand")],
    )  # fmt: skip

    with pytest.raises(Refuted, match=r"line 2 \(sleight of hand\): (loses|makes)"):
        check_lines(stated)


@pytest.mark.parametrize("end", [Order(eps, 2) / eps + u, Order(eps, 2) + Order(eps, 1)])
def test_small_terms_stand_alone(end):
    """Divided by what is small they are not small."""
    with pytest.raises(StatementError, match="stands alone"):
        check_lines(claim(u, "=", end))


@pytest.mark.parametrize("side", [u, Norm(W_hh)], ids=["number", "norm"])
def test_bound_up_to_small_terms_is_not_tested(side):
    """No draw has looked at it, and it is false: a square is less than its root now and then."""
    with pytest.raises(Undecided, match="too few draws tell: 0"):
        check_lines(claim(side, "<=", side**2 + Order(eps, 2)))


# -- Nothing at all --------------------------------------------------------------------------------


def test_statement_about_no_index_is_refused():
    """What is claimed of no case holds, and says nothing."""
    with pytest.raises(StatementError, match="its indices have no value"):
        check_lines(claim(h[t], "=", 2 * h[t], ranges={t: (T, 1)}))


def test_count_that_holds_at_sizes_is_not_proved():
    """2 H = D holds at H=2 and D=4, and not at the other choices."""
    with pytest.raises(Refuted, match="with no numbers at all"):
        check_lines(claim(Number(2 * H), "=", Number(D)))


def test_exact_zero_is_decided_without_rounding():
    """A difference of 0 is not a small number, and a small number is not 0."""
    tiny = wrap(sp.Rational(1, 10**40))

    assert check_lines(claim((u + 1) ** 2 - u**2 - 2 * u, "=", wrap(1))) == ["proved"]
    with pytest.raises((Refuted, Undecided)):
        check_lines(claim(u, "=", u + tiny))


# -- Code ------------------------------------------------------------------------------------------


def definition(code):
    """Pre-activation without its input, computed by some code."""
    return state(a[t], "=", W_hh @ h[t - 1] + b_h, code)


def test_right_code_is_proved():
    """The code runs on symbols."""

    def right(W_hh, h_prev, b_h):
        """Right."""
        return W_hh @ h_prev + b_h

    assert prove(definition(right)).code == "proved"


@pytest.mark.parametrize(
    "compute",
    [
        lambda W_hh, h_prev, b_h: W_hh.T @ h_prev + b_h,
        lambda W_hh, h_prev, b_h: h_prev @ W_hh + b_h,
        lambda W_hh, h_prev, b_h: W_hh @ h_prev - b_h,
        lambda W_hh, h_prev, b_h: W_hh @ h_prev,
        lambda W_hh, h_prev, b_h: W_hh * h_prev @ b_h,
        lambda W_hh, h_prev, b_h: W_hh @ h_prev + b_h + 1e-3,
        lambda W_hh, h_prev, b_h: 1.001 * (W_hh @ h_prev) + b_h,
        lambda W_hh, h_prev, b_h: np.tanh(W_hh @ h_prev + b_h),
        lambda W_hh, h_prev, b_h: W_hh @ h_prev[::-1] + b_h,
    ],
    ids=[
        "transposed matrix",
        "row times matrix",
        "sign",
        "dropped bias",
        "another product",
        "shifted",
        "scaled",
        "activation",
        "reversed",
    ],
)
def test_wrong_code_is_refused(compute):
    """The message has the entry, the time and the numbers."""

    def wrong(W_hh, h_prev, b_h):
        """Wrong."""
        return compute(W_hh, h_prev, b_h)

    with pytest.raises(Refuted, match=r"the code is not the statement, entry \(1,\) at t=1\n"):
        prove(definition(wrong))


def test_code_of_another_shape_is_refused():
    """A column is not a vector, though their entries agree."""

    def column(W_hh, h_prev, b_h):
        """Column."""
        return (W_hh @ h_prev + b_h)[:, None]

    with pytest.raises(Refuted, match=r"the code returns shape \(2, 1\), and the statement"):
        prove(definition(column))


def test_code_that_is_nearly_right_is_refused():
    """A difference below the rounding of most draws is still a difference: one is exact."""

    def nearly(W_hh, h_prev, b_h):
        """Nearly."""
        return W_hh @ h_prev + b_h + 1e-30

    with pytest.raises(Refuted, match="the code gives 1e-30 and the statement 0"):
        prove(definition(nearly))


def test_code_that_branches_is_tested_on_draws():
    """It is right on all of them, and is not called proved."""

    def branching(W_hh, h_prev, b_h):
        """Branching."""
        return W_hh @ h_prev + b_h if W_hh[0, 0] > 0 else b_h + W_hh @ h_prev

    assert prove(definition(branching)).code == "tested"


@pytest.mark.parametrize(
    "compute",
    [
        lambda W_hh, h_prev, b_h: np.where(W_hh[0, 0] > 0, W_hh @ h_prev + b_h, b_h),
        lambda W_hh, h_prev, b_h: np.maximum(W_hh @ h_prev + b_h, 0.0),
        lambda W_hh, h_prev, b_h: (W_hh @ h_prev + b_h + 0 * max(b_h))[None],
    ],
    ids=["one branch", "rectified", "another shape"],
)
def test_wrong_code_that_branches_is_refused(compute):
    """It is wrong on one branch, or of another shape."""

    def branching(W_hh, h_prev, b_h):
        """Branching."""
        return compute(W_hh, h_prev, b_h)

    with pytest.raises(Refuted, match=r"the code (gives|returns shape)"):
        prove(definition(branching))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda sum_: np.clip(sum_, -1e12, 1e12),
        lambda sum_: np.where(sum_ > 3e12, 0.0, sum_),
        lambda sum_: sum_ * (1 + 1e-9),
        lambda sum_: sum_ + 1e-12,
        lambda sum_: sum_ if len(sum_) < 5 else 2 * sum_,
    ],
    ids=["clipped", "beyond a number", "a factor", "a term", "long arrays"],
)
def test_code_that_branches_is_refused_where_it_is_wrong_far_away(wrong):
    """Numbers of every magnitude are drawn, and arrays that are long; rounding is told apart."""

    def branching(W_hh, h_prev, b_h):
        """Branching."""
        return wrong(W_hh @ h_prev + b_h) if W_hh[0, 0] > 0 else b_h + W_hh @ h_prev

    with pytest.raises(Refuted, match="the code gives"):
        prove(definition(branching))


@pytest.mark.parametrize(
    "code",
    [
        lambda v, w: v * (w / np.sqrt(w @ w)) * np.sqrt(w @ w),
        lambda v, w: v * (v @ v) * w / (v @ v),
    ],
    ids=["norm", "square"],
)
def test_code_without_a_value_is_refused(code):
    """Algebra cancels what the code divides by; for some numbers it is zero, and they are drawn."""
    with pytest.raises(Refuted, match="the code gives nan and"):
        prove(replace(find("building_blocks.hadamard_product"), code=code))


def test_a_loop_that_ends_too_early_is_refused():
    """It is right for as many steps as those at which loops are proved."""

    def short(as_, W_hh, f_prime, t, k):
        """Stop after four steps."""
        J = np.eye(len(W_hh))
        for step in range(k, min(t, k + 4)):
            J = np.diag(f_prime(as_[step])) @ W_hh @ J
        return J

    with pytest.raises(Refuted, match="the code gives"):
        prove(replace(find("bptt.jacobian_product"), code=short))


def test_unknown_activations_are_kept_apart():
    """Code that takes two activations and swaps them is wrong."""

    def swapped(v, w, f, g):
        """Swapped."""
        return g(v) + f(w)

    stated = state(b_h, "=", f(v) + g(w), swapped)

    with pytest.raises(Refuted, match="the code is not the statement"):
        prove(stated)


# -- Time ------------------------------------------------------------------------------------------


def test_no_answer_in_time_is_no_pass(monkeypatch):
    """A proof that does not end is stopped, and has failed."""
    monkeypatch.setattr(checking, "prove", lambda stated: [None for _ in iter(int, 1)])

    with pytest.raises(OutOfTime, match=r"test_proof.py:claimed: no answer within 0.2 s"):
        result_of(claim(Total(v), "=", Total(v)), limit=0.2)
