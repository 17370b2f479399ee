"""What a formula may take from others: definitions, conditions and equations."""

from __future__ import annotations

from functools import reduce
from operator import mul

import pytest

from rnnnotes import building_blocks, gradients, gru, lstm, vanilla_rnn
from rnnnotes.book.check import store
from rnnnotes.book.check.checking import prove
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import (
    Abs,
    Compose,
    Diag,
    Entry,
    Eq,
    Gradient,
    Identity,
    Immediate,
    Jacobian,
    Le,
    Lt,
    Norm,
    Number,
    Ones,
    Product,
    Relation,
    StatementError,
    Sum,
    Zeros,
)
from rnnnotes.book.language.symbols import SIZES
from rnnnotes.book.prove.everysize import holds_for_all_sizes
from rnnnotes.book.prove.premises import omitted_by
from rnnnotes.book.prove.proof import Checker, Refuted, Undecided, premises_of
from rnnnotes.book.prove.sizes import choices, large, ones
from rnnnotes.book.state.formulas import FORMULAS, formula, stated_by
from rnnnotes.notation import (
    D,
    H,
    L,
    L_t,
    M,
    N,
    O,
    T,
    W_hh,
    W_hy,
    W_xh,
    a,
    a_y,
    b_f,
    c,
    c_tilde,
    ell,
    eta,
    f,
    f_gate,
    g,
    gamma,
    h,
    h_back,
    i_gate,
    j,
    k,
    kappa,
    m,
    psi,
    q,
    t,
    tanh,
    u,
    v,
    w,
    w_unit,
    x,
    x_fit,
    y,
    z_gate,
)

find_all()


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
    checker.require_given()
    return [checker.line(number) for number in range(len(stated.derivation))]


# -- What is not given is no constant --------------------------------------------------------------

LAST_STEP = [vanilla_rnn.step_loss, vanilla_rnn.output, vanilla_rnn.output_pre_activation]


@pytest.mark.parametrize(
    ("left", "right", "given", "symbol", "missing"),
    [
        (Jacobian(h[t], h[t - 1]), Zeros(H, H), [vanilla_rnn.hidden_state],
         "a", "vanilla_rnn.pre_activation"),
        (Jacobian(c[t], c[t - 1]), Diag(f_gate[t]), [lstm.cell_update],
         "f_gate", "lstm.forget_gate"),
        (Jacobian(c[t], c[t - 1]), Diag(f_gate[t]), [lstm.cell_update, lstm.hidden_state],
         "f_gate", "lstm.forget_gate"),
        (Jacobian(h[t], h[t - 1]), Diag(z_gate[t]), [gru.hidden_state],
         "h_tilde", "gru.candidate"),
        (Gradient(L_t[t], W_hh), Zeros(H, H), LAST_STEP, "h", "vanilla_rnn.hidden_state"),
        (Gradient(2 * L, W_hh), Zeros(H, H), [], "L", "vanilla_rnn.loss_sum"),
        (Gradient(L, W_hy), Zeros(O, H), [], "L", "vanilla_rnn.loss_sum"),
        (Gradient(ell(y[t]), h[t]), 0 * h[t], [], "y", "vanilla_rnn.output"),
        (Jacobian(W_hh @ h[t], x[t]), Zeros(H, D), [], "h", "lstm.hidden_state"),
        (Jacobian(Sum(h[k], k, 1, t), h[0]), Zeros(H, H), [], "h", "gru.hidden_state"),
        (Sum(Jacobian(h[k], h[k - 1]), k, 1, t), Zeros(H, H), [vanilla_rnn.hidden_state],
         "a", "vanilla_rnn.pre_activation"),
        (Product(Jacobian(h[k], h[k - 1]) + Identity(H), k, t, 1), Identity(H),
         [vanilla_rnn.hidden_state], "a", "vanilla_rnn.pre_activation"),
        (Compose(Jacobian(h[t], h[t - 1]) @ w + w, w, v, k, 1, t), v, [vanilla_rnn.hidden_state],
         "a", "vanilla_rnn.pre_activation"),
        (Immediate(h[t], W_hh), Zeros(H, H, H), [vanilla_rnn.hidden_state],
         "a", "vanilla_rnn.two_bias_pre_activation"),
        (Jacobian(2 * h_back[t], h_back[T]), Zeros(H, H), [],
         "h_back", "vanilla_rnn.state_back"),
    ],
    ids=[
        "slope of the activation alone", "gates of an LSTM", "gates that read what is given",
        "candidate of a GRU", "loss by the last step alone", "multiple of a loss", "loss",
        "function of an output", "product with a state", "sum over time",
        "at each step of a sum", "in a factor", "in a step of a composition",
        "immediate derivative", "time that runs back",
    ],
)  # fmt: skip
def test_what_a_derivative_reaches_must_be_given(left, right, given, symbol, missing):
    """It would be a constant, and each of these false equations would be proved."""
    ranges = {t: (1, T - 1)} if symbol == "h_back" else {}
    stated = claim(left, "=", right, given=given, ranges=ranges)

    with pytest.raises(StatementError, match="no formula given defines it") as refusal:
        check_lines(stated)
    _, _, complaint = str(refusal.value).partition("line 1 (it is claimed): ")
    assert complaint.startswith((f"{symbol}[", f"{symbol} "))
    assert missing in complaint


