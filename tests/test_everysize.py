"""What is shown for all sizes, and what must not be: false lines of every kind, beside true ones.

Each false line is refused although a line beside it that differs in little is shown, so it is not
refused for being out of reach.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy as sp

from rnnnotes.book.language.nodes import (
    Abs,
    At,
    Block,
    Compose,
    Concatenate,
    Diag,
    Entry,
    Function,
    Gradient,
    Identity,
    Immediate,
    Inverse,
    Jacobian,
    Letter,
    MatrixPower,
    Norm,
    Ones,
    Outer,
    Product,
    Relation,
    Stack,
    StatementError,
    Steps,
    Sum,
    Total,
    Variable,
    Zeros,
    wrap,
)
from rnnnotes.book.prove import everysize
from rnnnotes.book.prove.everysize import (
    WAYS,
    Lemma,
    Premises,
    by_values,
    forward,
    holds_for_all_sizes,
)
from rnnnotes.book.values.world import Definition

D, H, T = (sp.Symbol(name, integer=True, positive=True) for name in "DHT")
i, j, k, m, t = (sp.Symbol(name, integer=True) for name in "ijkmt")

v, w, d = Variable("v", (H,)), Variable("w", (H,)), Variable("d", (D,))
W, U = Variable("W", (H, H)), Variable("U", (H, H))
upper, lower, corner = Variable("upper", (H, D)), Variable("lower", (D, H)), Variable("E", (D, D))
c, e, L = Variable("c"), Variable("e"), Variable("L")
eps = Variable("eps", (), (), positive=True)
x, y, a = (Variable(name, (H,), (1, T)) for name in "xya")
h = Variable("h", (H,), (0, T))
M = Variable("M", (H, H), (1, T))
p, r, s = (Variable(name, (), (1, T)) for name in "prs")
S = Variable("S", (), (0, T))
Q = Variable("Q", (), (1, T))
mean = Variable("mean", (H,))
weight = Variable("weight", (), (1, T), positive=True)

f, exp, tanh, sigmoid = map(Function, ("f", "exp", "tanh", "sigmoid"))
ANY_SIZE = Letter("any", integer=True, positive=True)
phi, lin = Function("phi", (), takes=[(H,)]), Function("lin", (H,), takes=[(H,)])
of_two, of_both = Function("phi", (), takes=[(H,), (H,)]), Function("phi", (), takes=[(2 * H,)])
of_all = Function("phi", (), takes=[(T, H)])
softmax = Function("softmax", (ANY_SIZE,), takes=[(ANY_SIZE,)])

ANY = {t: (1, T)}
BOTH = {t: (1, T), k: (1, T)}
EARLIER = {k: (1, t - 1), t: (1, T)}


def define(target, value, *ranges):
    """Definition of a symbol at each value of its indices."""
    return Definition(target, wrap(value), ranges)


def shown(left, right, definitions=(), ranges=None, known=(), claim=None):
    """Whether a line is shown to hold for all sizes."""
    premises = Premises(list(definitions), dict(ranges or {}), known)
    return holds_for_all_sizes(wrap(left), wrap(right), premises, claim)


def follows(left, right, definitions=(), ranges=None):
    """Whether a line is shown, by induction over itself if need be."""
    claim = Relation(left, "=", right)
    return shown(left, right, definitions, ranges, claim=claim)


# -- Plain arrays ----------------------------------------------------------------------------------

BLOCKS = Block([W, upper], [lower, corner])

TRUE = {
    "a constant goes into a sum": (W @ Sum(x[j], j, 1, T), Sum(W @ x[j], j, 1, T), {}),
    "a last term": (Sum(p[j], j, 1, t), Sum(p[j], j, 1, t - 1) + p[t], ANY),
    "a last factor": (Product(M[j], j, t, 1), M[t] @ Product(M[j], j, t - 1, 1), ANY),
    "as many ones": (Sum(1, j, 1, t), t, {t: (0, T)}),
    "a sum of ones": (Total(Ones(2 * H)), 2 * H, {}),
    "swapped sums": (
        Sum(Sum(Q[i] * p[j + i], i, 1, k), j, 1, t),
        Sum(Sum(Q[i] * p[j + i], j, 1, t), i, 1, k), BOTH,
    ),
    "blocks": (
        BLOCKS @ Concatenate(v, d), Concatenate(W @ v + upper @ d, lower @ v + corner @ d), {}
    ),
    "blocks transposed": (BLOCKS.T, Block([W.T, lower.T], [upper.T, corner.T]), {}),
    "stacked vectors": (Total(Concatenate(v, d)), Total(v) + Total(d), {}),
    "sizes of a product": (Abs(c * e), Abs(c) * Abs(e), {}),
    "an odd function": (tanh(-c), -tanh(c), {}),
    "a symmetric function": (sigmoid(-c), 1 - sigmoid(c), {}),
    "a power of zero": (wrap(0) ** wrap(t), 0, ANY),
    "a product of no factors": (Product(c, j, 2, 5), 1, {}),
    "a product of one number": (Product(eps, j, t, k + 1), eps ** (t - k), {k: (1, t), t: (1, T)}),
    "an inverse": (Inverse(W) @ W @ v, v, {}),
    "a power of a matrix": (MatrixPower(W, t), Product(W, j, t, 1), ANY),
    "what comes later": (Jacobian(x[t], x[k]), Zeros(H, H), EARLIER),
    "an index that is bound twice": (Sum(p[t], t, 1, t), Sum(p[j], j, 1, t), ANY),
}  # fmt: skip

FALSE = {
    "capture by a sum": (M[j] @ Sum(x[j], j, 1, T), Sum(M[j] @ x[j], j, 1, T), {j: (1, T)}),
    "a derivative at another time": (Jacobian(x[t], x[k]), Zeros(H, H), BOTH),
    "an empty sum": (Sum(p[j], j, 5, t), Sum(p[j], j, 4, t), ANY),
    "the last term of what may be empty": (
        Sum(p[j], j, 5, t), Sum(p[j], j, 5, t - 1) + p[t], ANY
    ),
    "the last factor of what may be empty": (
        Product(M[j], j, t, 5), M[t] @ Product(M[j], j, t - 1, 5), ANY
    ),
    "the last factor on the right": (
        Product(M[j], j, t, 1), Product(M[j], j, t - 1, 1) @ M[t], ANY
    ),
    "a sum that is parted outside it": (
        Sum(p[j], j, 1, t) + Sum(p[j], j, t + 1, T), Sum(p[j], j, 1, T), {t: (1, T + 2)}
    ),
    "fewer ones than none": (Sum(1, j, 1, t), t, {t: (-3, T)}),
    "swapped sums with wrong limits": (
        Sum(Sum(Q[i] * p[j], i, 1, j), j, 1, T), Sum(Sum(Q[i] * p[j], j, 1, i), i, 1, T), {}
    ),
    "functions of two times": (f[t](c), f[k](c), BOTH),
    "ones of two sizes": (Total(Ones(H)), Total(Ones(D)), {}),
    "two sizes": (H, D, {}),
    "a letter of two shapes": (Total(Variable("z", (H,))), Total(Variable("z", (D,))), {}),
    "a transposed square": (W @ v, W.T @ v, {}),
    "factors in another order": (W @ U, U @ W, {}),
    "arguments in another order": (of_two(v, w), of_two(w, v), {}),
    "arguments that are stacked": (of_two(v, w), of_both(Concatenate(v, w)), {}),
    "blocks of the other column": (Block([W, U], [U, W]), Block([U, W], [W, U]), {}),
    "blocks transposed in place": (
        Block([W, U], [M[t], M[k]]).T, Block([W.T, U.T], [M[t].T, M[k].T]), BOTH
    ),
    "a block left out": (
        BLOCKS @ Concatenate(v, d), Concatenate(W @ v, lower @ v + corner @ d), {}
    ),
    "stacked vectors that are alike": (Total(Concatenate(v, w)), 2 * Total(v), {}),
    "a diagonal over two ranges": (
        Sum(Sum(p[i] * Q[i], i, 1, H), j, 1, H), Sum(Sum(p[i] * Q[j], i, 1, D), j, 1, H), {}
    ),
    "a root of a square": ((c * c) ** sp.Rational(1, 2), c, {}),
    "a square of a root": (c ** sp.Rational(1, 2) * c ** sp.Rational(1, 2), c, {}),
    "a power that may be negative": (c ** (t - k) * c ** (k - t), 1, BOTH),
    "a power of zero that may be the first": (wrap(0) ** wrap(t), 0, {t: (0, T)}),
    "an absolute value": (Abs(c), c, {}),
    "absolute values of a sum": (Abs(c + e), Abs(c) + Abs(e), {}),
    "a function that is not linear": (tanh(c + e), tanh(c) + tanh(e), {}),
    "a product of fewer factors than none": (Product(c, j, 2, 5), c ** (-2), {}),
    "a product that may have fewer factors than none": (
        Product(eps, j, t, k + 1), eps ** (t - k), {k: (1, t + 2), t: (1, T)}
    ),
    "an inverse on one side of another": (Inverse(W) @ U @ W, U, {}),
    "a power of a matrix by each entry": (MatrixPower(W, 2), W * W, {}),
    "a sum of a bound that moves": (
        Sum(Sum(p[j], j, 1, k * H), k, 1, T), T * Sum(p[j], j, 1, k * H), {k: (1, T)}
    ),
    "a power of a bound that moves": (
        Sum(MatrixPower(W, k * H), k, 1, T), T * MatrixPower(W, k * H), {k: (1, T)}
    ),
    "a composition within a sum": (
        Sum(Compose(f[j](v), v, x[k], j, 1, t), k, 1, T),
        T * Compose(f[j](v), v, x[k], j, 1, t), BOTH,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUE)
def test_a_true_line_is_shown(name):
    """What refuses everything refuses what is false too."""
    left, right, ranges = TRUE[name]

    assert shown(left, right, (), ranges)


@pytest.mark.parametrize("name", FALSE)
def test_a_false_line_is_refused(name):
    """Each is false at some sizes, times or entries."""
    left, right, ranges = FALSE[name]

    assert not follows(left, right, (), ranges)


@pytest.mark.parametrize("name", ["norm", "radius", "abs", "step", "largest", "ranked"])
def test_an_unknown_function_may_not_be_named_as_a_node(name):
    """The core knows that a norm is never negative; of a function of that name it knows nothing."""
    function = Function(name)

    assert not shown(Abs(function(c)), function(c))
    assert not shown(Abs(function[t](c)), function[t](c), ranges=ANY)


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid"])
def test_a_known_function_has_no_time(name):
    """That of a time is another function at each time."""
    function = Function(name)

    assert not shown(Abs(function[t](c)), function[t](c), ranges=ANY)
    assert not shown(function[t](-c), -function[t](c), ranges=ANY)


def test_the_norm_of_a_matrix_is_no_unknown_function():
    """A function that is named so may be anything."""
    assert not shown(Norm(W), Function("norm", (), takes=[(H, H)])(W))


# -- Derivatives -----------------------------------------------------------------------------------

STEP = define(h[t], f(W @ h[t - 1] + x[t]), (t, 1, T))
SLOPE = f.prime(W @ h[t] + x[t + 1])
NETWORK = [STEP, define(s[t], v @ h[t], (t, 1, T)), define(L, Sum(s[t], t, 1, T))]
CHAIN = Product(Diag(f.prime(W @ h[j - 1] + x[j])) @ W, j, t, k + 1)
SOFTMAX = define(softmax(v), exp(v) / Total(exp(v)))
PAST = Sum(Outer(f.prime(W @ h[t - 1] + x[t]) * Gradient(L, h[t]), h[t - 1]), t, 1, T)

TRUE_SLOPES = {
    "at the last step": (Gradient(L, h[T]), v, NETWORK, {}),
    "one step back": (
        Gradient(L, h[t]), v + W.T @ (SLOPE * Gradient(L, h[t + 1])), NETWORK, {t: (1, T - 1)}
    ),
    "at the start": (
        Gradient(L, h[0]), W.T @ (f.prime(W @ h[0] + x[1]) * Gradient(L, h[1])), NETWORK, {}
    ),
    "by the weights": (Gradient(L, W), PAST, NETWORK, {}),
    "of one step": (
        Jacobian(h[t], h[t - 1]), Diag(f.prime(W @ h[t - 1] + x[t])) @ W, NETWORK, ANY
    ),
    "of many steps": (Jacobian(h[t], h[k]), CHAIN, NETWORK, {k: (0, t), t: (1, T)}),
    "of softmax": (
        Jacobian(softmax(v), v), Diag(softmax(v)) - Outer(softmax(v), softmax(v)), [SOFTMAX], {}
    ),
    "softmax sums to one": (Total(softmax(w)), 1, [SOFTMAX], {}),
    "softmax of what is shifted": (softmax(v + c), softmax(v), [SOFTMAX], {}),
    "of a number at each time": (
        Gradient(s[t], W), Outer(v, x[t]), [define(s[t], v @ (W @ x[t]), (t, 1, T))], ANY
    ),
    "immediate": (
        Immediate(h[t], a[t]), Diag(f.prime(a[t])),
        [define(a[t], W @ h[t - 1] + x[t], (t, 1, T)), define(h[t], f(a[t]), (t, 1, T))], ANY,
    ),
    "at the first step immediate and total agree": (
        Jacobian(h[1], x[1]), Immediate(h[1], x[1]), NETWORK, {}
    ),
    "through a mean over all times": (
        Jacobian(y[t], x[k]), -Identity(H),
        [define(mean, Sum(x[t], t, 1, T)), define(y[t], x[t] - mean, (t, 1, T))], EARLIER,
    ),
}  # fmt: skip

FALSE_SLOPES = {
    "at each step as at the last": (Gradient(L, h[t]), v, NETWORK, ANY),
    "nothing at the start": (Gradient(L, h[0]), Zeros(H), NETWORK, {}),
    "of one step in the other order": (
        Jacobian(h[t], h[t - 1]), W @ Diag(f.prime(W @ h[t - 1] + x[t])), NETWORK, ANY
    ),
    "of more steps than there are": (
        Jacobian(h[t], h[k]), CHAIN, NETWORK, {k: (0, T), t: (1, T)}
    ),
    "of one step too many": (
        Jacobian(h[t], h[k]), Product(CHAIN.args[0], j, t, k), NETWORK, {k: (1, t), t: (1, T)}
    ),
    "immediate for total": (Immediate(h[t], W), Jacobian(h[t], W), NETWORK, ANY),
    "softmax as if each entry stood alone": (Jacobian(softmax(v), v), Diag(softmax(v)), [SOFTMAX],
                                             {}),
    "softmax of what is scaled": (softmax(v * 2), softmax(v), [SOFTMAX], {}),
    "softmax over the other axis": (softmax(W @ v), W @ softmax(v), [SOFTMAX], {}),
    "through a mean over all times": (
        Jacobian(y[k], x[t]), Zeros(H, H),
        [define(mean, Sum(x[t], t, 1, T)), define(y[t], x[t] - mean, (t, 1, T))], EARLIER,
    ),
    "over a time that is bound twice": (
        Jacobian(s[k], p[t]), 0, [define(s[t], Sum(p[t], t, 1, T), (t, 1, T))], EARLIER
    ),
    "of a number at each time": (
        Gradient(s[t], W), Zeros(H, H), [define(s[t], v @ (W @ x[t]), (t, 1, T))], ANY
    ),
    "of a number at each time by way of another": (
        Gradient(s[t], W), Zeros(H, H),
        [define(y[t], W @ x[t], (t, 1, T)), define(s[t], v @ y[t], (t, 1, T))], ANY,
    ),
    "of a derivative": (
        Jacobian(Jacobian(L, c), c), 0, [define(L, f(c * c))], {}
    ),
    "of a gradient": (
        Jacobian(Gradient(L, v), v), Zeros(H, H), [define(L, (v @ w) * (v @ w))], {}
    ),
    "of a gradient that is defined": (
        Jacobian(mean, v), Zeros(H, H),
        [define(L, (v @ w) * (v @ w)), define(mean, Gradient(L, v))], {},
    ),
    "of an inverse": (Gradient(Total(Inverse(W) @ v), W), Zeros(H, H), [], {}),
    "of an inverse that is defined": (
        Gradient(L, W), Zeros(H, H), [define(L, Total(Inverse(W) @ v))], {}
    ),
    "of a composition": (
        Jacobian(Compose(f[j](v), v, w, j, 1, t), w), Zeros(H, H), [], ANY
    ),
    "of what is stacked": (
        Gradient(L, h[t]), Zeros(H), [define(L, of_all(Steps(h, 1, T)))], ANY
    ),
    "by a symbol in a function": (
        Gradient(L, W), Zeros(H, H), [define(lin(v), W @ v), define(L, Total(lin(w)))], {}
    ),
    "of a composition that starts late": (
        Jacobian(Compose(f[j](v), v, x[T], j, 1, t), x[T]), Zeros(H, H),
        [define(y[t], x[t] + v, (t, 1, T))], {t: (1, T - 1)},
    ),
    "immediate by way of what has no time": (
        Immediate(h[t], U), Zeros(H, H, H), [define(W, U @ U), STEP], ANY
    ),
    "immediate by what is of the same time": (
        Immediate(h[t], a[t]), Zeros(H, H),
        [define(a[t], W @ h[t - 1] + x[t], (t, 1, T)), define(h[t], f(a[t]), (t, 1, T))], ANY,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUE_SLOPES)
def test_a_true_derivative_is_shown(name):
    """A network, its loss and their derivatives: so the refusals below are no accident."""
    assert follows(*TRUE_SLOPES[name])


@pytest.mark.parametrize("name", FALSE_SLOPES)
def test_a_false_derivative_is_refused(name):
    """A dependence that is overlooked is a derivative of zero, from which anything follows."""
    assert not follows(*FALSE_SLOPES[name])


def test_the_last_step_and_the_first_are_no_others():
    """A gradient goes one step back from each time but the last, and sums over the first too."""
    back = v + W.T @ (SLOPE * Gradient(L, h[t + 1]))
    weights = Sum(Outer(f.prime(W @ h[t - 1] + x[t]) * Gradient(L, h[t]), h[t - 1]), t, 2, T)
    last, all_steps = Premises(NETWORK, ANY), Premises(NETWORK, {})

    assert not any(way(Gradient(L, h[t]), back, last) for way in WAYS)
    assert not any(way(Gradient(L, W), weights, all_steps) for way in (by_values, forward))


# -- Definitions and equations ---------------------------------------------------------------------


def test_a_definition_on_the_diagonal_says_nothing_beside_it():
    """What is defined at (t, t) is unknown at (t, k)."""
    one = define(At(Q, t, t), 1, (t, 1, T))

    assert shown(At(Q, t, t), 1, [one], ANY)
    assert not shown(At(Q, t, k), 1, [one], BOTH)


def test_two_definitions_of_one_symbol_show_nothing():
    """One of them would be left out, and what it depends on with it."""
    first, later = define(h[0], U @ v), define(h[t], W @ h[t - 1], (t, 1, T))

    assert not shown(Jacobian(h[0], v), Zeros(H, H), [first, later])
    assert not shown(Jacobian(h[1], v), Zeros(H, H), [later, first])


def test_a_composition_in_a_function_is_of_its_argument():
    """Compositions that start from two arguments are two things."""
    apply = define(lin(v), Compose(f[j](w), w, v, j, 1, T))

    assert not shown(lin(x[t]), lin(x[k]), [apply], BOTH)


def test_a_derivative_in_a_function_is_by_its_argument():
    """The symbol that its definition differentiates by stands for the argument."""
    slope = define(lin(v), Gradient(phi(v), v))

    assert not shown(lin(w), Zeros(H), [slope])
    assert not shown(lin(w), lin(v), [slope])


def test_an_inverse_in_a_function_is_of_its_argument():
    """Two arguments have two inverses."""
    function = Function("inverse", (H, H), takes=[(H, H)])
    inverse = define(function(W), Inverse(W))

    assert not shown(function(U), function(M[t]), [inverse], ANY)
    assert not shown(function(U) @ W, Identity(H), [inverse])


def test_a_function_takes_arguments_of_fitting_sizes():
    """An inner product of vectors of two sizes is none."""
    dot = Function("dot", (), takes=[(ANY_SIZE,), (ANY_SIZE,)])
    mixed = [Function("dot", (), takes=sizes) for sizes in ([(D,), (H,)], [(H,), (D,)])]
    inner = define(dot(v, w), v @ w)

    assert shown(dot(w, x[t]), Sum(Entry(w, i) * Entry(x[t], i), i, 1, H), [inner], ANY)
    assert not shown(mixed[0](d, w), Sum(Entry(d, i) * Entry(w, i), i, 1, H), [inner])
    assert not shown(mixed[1](w, d), Sum(Entry(d, i) * Entry(w, i), i, 1, D), [inner])
    with pytest.raises(StatementError, match="dot: takes"):
        dot(d, w)


def test_a_function_of_a_time_is_defined_at_that_time():
    """At another it is another function."""
    slope = define(f[t](c), c * p[t], (t, 1, T))

    assert shown(f[t](e), e * p[t], [slope], ANY)
    assert not shown(f[k](c), c * p[t], [slope], BOTH)
    assert not shown(f[k](c), c * p[k], [slope], BOTH)


def test_an_entry_beyond_an_array_is_nothing():
    """Not even in an array whose entries are known."""
    trace = Sum(Entry(Identity(H), i, i), i, 1, H)

    assert shown(trace, H)
    assert not shown(Sum(Entry(Identity(H), i, i), i, 1, D), D)
    assert shown(Entry(Ones(H), k), 1, ranges={k: (1, H)})
    assert not shown(Entry(Ones(H), k), 1, ranges={k: (1, D)})
    assert not shown(Entry(Diag(v), 1, 2), 0)


def test_shares_of_nothing_do_not_add_up_to_one():
    """From k + 1 to t = k there is no term, though the whole is no denominator there."""
    shares = Sum(weight[j] / Sum(weight[i], i, k + 1, t), j, k + 1, t)

    assert shown(shares, 1, ranges=EARLIER)
    assert not shown(shares, 1, ranges={k: (1, t), t: (1, T)})


def test_an_index_is_no_size_by_its_letter():
    """A size is at least one; an index may be zero, and then less than nothing is stacked."""
    last = sp.Symbol("N", integer=True)
    entries = Total(Stack(wrap(1), j, 2, last))

    assert shown(entries, last - 1, ranges={last: (1, T)})
    assert not shown(entries, last - 1, ranges={last: (-5, T)})


def test_sizes_that_may_be_no_whole_numbers_show_nothing():
    """And are no crash."""
    assert not shown(Total(Variable("z", (H / 2,))), 0)
    assert not shown(p[t], p[t] + 1, ranges={t: (1, T / 2)})


def test_an_inequality_is_no_equation():
    """What is at most one need not be one."""
    assert shown(c, 1, known=[Lemma(Relation(c, "=", 1), {})])
    assert not shown(c, 1, known=[Lemma(Relation(c, "<=", 1), {})])


def test_an_equation_is_used_within_its_range_alone():
    """What is known of the first step is not known of the others."""
    line = Relation(p[t], "=", r[t] + 1)

    assert shown(p[k], r[k] + 1, ranges=BOTH, known=[Lemma(line, ANY)])
    assert not shown(p[k], r[k] + 1, ranges=BOTH, known=[Lemma(line, {t: (1, 1)})])
    assert not shown(p[k], r[k] + 1, ranges=BOTH, known=[Lemma(line, {t: (2, T)})])


def test_an_equation_is_put_at_all_its_letters():
    """The time stands in a product of letters too."""
    line = Relation(p[t], "=", Sum(Q[j], j, 1, t * H))

    assert not shown(p[k], line.right, ranges=BOTH, known=[Lemma(line, ANY)])


# -- Induction -------------------------------------------------------------------------------------

SUMMED = [define(S[t], S[t - 1] + p[t], (t, 1, T))]


def test_a_sum_by_steps_is_a_sum():
    """The step adds the last term, and at first there is one."""
    assert follows(S[t], S[0] + Sum(p[j], j, 1, t), SUMMED, ANY)


@pytest.mark.parametrize(
    "wrong", [Sum(p[j], j, 1, t), S[0] + Sum(p[j], j, 2, t), S[0] + Sum(p[j], j, 1, t) + 1]
)
def test_what_is_false_at_the_first_step_is_refused(wrong):
    """Each of them adds the same at every step, and so follows from itself one step before."""
    assert not follows(S[t], wrong, SUMMED, ANY)


def test_what_is_true_at_the_first_step_alone_is_refused():
    """The step is not shown."""
    assert not follows(S[t], S[0] + t * p[1], SUMMED, ANY)
    assert not follows(S[t], S[t - 1] + p[1], SUMMED, ANY)


def test_a_line_is_shown_at_the_first_step_too():
    """From a claim one step before, a line may follow that is false at the first step."""
    claim = Relation(S[t], "=", S[0] + Sum(p[j], j, 1, t))
    line = S[0] + Sum(p[j], j, 1, t - 1) + p[t]

    assert shown(S[t], line, SUMMED, ANY, claim=claim)
    assert not shown(S[t], S[1] + Sum(p[j], j, 2, t), SUMMED, {t: (0, T)}, claim=claim)


def test_a_claim_before_is_used_within_its_ranges_alone():
    """At the step before, an index below the time may be too late for the claim.

    The double sum over m >= i + 1 and m <= j is empty for i = t, as j <= t: so no step adds
    anything.  But j may be t, of which the claim one step before says nothing.
    """
    late = Sum(Sum(At(Q, i, m), m, i + 1, j), i, k + 1, t)
    strict = Sum(Sum(At(Q, i, m), m, i, j), i, 3, t)

    assert not follows(late, wrap(0), (), {k: (1, t), j: (1, t), t: (1, T)})
    assert not follows(strict, wrap(0), (), {j: (1, t - 1), t: (2, T)})


def test_no_claim_is_captured_by_what_it_binds():
    """The index of an induction, or where it starts, may be bound within the claim."""
    bound = Sum(Sum(At(Q, i, t), t, 1, t), i, 2, t)
    claim = Relation(bound, "=", Sum(Sum(At(Q, i, j), j, 1, t), i, 2, t))
    line = [Sum(Sum(At(Q, i, j), j, 1, last), i, 2, t - 1) for last in (t, t - 1)]

    assert not shown(*line, ranges=ANY, claim=claim)
    assert not follows(Sum(At(Q, t, k), k, 1, T), Sum(At(Q, k, k), k, 1, T), (),
                       {k: (1, t), t: (1, T)})  # fmt: skip


def test_a_loss_over_all_steps_is_none_over_fewer():
    """What is defined with the number of steps does not shrink in an induction over it."""
    loss = define(L, Sum(p[t], t, 1, T))

    assert follows(L, Sum(p[t], t, 1, T), [loss])
    assert not follows(L, p[1], [loss])
    assert not follows(L, Sum(p[t], t, 1, T - 1), [loss])
    assert not follows(Sum(p[j], j, 1, t), L, [loss], ANY)


def test_a_map_of_all_steps_is_no_map_of_fewer():
    """An induction over the number of steps has nothing to say of it, and that is no crash."""
    assert shown(of_all(Steps(h, 1, T)), of_all(Steps(h, 1, T)))
    assert not follows(of_all(Steps(h, 1, T)), of_all(Steps(x, 1, T)))


def test_an_induction_over_the_number_of_steps_needs_its_claim_at_every_step():
    """Of a claim at the last step, its other lines say nothing where there are fewer steps."""
    ends = [Lemma(Relation(p[1], "=", c), {}), Lemma(Relation(p[T], "=", c), {})]
    line = (T - 1) * p[T - 1], (T - 1) * c
    held = define(p[t], p[t - 1], (t, 2, T))

    assert not shown(*line, known=ends, claim=Relation(p[T], "=", c))
    assert shown(*line, [held], known=ends[:1], claim=Relation(p[T], "=", c))


def test_what_is_known_of_the_letters_of_a_line_says_nothing_of_those_of_an_equation():
    """Letters of an equation are its own: its sums may be empty where those of the line are not."""
    both = S[t] * S[k]
    law = Relation(At(Q, k, t), "=", c + Sum(both, j, k + 1, t))
    known, ranges = [Lemma(law, {t: (0, T), k: (0, T)})], {t: (1, T), k: (0, t - 1)}

    assert shown(At(Q, k, t), c + (t - k) * both, ranges=ranges, known=known)
    assert shown(At(Q, t, k), c, ranges=ranges, known=known)
    assert not shown(At(Q, t, k), c + (k - t) * both, ranges=ranges, known=known)


# -- Questions -------------------------------------------------------------------------------------


def test_only_the_same_question_has_the_answer_of_another(monkeypatch):
    """What differs in anything that the answer depends on is asked by itself."""
    asked = []
    monkeypatch.setattr(everysize, "_agree", lambda *_, **how: asked.append(how) or True)
    known = Premises([Definition(e, c, ())], {t: (sp.Integer(1), T)})
    one, other = Lemma(Relation(v, "=", w), {}), Lemma(Relation(v, "=", w), {t: (0, T)})
    questions = [
        (v, w, known, {}),
        (v, c, known, {}),
        (v, w, replace(known, definitions=[Definition(e, 2 * c, ())]), {}),
        (v, w, replace(known, ranges={t: (sp.Integer(0), T)}), {}),
        (v, w, replace(known, functions=[Definition(f(c), c, ())]), {}),
        (v, w, replace(known, budget=1), {}),
        *((v, w, known, {name: True}) for name in ("deep", "functions")),
        (v, w, known, {"reverse": False}),
        (v, w, known, {"step": "t"}),
        *((v, w, known, {"equations": (lemma,)}) for lemma in (one, other)),
    ]
    for left, right, premises, how in questions * 2:
        assert everysize.agree(left, right, premises, **how)
        assert everysize.agree(right, left, premises, **how)  # sides have no order
    assert len(asked) == len(questions)