def test_derivative_in_a_definition_reaches_as_far_as_in_a_line():
    """The line holds no derivative, and yet is false: the loss is computed from the slope's end."""

    def last_loss(h):
        """Loss of the last state."""
        return h

    def step_gradient(a):
        """Gradient of that loss."""
        return a

    state(w_unit, "=", psi(h[T]), last_loss)
    state(q[t], "=", Gradient(w_unit, a[t]), step_gradient)
    stated = claim(q[t] + v, "=", v, given=[last_loss, step_gradient])

    with pytest.raises(StatementError, match=r": h\[3\] is differentiated by a\[1\]"):
        check_lines(stated)


def test_every_definition_that_is_missing_is_named():
    """The reader chooses the one that is meant."""
    stated = claim(Jacobian(a_y[t], h[t - 1]), "=", Zeros(O, H),
                   given=[vanilla_rnn.output_pre_activation])  # fmt: skip

    with pytest.raises(StatementError) as refusal:
        check_lines(stated)
    for id in ("vanilla_rnn.hidden_state", "lstm.hidden_state", "gru.hidden_state"):
        assert id in str(refusal.value)


def test_definition_that_is_left_out_is_followed_through_those_given():
    """The slope reaches the state before through a gate of the book and a state that is given."""

    def mixed(q, c, h):
        """Mixed."""
        return q + c

    state(m[t], "=", q[t] * c[t], mixed)
    stated = claim(Jacobian(m[t], h[t - 1]), "=", Zeros(H, H), given=[mixed])

    with pytest.raises(StatementError, match=r": c\[1\] .*lstm\.cell_update"):
        check_lines(stated)


def test_function_that_is_left_out_is_no_constant_either():
    """Its definition may be written with what is differentiated by."""

    def scaled(u, eta):
        """Scaled."""
        return u * eta

    state(g(u), "=", u * eta, scaled)

    with pytest.raises(StatementError, match=r": g\(\) .*test_premises\.py:scaled"):
        check_lines(claim(Gradient(g(w) @ v, eta), "=", Number(0)))
    assert check_lines(claim(Gradient(g(w) @ v, eta), "=", w @ v, given=[scaled]))


@pytest.mark.parametrize(
    ("left", "right", "given"),
    [
        (Jacobian(a[t], h[t - 1]), W_hh, [vanilla_rnn.pre_activation]),
        (Jacobian(a_y[t], h[t]), W_hy, [vanilla_rnn.output_pre_activation]),
        (Jacobian(2 * x[t], x[t]), 2 * Diag(0 * x[t] + 1), []),
        (Jacobian(h[0] * v, W_hh), Zeros(H, H, H), []),
        (Gradient(psi(v), w), 0 * w, []),
        (Jacobian(h[t - 1] * a[t], h[t]), Zeros(H, H), []),
        (Immediate(c[t], c_tilde[t]), Diag(i_gate[t]), [lstm.cell_update]),
        (Gradient(psi(h[t]), W_hy), Zeros(O, H), []),
    ],
    ids=[
        "what is held", "weights", "leaf", "first time", "unknown function", "earlier time",
        "one step", "symbol that is computed without it",
    ],
)  # fmt: skip
def test_what_is_a_constant_may_be_left_out(left, right, given):
    """A leaf, a first state, and what no definition of the book computes from the symbol."""
    assert check_lines(claim(left, "=", right, given=given))


def defined(left, right):
    """State a definition that no formula of a test is given."""

    def left_out():
        """Left out."""

    return state(left, "=", right, left_out)


@pytest.mark.parametrize("by", [M[1], M[2], v, m[0], W_hh])
def test_everything_that_a_definition_is_written_with_counts(by):
    """Factors of a product, from the latest down, steps of a composition and their start."""
    defined(q[t], Compose(tanh(W_hh @ w + 0 * v), w, Product(M[j], j, 2, 1) @ m[0], k, 1, 2))
    stated = claim(Gradient(psi(q[t]), by), "=", Zeros(*by.shape), ranges={t: (2, T)})

    with pytest.raises(StatementError, match=r": q\[2\] .*test_premises\.py:left_out"):
        check_lines(stated)


def test_name_inside_a_definition_is_no_symbol_of_the_book():
    """The running value of a composition, and the argument of a function, are names alone."""
    defined(q[t], Compose(tanh(W_hh @ w), w, v, k, 1, 2))
    assert check_lines(claim(Gradient(psi(q[t]), w), "=", 0 * w))

    defined(g(u), u**2)
    assert check_lines(claim(Gradient(g(w) @ v, u), "=", Number(0)))


def test_argument_of_a_function_is_no_symbol_of_the_book():
    """Inside, v is an argument, from which the book computes nothing."""

    def squared(w):
        """Square."""
        return w @ w

    defined(eta, v @ (W_hh @ v))
    state(psi(v), "=", Gradient(eta * (v @ w), v) @ v, squared)

    assert check_lines(claim(psi(x_fit[t]), "=", eta * (w @ x_fit[t]), given=[squared]))


def test_name_of_an_argument_is_no_symbol_beside_another_either():
    """Inside, v is an argument, though the book computes it from what is differentiated by."""

    def squared(w):
        """Square."""
        return w @ w

    defined(v, 2 * w)
    state(psi(v), "=", Gradient(v @ w, w) @ v, squared)

    assert check_lines(claim(psi(x_fit[t]), "=", x_fit[t] @ x_fit[t], given=[squared]))


def test_running_value_of_a_composition_is_no_symbol_of_the_book():
    """Inside, w is the value so far, from which the book computes nothing."""
    defined(w_unit, w @ (W_hh @ w))

    steps = Compose(Gradient(w_unit * (w @ v), w), w, v, k, 1, 1)
    assert check_lines(claim(steps, "=", w_unit * v))


def test_what_is_differentiated_by_is_held():
    """What it is computed from may be computed from it, elsewhere in the book."""

    def added(m, v):
        """Sum."""
        return m + v

    state(q[t], "=", m[t] + v, added)
    defined(m[t], 2 * q[t])

    stated = claim(Jacobian(2 * q[t], q[t]), "=", 2 * Identity(H), given=[added])
    assert check_lines(stated) == ["proved"]
    of_one = claim(Gradient(q[t] @ v, Entry(q[t], 1)), "=", Entry(v, 1), given=[added])
    with pytest.raises(StatementError, match=r": m\[1\] is differentiated by q\[1\]"):
        check_lines(of_one)  # the other entries are not held


def test_immediate_derivative_holds_earlier_steps_that_are_given():
    """What they are computed from is not needed."""

    def earlier(w):
        """Earlier step."""
        return w

    def later(c, v):
        """Step after it."""
        return c + v

    state(c[t], "=", w + 0 * c[t - 1], earlier)
    state(m[t], "=", c[t - 1] + v, later, bindings={"c": c[t - 1]})
    defined(w, 2 * v)

    given = [earlier, later]
    stated = claim(Immediate(m[t], v), "=", Identity(H), given=given, ranges={t: (2, T)})
    assert check_lines(stated) == ["proved"]
    with pytest.raises(StatementError, match=": w is differentiated by v"):
        check_lines(claim(Jacobian(m[t], v), "=", Identity(H), given=given, ranges={t: (2, T)}))


def test_immediate_derivative_holds_what_is_left_out_of_earlier_steps():
    """The input gate reads the state before, which is held: its definition is not needed."""
    given = [lstm.cell_update, lstm.forget_gate, lstm.forget_gate_pre_activation]
    slope = Diag(c[t - 1] * (f_gate[t] * (1 - f_gate[t])))

    assert check_lines(claim(Immediate(c[t], b_f), "=", slope, given=given)) == ["proved"]
    with pytest.raises(StatementError, match=r": c_tilde\[2\] is differentiated"):
        check_lines(claim(Jacobian(c[t], b_f), "=", slope, given=given))


def test_a_definition_of_the_book_changes_what_may_be_left_out(empty_cache):
    """The verdict is that of the whole book, so its key is another as soon as a chapter is."""
    stated = claim(Gradient(psi(q[t]), W_hh), "=", Zeros(H, H))

    def added(W_hh):
        """Read the weights into what a recursion adds."""
        return W_hh @ v

    assert check_lines(stated)
    keys = [store.key_of(stated)]
    for right in (v, W_hh @ v):
        state(q[t], "=", right, added)
        keys.append(store.key_of(stated))

    assert len(set(keys)) == 3
    with pytest.raises(StatementError, match=r"test_premises\.py:added"):
        check_lines(stated)


@pytest.mark.parametrize("own", [Number(0), Sum(u, k, 1, N)], ids=["left out", "its own"])
@pytest.mark.parametrize("first", [1, 9])
def test_size_in_what_is_left_out_may_be_any(own, first):
    """What a definition reaches depends neither on a size that a formula has nor on its number."""
    defined(q[t], Sum(W_hh @ v, k, first, N))
    side = psi(q[t]) + own

    with pytest.raises(StatementError, match=r"test_premises\.py:left_out"):
        check_lines(claim(Gradient(side, W_hh), "=", Zeros(H, H)))
    assert check_lines(claim(Gradient(side, W_xh), "=", Zeros(H, D)))


def test_numbers_of_sizes_are_part_of_the_key(declarations):
    """They are chosen in the order in which the notation declares the sizes."""
    sides = Gradient(psi(q[t]), W_xh), "=", Zeros(H, D)
    (before, *_), key = choices(claim(*sides)), store.key_of(claim(*sides))
    turned = dict(reversed(SIZES.items()))
    SIZES.clear()
    SIZES.update(turned)

    assert choices(claim(*sides))[0] != before
    assert store.key_of(claim(*sides)) != key


def test_a_definition_of_another_package_changes_nothing():
    """A formula of the book says the same, whatever a reader states beside it."""
    stated = find("bptt.linear_recursion_solution"), find("gradients.gap_bound")
    before = [(omitted_by(one), store.key_of(one)) for one in stated]

    def added(W_hh):
        """Read the weights into what a recursion adds."""
        return W_hh @ v

    state(x[t], "=", Norm(W_hh) * Ones(D), added)

    assert [(omitted_by(one), store.key_of(one)) for one in stated] == before


def test_all_chapters_are_loaded_before_a_formula_is_checked(monkeypatch):
    """What is left out is known of chapters too that no import has reached so far."""
    asked = []
    monkeypatch.setattr(
        "rnnnotes.book.prove.premises.find_all", lambda: asked.append(1) or FORMULAS
    )

    omitted_by(claim(Jacobian(h[t], h[t - 1]), "=", Zeros(H, H), given=[vanilla_rnn.hidden_state]))

    assert asked
    assert find_all() is FORMULAS


# -- Conditions ------------------------------------------------------------------------------------


def nothing(v):
    """Nothing."""
    return 0 * v


def conditional(*conditions, **options):
    """State a lemma under conditions, and return its function."""
    state(W_hh @ v, "=", 0 * v, nothing, where=list(conditions) or [Eq(W_hh, Zeros(H, H))],
          derivation=[("=", "a product with zero")], **options)  # fmt: skip
    return nothing


def test_condition_is_required_of_the_user():
    """Under it the lemma holds, and without it the reader of what follows does not know it."""
    lemma = conditional()
    sides = W_hh @ (W_hh @ v), "=", W_hh @ (0 * v)

    assert prove(FORMULAS["test_premises.py:nothing"]).verdict == "proved"
    where = [Eq(W_hh, Zeros(H, H))]
    assert check_lines(claim(*sides, given=[lemma], where=where)) == ["proved"]
    with pytest.raises(StatementError, match=r"claimed: test_premises.py:nothing is given, which "
                       "holds where W_hh = zeros"):  # fmt: skip
        check_lines(claim(*sides, given=[lemma]))


@pytest.mark.parametrize(
    ("needed", "said", "enough"),
    [
        (Le(u, 1), Le(u, 1), True),
        (Le(u, 1), Lt(u, 1), True),
        (Lt(u, 1), Le(u, 1), False),
        (Lt(u, 1), Le(u, 0.5), True),
        (Le(u, 1), Le(u, 2), False),
        (Le(u, kappa), Eq(u, kappa), True),
        (Le(u, kappa), Eq(kappa, u), True),
        (Le(u, kappa), Le(kappa, u), False),
        (Eq(u, kappa), Le(u, kappa), False),
        (Lt(0 * u, u), Lt(u, 0 * u), False),
        (Le(Norm(W_hh), gamma), Le(Norm(W_hh.T), gamma), False),
    ],
)  # fmt: skip
def test_condition_follows_from_one_that_is_stronger(needed, said, enough):
    """What is printed must say so by itself: equal, stricter, or nearer by a number."""
    stated = claim(v, "=", v, given=[conditional(Eq(W_hh, Zeros(H, H)), needed)],
                   where=[Eq(W_hh, Zeros(H, H)), said])  # fmt: skip

    if enough:
        assert Checker(stated)
    else:
        with pytest.raises(StatementError, match=r"no condition of test_premises\.py:claimed says"):
            Checker(stated)


@pytest.mark.parametrize(("ranges", "enough"), [({t: (2, T)}, True), ({t: (1, T)}, False)])
def test_condition_on_indices_is_met_by_their_ranges(ranges, enough):
    """Where the indices of the user are printed, a condition on them need not be."""
    lemma = conditional(Eq(W_hh, Zeros(H, H)), Lt(Number(1), Number(t)), ranges={t: (2, T)})
    stated = claim(x[t], "=", x[t], given=[lemma], ranges=ranges,
                   where=[Eq(W_hh, Zeros(H, H))])  # fmt: skip

    if enough:
        assert Checker(stated)
    else:
        with pytest.raises(StatementError, match="which holds where 1 < t"):
            Checker(stated)


def test_condition_is_met_by_what_is_given_without_one():
    """A formula that proves the hypothesis of another need not suppose it again."""
    lemma = conditional()
    sides = W_hh @ (W_hh @ v), "=", W_hh @ (0 * v)

    def no_weights():
        """No weights."""

    state(W_hh, "=", Zeros(H, H), no_weights)

    assert check_lines(claim(*sides, given=[lemma, no_weights])) == ["proved"]


def test_formulas_do_not_meet_the_conditions_of_one_another():
    """Each of two supposes what the other shows: neither is true for that."""

    def one():
        """One."""

    def other():
        """Other."""

    small, twice = (u, "<=", kappa), (u + u, "<=", kappa + kappa)
    state(*small, one, where=[Relation(*twice)], derivation=[("<=", "half of it")])
    state(*twice, other, where=[Relation(*small)], derivation=[("<=", "twice that")])

    for given in ([one], [other, one]):
        with pytest.raises(StatementError, match="is given, which holds where"):
            Checker(claim(u * v, "=", v * u, given=given))


def test_bound_of_the_book_needs_its_hypothesis():
    """A bound for activations of a small slope says nothing of others."""
    stated = find("gradients.gap_bound")
    sides = stated.statement.left, "<=", stated.statement.right

    with pytest.raises(StatementError, match=r"gradients\.gap_bound is given, which"):
        check_lines(claim(*sides, given=[gradients.gap_bound], ranges={k: (0, t)}))


@pytest.mark.parametrize(
    ("left", "right", "also", "fits"),
    [
        (Abs(f.prime(eta)), gamma, [], True),
        (Abs(f.prime(eta)), gamma, [Le(u, 1)], False),
        (Abs(f.prime(eta)) * u**2, gamma * u**2, [], False),
    ],
)
def test_condition_on_a_function_is_required_for_any_argument(left, right, also, fits):
    """The lemma has it for all numbers; who says more of the letter has it for that number."""

    def lemma():
        """Lemma."""

    slopes = Le(Abs(f.prime(u)), gamma)
    bound = {"derivation": [("<=", "the condition")], "where": [slopes]}
    state(Abs(f.prime(eta)), "<=", gamma, lemma, **bound)
    stated = claim(left, "<=", right, given=[lemma], where=[slopes, *also])

    if fits:
        assert check_lines(stated) == ["proved"]
    else:
        with pytest.raises(StatementError, match=r"lemma is given, which holds where \|f'"):
            check_lines(stated)


def test_condition_holds_within_the_ranges_of_its_formula():
    """A symbol that is given a value from the second step on has none at the first."""
    stated = claim(h[t - 1] + a[t], "=", c[t - 1] + a[t], where=[Eq(h[t], c[t])],
                   ranges={t: (2, T)})  # fmt: skip

    with pytest.raises(Refuted, match="at t=2"):
        check_lines(stated)


def test_sizes_of_a_condition_are_named():
    """A proof at sizes is one at those of its conditions too."""
    stated = claim(u * eta, "=", eta * u, where=[Eq(u, D * kappa)])

    assert set().union(*choices(stated)) == {D}


def test_value_from_a_size_is_no_evidence():
    """At one size, two times two is two and two; a polynomial may vanish at all that are drawn."""
    size = [Eq(u, Number(H))]
    with pytest.raises(Refuted, match="9 = 6 fails with u=3"):
        check_lines(claim(u**2, "=", 2 * u, where=size))
    with pytest.raises(Refuted):
        check_lines(claim(2 * u, "=", eta, where=[Eq(u, Number(H)), Eq(eta, Number(D))]))
    stated = claim(u**2, "=", 2 * u, where=size)
    numbers = {choice[H] for choice in (*choices(stated), large(stated), ones(stated))}
    vanishing = reduce(mul, (u - number for number in numbers))
    with pytest.raises(Undecided, match="a statement about sizes alone"):
        check_lines(claim(vanishing, "=", Number(0), where=size))


# -- Equations -------------------------------------------------------------------------------------


def refused(stated):
    """Whether the core leaves the line of a claim alone, and a draw refutes it."""
    (line,) = stated.derivation
    shown = holds_for_all_sizes(
        stated.statement.left, line.expr, premises_of(stated), stated.statement
    )
    with pytest.raises(Refuted):
        check_lines(stated)
    return not shown


def test_bound_is_no_equation():
    """Of no steps both sums are zero, as at the fewest steps of a proof; of four they differ."""
    sides = Sum(tanh.prime(u) * x[j], j, 4, T), "=", Sum(1 * x[j], j, 4, T)

    assert refused(claim(*sides, given=[building_blocks.tanh_slope_bound]))


@pytest.mark.parametrize("last", [1, T])
def test_lemma_is_used_where_it_holds(last):
    """A lemma on the first time says nothing of the fourth; one on all times does."""

    def first(q):
        """Start of a recursion."""
        return q

    def lemma(W_hh, q):
        """Lemma."""
        return W_hh @ q

    ranges = {"ranges": {j: (1, last)}}
    state(m[j], "=", q[j], first, bindings={"q": q[j]}, **ranges)
    state(W_hh @ m[j], "=", W_hh @ q[j], lemma, given=[first], bindings={"q": q[j]},
          derivation=[("=", "the start")], **ranges)  # fmt: skip
    sides = Sum(W_hh @ m[j], j, 4, T), "=", Sum(W_hh @ q[j], j, 4, T)

    assert prove(FORMULAS["test_premises.py:lemma"]).verdict == "proved"
    stated = claim(*sides, given=[lemma])
    assert refused(stated) if last == 1 else check_lines(stated) == ["proved"]


def test_lemma_with_a_condition_is_not_used_beyond_it():
    """The user says of the first time alone what the lemma asks of all."""

    def lemma(W_hh, q):
        """Lemma."""
        return W_hh @ q

    where = [Eq(m[j], q[j])]
    state(W_hh @ m[j], "=", W_hh @ q[j], lemma, where=where, bindings={"q": q[j]},
          derivation=[("=", "the condition")])  # fmt: skip
    sides = Sum(W_hh @ m[j], j, 4, T), "=", Sum(W_hh @ q[j], j, 4, T)
    stated = claim(*sides, given=[lemma], where=where, ranges={j: (1, 1)})

    assert prove(FORMULAS["test_premises.py:lemma"]).verdict == "proved"
    left, _, right = sides
    assert not holds_for_all_sizes(left, right, premises_of(stated), stated.statement)
    with pytest.raises(StatementError, match=r"where m\[j\] = q\[j\]; .* at all of its indices"):
        Checker(stated)
