"""Statements that mean nothing, or that are not true everywhere, are refused."""

import importlib
import sys

import numpy as np
import pytest
import sympy as sp

from rnnnotes import building_blocks, vanilla_rnn
from rnnnotes.book.check.checking import forget, prove
from rnnnotes.book.cite.sympytext import sympy_text
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.language.nodes import (
    Abs,
    Concatenate,
    Determinant,
    Diag,
    Entry,
    Eq,
    Function,
    Gradient,
    Identity,
    Immediate,
    Indicator,
    Inverse,
    Jacobian,
    Le,
    Lt,
    MatrixPower,
    Max,
    Min,
    Ne,
    Norm,
    Number,
    Ones,
    Order,
    Outer,
    Relation,
    Size,
    SpectralRadius,
    StatementError,
    Steps,
    Sum,
    Variable,
    Zeros,
    wrap,
)
from rnnnotes.book.language.symbols import ANY, FUNCTIONS, declare, function, index, size
from rnnnotes.book.prove.everysize import Premises, holds_for_all_sizes
from rnnnotes.book.prove.proof import Checker, Refuted, Undecided
from rnnnotes.book.prove.settings import holds
from rnnnotes.book.state.formulas import FORMULAS, formula, stated_by
from rnnnotes.book.values import tape
from rnnnotes.book.write.latex import latex
from rnnnotes.book.write.plaintext import text
from rnnnotes.notation import (
    B,
    D,
    F,
    H,
    O,
    R,
    T,
    W_hh,
    W_xh,
    a,
    b_y,
    c,
    ell,
    eps,
    eta,
    exp,
    f,
    g,
    h,
    h_unit,
    i,
    j,
    k,
    kappa,
    lam,
    log,
    n,
    p,
    phi,
    psi,
    q,
    r,
    relu,
    scores,
    sigmoid,
    softmax,
    spans,
    t,
    tanh,
    theta,
    u,
    v,
    w,
    x,
    y,
)

find_all()


@pytest.fixture(autouse=True)
def _own_world(declarations):
    """Take the formulas and the declarations of a test out of the book again."""
    before = dict(FORMULAS)
    yield
    FORMULAS.clear()
    FORMULAS.update(before)
    forget()


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


def define(left, right, name="defined", **options):
    """Definition, with no code to speak of."""

    def code():
        """Define."""

    code.__name__ = name
    state(left, "=", right, code, **options)
    return code


def check_lines(stated):
    """Check the derivation alone, and return the verdicts of its lines."""
    checker = Checker(stated)
    return [checker.line(number) for number in range(len(stated.derivation))]


# -- What a function takes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: phi(v, w), "phi: takes a vector of H, not a vector of H and a vector of H"),
        (lambda: phi(Concatenate(v, w)), "phi: takes a vector of H, not a vector of 2\\*H"),
        (lambda: phi(x[t]), "phi: takes a vector of H, not a vector of D"),
        (lambda: phi(u), "phi: takes a vector of H, not a scalar"),
        (lambda: psi(W_hh), "psi: takes a vector of H, not a matrix of H by H"),
        (lambda: psi[t](v, v), "psi: takes a vector of H, not a vector of H and a vector of H"),
        (lambda: ell[t](h[t]), "ell: takes a vector of O, not a vector of H"),
        (lambda: F(h[t - 1], x[t]), "F: takes .* of P, not a vector of H and a vector of D"),
        (lambda: F(x[t], h[t - 1], theta), "F: takes a vector of H and a vector of D"),
        (lambda: R(v), "R: takes a vector of H and a vector of H, not a vector of H"),
        (softmax, "softmax: takes a vector of any, not nothing"),
        (lambda: softmax(scores, scores), "softmax: takes a vector of any, not"),
        (lambda: softmax(W_hh), "softmax: takes a vector of any, not a matrix of H by H"),
        (lambda: softmax(u), "softmax: takes a vector of any, not a scalar"),
        (lambda: tanh(v, w), "tanh: takes one argument, not 2"),
        (f.prime, "f: takes one argument, not 0"),
    ],
)
def test_function_refuses_what_it_does_not_take(build, complaint):
    """A map of other arguments is another map, and no proof may take the two for one."""
    with pytest.raises(StatementError, match=complaint):
        build()


def test_letter_of_a_domain_is_bound_by_its_argument():
    """The value has as many entries as the argument, and two sizes of one letter are one."""
    pair = function("pair", "d", "a map of two vectors", takes=[(ANY,), (ANY, H)], gives=(ANY,))

    assert softmax(x[t]).shape == (D,)
    assert softmax(Concatenate(x[t], v)).shape == (D + H,)
    assert pair(x[t], W_xh.T).shape == (D,)
    with pytest.raises(StatementError, match="pair: takes a vector of any and a matrix of any by"):
        pair(v, W_xh.T)


def test_shape_that_no_argument_binds_is_refused():
    """The value would have any shape."""
    with pytest.raises(ValueError, match="function loose: no argument binds any"):
        function("loose", "d", "a map to anywhere", takes=[(H,)], gives=(ANY,))
    with pytest.raises(ValueError, match="function empty: a map takes one argument at least"):
        function("empty", "d", "a map of nothing", takes=[])


@pytest.fixture
def batch():
    """Vector of `B` entries."""
    return declare("batch", r"\mathbf{d}", "a number for each example", B)


def test_softmax_of_another_size_sums_over_its_own_entries(batch):
    """The definition is written for `O` entries, and holds for as many as there are."""
    given = {"given": [building_blocks.softmax]}
    total = Sum(Entry(softmax(batch), n), n, 1, B)

    assert check_lines(claim(total, "=", wrap(1), **given)) == ["proved"]
    with pytest.raises(Refuted):
        check_lines(claim(Sum(Entry(softmax(batch), n), n, 1, O), "=", wrap(1), **given))


@pytest.mark.parametrize("vector", [x[t], v, Concatenate(v, x[t])])
def test_definition_of_a_map_is_written_out_for_its_argument(vector):
    """The denominator has as many terms as the vector has entries, whatever their number."""
    (length,) = vector.shape
    right = exp(vector) / Sum(exp(Entry(vector, i)), i, 1, length)
    fewer = exp(vector) / (1 + Sum(exp(Entry(vector, i)), i, 1, length - 1))
    given = {"given": [building_blocks.softmax]}

    assert check_lines(claim(softmax(vector), "=", right, **given)) == ["proved"]
    with pytest.raises(Refuted):
        check_lines(claim(softmax(vector), "=", fewer, **given))


def test_code_is_handed_a_map_of_the_right_shapes(batch):
    """The map that the code applies refuses what the statement would refuse."""

    def shorter(batch, softmax):
        """Return the softmax of all but the last."""
        return softmax(batch[:-1])

    def first(v, psi):
        """Return the function of one entry."""
        return psi(v[:1])

    lines = [("=", "the same")]
    with pytest.raises(Refuted, match="returns shape"):
        prove(state(softmax(batch), "=", softmax(batch), shorter, derivation=lines))
    with pytest.raises(Refuted, match=r"fails .*psi: takes a vector of 2, not a vector of 1"):
        prove(state(psi(v), "=", psi(v), first, derivation=[("=", "the same")]))


def test_sympy_of_a_map_is_written_for_its_argument(batch):
    """What is exported sums over the entries of the argument too."""
    stated = claim(
        Sum(Entry(softmax(batch), n), n, 1, B), "=", wrap(1), given=[building_blocks.softmax]
    )
    space = {}
    exec(sympy_text(stated), space)

    assert sp.simplify(space["left_side"]() - space["line_1"]()) == 0


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: define(softmax(scores), scores + b_y), "O is the size of an argument, and of"),
        (
            lambda: define(softmax(p), softmax(scores) + p),
            "definition of softmax: O is the size of",
        ),
        (lambda: define(softmax(v), v * psi(v)), "H is the size of an argument, and of"),
        (lambda: define(f(v), v @ v), "acts entry by entry: define it for a number"),
        (lambda: define(g(v), v), "definition of g: v is an array, and the function acts"),
        (lambda: define(f(eta), eta), "eta is positive, and the function takes any number"),
        (lambda: define(f.prime(u), u), "a derivative has its value from the function"),
        (lambda: define(psi[t](v), v @ v), "a function that is defined is the same at each time"),
        (lambda: define(psi(2 * v), v @ v), "a definition has a bare symbol on the left"),
        (lambda: define(psi(h[t]), h[t] @ h[t]), r"a bare symbol on the left, not .psi"),
        (lambda: define(g(wrap(1)), wrap(2)), r"a bare symbol on the left, not g"),
        (lambda: define(R(v, v), v), "its arguments are bare symbols that differ"),
    ],
)
def test_definition_of_a_function_is_for_every_argument(build, complaint):
    """Written for some arguments, it would be used for all."""
    with pytest.raises(StatementError, match=complaint):
        build()


def test_condition_gives_no_function_its_value():
    """That f is zero at one number does not make its slope zero there."""
    stated = claim(f.prime(u), "=", wrap(0), where=[Eq(f(u), 0)])

    with pytest.raises((Refuted, Undecided)):
        check_lines(stated)


# -- Definitions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "index"),
    [
        (v, h[t], "t"),
        (y[t], Entry(W_hh, i, k) * b_y, "i, k"),
        (a[t], W_xh @ x[j], "j"),
        (c[t], h[t - 1] * k, "k"),
        (f(u), u + Entry(v, i), "i"),
        (psi(v), Sum(Entry(v, i), i, 1, k), "k"),
    ],
)
def test_index_on_the_right_alone_defines_nothing(left, right, index):
    """Nobody knows which value it has."""
    with pytest.raises(StatementError, match=f"{index} stands on the right alone"):
        define(left, right)


@pytest.mark.parametrize(
    ("left", "right", "options"),
    [
        (a[t], h[T + 5], {}),
        (a[t], h[t + 1], {}),
        (u, x[0] @ x[1], {}),
        (u, Size(Steps(x, 0, T)), {}),
        (q[t], x[t - 1] @ x[t] * v, {}),
        (v, Sum(x[j] @ x[j], j, 0, T) * w, {}),
        (v, Sum(x[j + 1] @ x[j], j, 1, T) * w, {}),
        (h[t], h[t - 1], {"ranges": {t: (0, T)}}),
        (h[t], v, {"ranges": {t: (0, T + 1)}}),
    ],
)
def test_definition_stays_within_the_times_of_its_symbols(left, right, options):
    """At some value of the index it would reach for what does not exist."""
    with pytest.raises(StatementError, match="has no time"):
        define(left, right, **options)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (tanh(u), 2 * u),
        (tanh(u), (1 - exp(-u)) / (1 + exp(-u))),
        (sigmoid(u), 1 / (1 + exp(u))),
        (sigmoid(u), (1 + tanh(u)) / 2),
        (exp(u), 1 + u),
        (log(u), u - 1),
        (relu(u), u),
        (relu(u), Max(u, 0) + Max(u - 5, 0)),
        (tanh(u), 2 * sigmoid(2 * u) - 1 + Max(u - 5, 0)),
        (softmax(scores), exp(scores)),
        (softmax(scores), scores / Sum(Entry(scores, i), i, 1, O)),
    ],
)
def test_known_function_has_no_other_value(left, right):
    """The proofs use its slope and its symmetry, which another function does not have."""
    with pytest.raises(StatementError, match="the proofs know"):
        define(left, right)


def test_known_function_may_be_written_in_another_way():
    """It is the value that counts."""
    assert define(tanh(u), 2 * sigmoid(2 * u) - 1)
    assert define(sigmoid(u), (1 + tanh(u / 2)) / 2, "other")


def test_tanh_is_not_linear():
    """A definition of its own would have made it so."""
    with pytest.raises(StatementError, match="the proofs know tanh"):
        claim(tanh(u + eta), "=", tanh(u) + tanh(eta), given=[define(tanh(u), 2 * u)])


@pytest.mark.parametrize(
    "circle",
    [
        [(a[t], h[t]), (h[t], a[t])],
        [(a[t], W_hh @ h[t]), (h[t], 2 * c[t]), (c[t], a[t])],
        [(v, 2 * w), (w, v + v)],
        [(f(u), g(u) + 1), (g(u), 2 * f(u))],
        [(a[t], h[t - 1]), (h[t], c[t]), (c[t], h[t] * 2)],
        [(a[t], h[T]), (h[t], a[t])],
        [(a[t], Sum(h[j], j, 1, T)), (h[t], a[1] + h[t - 1])],
    ],
)
def test_symbols_that_define_one_another_are_refused(circle):
    """Each would have any value, or none."""
    given = [define(left, right, f"part{number}") for number, (left, right) in enumerate(circle)]

    with pytest.raises(StatementError, match="is defined by itself"):
        prove(claim(u, "=", u, given=given))


@pytest.mark.parametrize(
    ("left", "right"),
    [(a[t], a[t] + 1), (a[t], a[1]), (v, 2 * v), (a[t], Sum(a[j], j, 1, T)), (f(u), f(u) + 1)],
)
def test_a_symbol_that_defines_itself_is_refused(left, right):
    """At one time at least: it is looked for at every time, as the first may lead to itself."""
    with pytest.raises(StatementError, match="is defined by itself"):
        define(left, right)


def test_definition_through_time_is_no_circle():
    """Each step is made from the step before."""
    given = [define(a[t], W_hh @ h[t - 1], "first"), define(h[t], f(a[t]), "second")]

    assert check_lines(claim(h[t], "=", f(W_hh @ h[t - 1]), given=given)) == ["proved"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((v, w), (v, 2 * w)),
        ((h[t], a[t]), (h[t], 2 * a[t])),
        ((f(u), u), (f(u), 2 * u)),
        ((psi(v), v @ v), (psi(w), w @ w + 1)),
    ],
)
def test_two_definitions_of_one_name_are_refused_wherever_they_come_from(first, second):
    """Formulas that hold in two worlds may not be put together."""
    one = define(*first, "one")
    two = define(*second, "two")

    def through(code):
        def theorem():
            """Theorem."""

        theorem.__name__ = f"through_{code.__name__}"
        state(u, "=", u, theorem, derivation=[("=", "the same")], given=[code])
        return theorem

    with pytest.raises(StatementError, match="has two definitions"):
        prove(claim(u, "=", u, given=[through(one), through(two)]))


TWICE = '''
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation import Eq, v, w


@formula(Eq(v, w), source="elman1990")
def same(w):
    """Same."""
    return w
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module of formulas, and import it."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text):
        (tmp_path / "twice_stated.py").write_text(text)
        importlib.invalidate_caches()
        return importlib.import_module("twice_stated")

    yield write
    sys.modules.pop("twice_stated", None)


def test_id_is_stated_once_in_a_module(module):
    """The second formula would take the place of the first in silence."""
    again = (
        TWICE
        + TWICE.partition("@")[1]
        + TWICE.partition("@")[2].replace("Eq(v, w)", "Eq(v, 2 * w)")
    )

    with pytest.raises(StatementError, match=r"twice_stated\.py:same: the id is taken"):
        module(again)


def test_module_may_be_loaded_again(module):
    """Who edits a chapter at a prompt loads it anew."""
    importlib.reload(importlib.reload(module(TWICE)))

    assert "twice_stated.py:same" in FORMULAS


def test_id_is_stated_once_in_a_function():
    """Two functions of one name are two formulas."""

    def same(w):
        """Same."""
        return w

    state(v, "=", w, same)

    def same(w):
        """Twice."""
        return 2 * w

    with pytest.raises(StatementError, match=r"test_statements\.py:same: the id is taken"):
        state(v, "=", 2 * w, same)


@pytest.mark.parametrize(
    "name", ["a(1)", "a[1]", "W hh", "", "1a", "lambda", "h'", "sum(a;j=1..T)"]
)
@pytest.mark.parametrize("kind", [declare, function, size, index])
def test_name_is_a_name_of_python(name, kind):
    """It is an argument of the code, and reads like nothing else in a proof."""
    options = {declare: ("d", "d"), function: ("d", "d"), size: ("d",)}.get(kind, (1, T, "d"))
    with pytest.raises(ValueError, match="expected a name of Python"):
        kind(name, *options)


def test_name_stands_for_one_thing():
    """A symbol is no function, and no index."""
    for name in ("tanh", "H", "t", "v"):
        with pytest.raises(ValueError, match="is declared twice"):
            declare(name, "d", "again")


# -- Two things with one letter --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Ones(2 * H) @ Ones(2 * H), Ones(D) @ Ones(D)),
        (Ones(D) @ Ones(D) + 1, Ones(O) @ Ones(O)),
        (Ones(H).T @ Outer(Ones(H), v), Ones(O).T @ Outer(Ones(O), v) - 3 * v.T),
        (f(0 * Ones(2 * H)) @ f(0 * Ones(2 * H)), f(0 * x[t]) @ f(0 * x[t])),
        (tanh(Ones(2 * H)) @ Ones(2 * H), tanh(Ones(D)) @ Ones(D)),
        ((Ones(2 * H) ** T) @ Ones(2 * H), (Ones(D) ** T) @ Ones(D)),
        (Identity(2 * H) @ Ones(2 * H) @ Ones(2 * H), Identity(D) @ Ones(D) @ Ones(D)),
        (Ones(H) @ (Zeros(H, D) @ x[t] + 1), Ones(O) @ Ones(O) - 3),
    ],
)
def test_arrays_of_two_sizes_are_two_arrays(left, right):
    """The sizes of the check make the sides equal, and no others do."""
    stated = claim(left, "=", right)

    assert "proved" not in verdicts(stated)


def verdicts(stated):
    """Verdicts of the lines; none if the claim is refused."""
    try:
        return check_lines(stated)
    except (Refuted, Undecided, StatementError):
        return []


@pytest.mark.parametrize(
    ("left", "right", "holds"),
    [
        (f[t](u), f[k](u), False),
        (f[t](v), f[t - 1](v), False),
        (f[t](v), f(v), False),
        (f[t].prime(v), f[k].prime(v), False),
        (f[t].prime(v), f.prime(v), False),
        (psi[t](v), psi[k](v), False),
        (tanh[t](-v), -tanh[t](v), False),
        (sigmoid[t].prime(v), sigmoid[t](v) * (1 - sigmoid[t](v)), False),
        (Jacobian(f[t](u), u), f[k].prime(u), False),
        (Jacobian(f[t](u), u), f[t].prime(u), True),
        (f[t](v) * w, w * f[t](v), True),
        (Sum(f[j](v), j, 1, T), T * f[t](v), False),
    ],
)
def test_function_at_another_time_is_another_function(left, right, holds):
    """What is said of one activation is not said of the next."""
    assert bool(verdicts(claim(left, "=", right))) is holds


def test_code_of_a_function_at_a_time_is_that_function():
    """The code is handed the function of the statement, on symbols and in numbers."""

    def applied(v, f):
        """Applied."""
        return f(v)

    def branches(v, f):
        """Apply, by a detour over values."""
        return f(v if v[0] > -np.inf else 0 * v)

    for code in (applied, branches):
        assert prove(state(f[t](v), "=", f[t](v), code, derivation=[("=", "the same")]))
        other = [("=", "at any time")]
        with pytest.raises(Refuted):
            prove(state(f[t](v), "=", f(v), code, derivation=other))
        FORMULAS.pop(f"test_statements.py:{code.__name__}")


def test_exported_function_at_a_time_is_that_function(capsys):
    """The text for SymPy keeps the times apart, and says where they differ."""
    space = {}
    with pytest.raises(SystemExit):
        exec(sympy_text(claim(f[t](u) - f[k](u), "=", wrap(0))), space)

    assert "NOT EQUAL" in capsys.readouterr().out
    assert space["left_side"](t=2, k=1) != 0
    assert space["left_side"](t=2, k=2) == 0


@pytest.mark.parametrize("head", ["abs", "step", "norm", "inverse", "diag", "power", "det"])
def test_name_of_a_function_is_no_name_of_the_core(head):
    """A function that is called as the core calls its own is any function."""
    own = function(head, "d", "any function, entry by entry")
    pairs = [
        (own(v), Abs(v)),
        (own(-v), own(v)),
        (own(u), Indicator(u, 0)),
        (own(2 * eta * u), own(eta * u)),
        (own(u), Norm(u * Ones(1))),
        (own(own(u)), own(u)),
        (own(v) * w, Diag(v) @ w),
        (W_hh @ Diag(own(v)), W_hh @ Diag(v)),
        (own(v), v**T),
        (own(v), Sum(v, j, 1, T)),
        (own(v), Ones(H)),
    ]

    assert not any(holds_for_all_sizes(*pair, Premises([], {t: (1, T)})) for pair in pairs)


def test_symbol_called_ones_is_any_vector():
    """The prover writes a number for the vector of ones, and it is another one."""
    own = declare("ones", "d", "any vector", H)

    assert not holds_for_all_sizes(own, Ones(H), Premises([], {}))
    assert not holds_for_all_sizes(own * v, v, Premises([], {}))


@pytest.mark.parametrize("name", ["atom0", "point0", "slope0"])
def test_symbol_called_as_a_part_of_a_proof_is_any_number(name):
    """The first function of a proof, its argument and its slope have names of their own."""
    own = declare(name, "d", "any number")

    assert not verdicts(claim(tanh(u), "=", own))
    assert not verdicts(claim(f.prime(2 * u), "=", f.prime(own)))
    assert not verdicts(claim(Jacobian(tanh(u + own), own), "=", wrap(1)))


def test_symbol_has_the_shape_of_its_declaration():
    """Two symbols of one name would have one value, and so would two functions."""
    stranger = Variable("v", (D,))
    wider = Function("psi", (), takes=[(H,), (H,)], smooth=True)
    smoother = Function("phi", (O,), takes=[(H,)], smooth=True)

    with pytest.raises(StatementError, match="v is declared in another way"):
        claim(stranger @ stranger, "=", v @ v)
    with pytest.raises(StatementError, match="psi is declared in another way"):
        claim(wider(v, v), "=", psi(v))
    with pytest.raises(StatementError, match="phi is declared in another way"):
        claim(smoother(v), "=", phi(v))


@pytest.mark.parametrize(
    ("stranger", "part"),
    [
        (Variable("v(1)"), Entry(v, 1)),
        (Variable("h[1](1)"), Entry(h[1], 1)),
        (Variable("#atom0"), tanh(u)),
        (Function("tanh[1]")(u), tanh[1](u)),
        (Function("f'")(u), f.prime(u)),
    ],
)
def test_name_that_reads_like_a_part_of_a_proof_is_refused(stranger, part):
    """An entry of a vector, say, has a name inside of a proof, and no symbol has it."""
    with pytest.raises(StatementError, match="is no name of Python"):
        claim(stranger, "=", part)


def test_held_derivative_is_another_one(book):
    """An immediate derivative holds what came before, and a total one does not."""
    immediate = Immediate(h[t], h[t - 2])

    assert not verdicts(claim(immediate, "=", Jacobian(h[t], h[t - 2]), ranges={t: (2, T)}, **book))


@pytest.fixture
def book():
    """Definitions of a network."""
    return {"given": [vanilla_rnn.pre_activation, vanilla_rnn.hidden_state]}


# -- Where a statement has a value -----------------------------------------------------------------

HALF = wrap(1) / 2
EXPONENTIALS = Sum(exp(Entry(v, i)), i, 1, H)


@pytest.mark.parametrize(
    ("left", "right", "complaint"),
    [
        (u / u, wrap(1), "u may be zero"),
        (1 / (1 / u), u, "u may be zero"),
        (v / v, Ones(H), "v may be zero"),
        (u / (u - eta) - eta / (u - eta), wrap(1), "u - eta may be zero"),
        (u * (eta / (eta - 1)) * 0, wrap(0), "eta - 1 may be zero"),
        ((u * u - 1) / (u - 1), u + 1, "u - 1 may be zero"),
        (tanh(u) / tanh(u), wrap(1), r"tanh\(u\) may be zero"),
        (1 / (v @ v) * (v @ v), wrap(1), "vᵀ v may be zero"),
        (Norm(v) / Norm(v), wrap(1), "‖v‖ may be zero"),
        (u ** wrap(-1) * u, wrap(1), "u may be zero"),
        (v ** wrap(-2) * v * v, Ones(H), "v may be zero"),
        (u / Number(t - 1), u / Number(t - 1), "t-1 may be zero"),
        (u * Number(1 / (t - 2)), u * Number(1 / (t - 2)), "t-2 may be zero"),
        (Sum(u / Number(k - 2), k, 1, t), Sum(u / Number(k - 2), k, 1, t), "k-2 may be zero"),
        (exp(log(u)), u, "u may not be positive"),
        (log(u * u), log(u * u), "u ⊙? ?u may not be positive"),
        (log(exp(u) - eta), log(exp(u) - eta), r"exp\(u\) - eta may not be positive"),
        ((u**HALF) ** 2, u, "u may be negative"),
        ((u**0.5) ** 2, u, "u may be negative"),
        (u**1.5 * u**1.5, u**3, "u may be negative"),
        (u ** wrap(-0.5) * u**0.5, wrap(1), "u may not be positive"),
        (u**eta - u**eta, wrap(0), "u may not be positive"),
        (Inverse(W_hh) @ W_hh, Identity(H), "W_hh may have no inverse"),
        (W_hh @ Inverse(W_hh) @ v, v, "W_hh may have no inverse"),
        (Inverse(Diag(v)) @ v, Ones(H), r"diag\(v\) may have no inverse"),
        (MatrixPower(W_hh, -1) @ W_hh, W_hh, "-1 may be negative"),
        (relu.prime(u), Indicator(u, 0), "u may be zero"),
        (Jacobian(relu(u), u), relu.prime(u), "u may be zero"),
        (Jacobian(Abs(u), u), u / Abs(u), "u may be zero"),
        (Jacobian(Abs(u) * Abs(u), u), 2 * u, "u may be zero"),
        (Jacobian(Max(u, eta), u), Indicator(u, eta), "u - eta may be zero"),
        (Jacobian(Min(u, 1), u), 1 - Indicator(u, 1), "u - 1 may be zero"),
        (Jacobian(Indicator(u, 0), u), wrap(0), "u may be zero"),
        (Gradient(Norm(v), v), v / Norm(v), "‖v‖ may be zero"),
        (Jacobian((u * u) ** 0.5, u), Jacobian((u * u) ** 0.5, u), "may not be positive"),
    ],
)
def test_statement_without_a_value_somewhere_is_refused(left, right, complaint):
    """At the place that the message names, a side means nothing, whatever algebra cancels."""
    with pytest.raises(StatementError, match=f"test_statements.py:claimed: .*{complaint}"):
        check_lines(claim(left, "=", right))


@pytest.mark.parametrize(
    ("left", "right", "where"),
    [
        (u / u, wrap(1), [Ne(u, 0)]),
        (u / u, wrap(1), [Ne(0, u)]),
        (u / u, wrap(1), [Lt(0, u)]),
        (u / u, wrap(1), [Lt(u, 0)]),
        (u / u, wrap(1), [Le(1, u)]),
        (u / u, wrap(1), [Lt(eta, u)]),
        (u / u, wrap(1), [Le(eta, u)]),
        (u / u, wrap(1), [Lt(0, Abs(u))]),
        (eta / eta, wrap(1), []),
        (u / (1 + exp(u)), u / (exp(u) + 1), []),
        (u / (u * u + 1), u / (1 + u**2), []),
        (u / (v @ v + eta), u / (eta + v @ v), []),
        (u / (v.T @ W_hh @ (v.T @ W_hh).T + eta), u / (eta + v.T @ W_hh @ (v.T @ W_hh).T), []),
        (v / exp(v), v / exp(v), []),
        (EXPONENTIALS / EXPONENTIALS, wrap(1), []),
        (u / Number(t), u / Number(t), []),
        (u / Number(H), u / Number(H), []),
        (u / Number(T - t + 1), u / Number(T - t + 1), []),
        (Sum(u / Number(k), k, 1, t), Sum(u / Number(k), k, 1, t), []),
        (sigmoid(u) / sigmoid(u), wrap(1), []),
        (Entry(softmax(scores), r) / Entry(softmax(scores), r), wrap(1), []),
        ((1 - sigmoid(u)) / (1 - sigmoid(u)), wrap(1), []),
        ((1 - tanh(u) ** 2) / (1 - tanh(u) ** 2), wrap(1), []),
        ((1 - eta) / (1 - eta), wrap(1), [Lt(eta, 1)]),
        ((1 - eta) / (1 - eta), wrap(1), [Ne(eta, 1)]),
        (exp(log(eta)), eta, []),
        (exp(log(u)), u, [Lt(0, u)]),
        (log(exp(u)), u, []),
        ((eta**HALF) ** 2, eta, []),
        ((u**HALF) ** 2, u, [Le(0, u)]),
        (Inverse(W_hh) @ W_hh, Identity(H), [Ne(Determinant(W_hh), 0)]),
        (relu.prime(u) * 0, wrap(0), [Lt(0, u)]),
        (Jacobian(Max(u, eta), u) * 0, wrap(0), [Lt(eta, u)]),
        (u**2 / u**2, wrap(1), [Ne(u, 0)]),
    ],
)
def test_statement_with_a_value_everywhere_passes(left, right, where):
    """What is known of signs, or stated in a condition, keeps the denominator from zero."""
    assert check_lines(claim(left, "=", right, where=where))


@pytest.mark.parametrize(
    "where",
    [
        [Le(u, 1)],
        [Lt(u, 1)],
        [Ne(u, 1)],
        [Le(0, u)],
        [Ne(eta, u)],
        [Le(w, v)],
        [Lt(0, Abs(eta))],
    ],
)
def test_condition_that_allows_zero_discharges_nothing(where):
    """It must speak of what is divided by, and keep it from zero."""
    with pytest.raises(StatementError, match="u may be zero"):
        check_lines(claim(u / u, "=", wrap(1), where=where))


def test_obligation_of_a_line_and_of_a_condition_counts():
    """A derivation may not pass through what has no value, and a condition needs a value too."""
    lines = [("=", u * u / u, "expanded"), ("=", "cancelled")]

    with pytest.raises(StatementError, match="u may be zero"):
        check_lines(claim(u + 0, "=", u, derivation=lines))
    with pytest.raises(StatementError, match="u may be zero"):
        check_lines(claim(u + 0, "=", u, where=[Le(eta / u, 1)]))


def test_obligation_of_a_definition_counts_where_it_is_used():
    """A symbol or a function that has no value somewhere brings the condition with it."""
    half = define(a[t], v / h_unit[t - 1], "half")
    turned = define(g(u), 1 / u, "turned")
    positive = {"where": [Ne(h_unit[t - 1], 0)]}

    with pytest.raises(StatementError, match=r"h_unit\[t-1\] may be zero"):
        check_lines(claim(a[t] * w, "=", w * a[t], given=[half]))
    with pytest.raises(StatementError, match=r"exp\(u\) - 1 may be zero"):
        check_lines(claim(g(exp(u) - 1), "=", 1 / (exp(u) - 1), given=[turned]))
    assert check_lines(claim(a[t] * w, "=", w * a[t], given=[half], **positive))
    assert check_lines(claim(g(exp(u)), "=", exp(-u), given=[turned]))


def test_kink_of_a_definition_counts_where_it_is_differentiated():
    """The derivative of a state passes through what the state is made of."""
    clipped = define(h[t], Max(a[t], 0), "clipped")
    linear = define(a[t], W_hh @ h[t - 1], "linear")
    doubled = define(g(u), 2 * relu(u), "doubled")
    claims = [
        claim(Jacobian(h[t], h[t - 1]) @ v * 0, "=", v * 0, given=[clipped, linear]),
        claim(g.prime(eta - u) * 0, "=", wrap(0), given=[doubled]),
    ]

    for stated, complaint in zip(claims, [r"a\[t\] may be", "eta - u may be"], strict=True):
        with pytest.raises(StatementError, match=f"{complaint} zero"):
            check_lines(stated)
    assert check_lines(claim(h[t] * 0, "=", v * 0, given=[clipped, linear]))


def test_condition_on_one_index_says_nothing_of_another():
    """The sum runs through a time at which the state may be zero."""
    every = Sum(h_unit[j] / h_unit[j], j, 0, T)

    with pytest.raises(StatementError, match=r"h_unit\[j\] may be zero"):
        check_lines(claim(every, "=", every, where=[Ne(h_unit[j], 0)], ranges={j: (1, T)}))


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ([Lt(u, 0), Lt(0, u)], "u < 0 and 0 < u"),
        ([Eq(u, 1), Eq(u, 2)], "u = 1 and u = 2"),
        ([Lt(u, u)], "u < u"),
        ([Lt(v, v)], "v < v"),
        ([Ne(u, u)], "u ≠ u"),
        ([Le(u + 1, u)], r"u \+ 1 ≤ u"),
        ([Le(eta, 0)], "eta ≤ 0"),
        ([Eq(eta, -1)], "eta = -1"),
        ([Lt(Abs(u), 0)], r"\|u\| < 0"),
        ([Le(exp(u), 0)], r"exp\(u\) ≤ 0"),
        ([Lt(u**2, -1)], r"u\^2 < -1"),
        ([Lt(Norm(W_hh), 0)], "‖W_hh‖ < 0"),
        ([Le(u, 1), Le(2, u)], "u ≤ 1 and 2 ≤ u"),
        ([Lt(2 * u, 2), Le(3 * u, 9), Eq(u, 1)], "2 u < 2 and u = 1"),
        ([Lt(u, eta), Lt(eta, lam), Lt(lam, u)], "u < eta and eta < lam and lam < u"),
        ([Le(u, 1), Le(1, u), Ne(u, 1)], "u ≤ 1 and 1 ≤ u and u ≠ 1"),
        ([Eq(W_hh, Zeros(H, H)), Eq(W_hh, W_hh + 1)], r"W_hh = W_hh \+ 1"),
        ([Lt(x[t], 0), Lt(Ones(D), x[t])], r"x\[t\] < 0 and ones < x\[t\]"),
        ([Eq(wrap(1), 2)], "1 = 2"),
    ],
)
def test_conditions_that_nothing_fulfils_are_refused(where, named):
    """From them anything would follow."""
    with pytest.raises(StatementError, match=f"no number fulfils {named}"):
        claim(u, "=", u, where=where)


@pytest.mark.parametrize(
    "where",
    [
        [Lt(u, 1), Lt(0, u)],
        [Ne(u, 1), Ne(u, 2)],
        [Le(u, 1), Le(1, u)],
        [Lt(u, eta), Lt(eta, lam)],
        [Le(u, 1), Ne(u, 1)],
        [Le(Abs(u), 0)],
        [Lt(x[t], 0), Lt(Ones(H), h[t])],
    ],
)
def test_conditions_that_something_fulfils_pass(where):
    """Refusing everything would be easy."""
    assert claim(u, "=", u, where=where)


def test_unequal_stands_in_a_condition_alone():
    """No line shows that two numbers differ."""
    with pytest.raises(StatementError, match="'!=' stands in a condition alone"):
        claim(u, "!=", eta)
    with pytest.raises(StatementError, match="'!=' compares numbers"):
        claim(u, "=", u, where=[Ne(v, 0)])


def test_unequal_is_printed_everywhere():
    """Who reads the formula in any form reads its condition."""
    stated = claim(u / u, "=", wrap(1), where=[Ne(u, eta), Ne(u, 0)])
    (_, condition) = stated.where
    space = {}
    exec(sympy_text(stated), space)

    assert latex(condition) == r"u \ne 0"
    assert text(condition) == "u ≠ 0"
    assert (space["u"], "!=", 0) in space["conditions"]()


def test_unequal_holds_on_draws():
    """A draw that meets the bound is no evidence."""
    one, near, far = (tape.Number(value, 1e-12) for value in (1.0, 1.0 + 1e-12, 1.1))

    assert not holds(one, "!=", near)
    assert holds(one, "!=", far)


@pytest.mark.parametrize(
    ("symbol", "value"),
    [(eta, wrap(-1)), (eta, u), (eta, u * u), (spans, v), (kappa, Norm(W_hh)), (lam, 1 - eta)],
)
def test_positive_symbol_has_a_positive_value(symbol, value):
    """The proofs use the sign of the symbol."""
    with pytest.raises(StatementError, match=r"may not be positive|no number fulfils"):
        prove(FORMULAS[f"test_statements.py:{define(symbol, value).__name__}"])


@pytest.mark.parametrize(
    ("symbol", "value"),
    [(eta, exp(u)), (eta, 1 + u * u), (spans, exp(v)), (kappa, 1 + Norm(W_hh)), (lam, sigmoid(u))],
)
def test_positive_value_is_seen(symbol, value):
    """It is positive wherever it is taken."""
    stated = claim(symbol * 0, "=", symbol * 0, given=[define(symbol, value)])

    assert check_lines(stated) == ["proved"] or "proved at sizes" in check_lines(stated)


# -- Small quantities ------------------------------------------------------------------------------


@pytest.fixture
def rough():
    """Function of which nothing is said but that it acts entry by entry."""
    return function("rough", "d", "any function, entry by entry")


@pytest.mark.parametrize(
    ("left", "order"),
    [
        (eps ** (wrap(3) / 2), 2),
        (eps**HALF, 1),
        (eps ** (wrap(5) / 2) * u, 2),
        ((eps * eps) ** (wrap(3) / 4), 1),
        (eps**eta, 1),
        (eps**2 * log(eps), 2),
        (eps * log(eps), 1),
        (log(1 + eps * u) * 0 + eps**3 * log(eps**2), 3),
        (Abs(eps * u - eps**2), 1),
        (Abs(u + eps) - Abs(u), 1),
        (relu(eps - eps**2), 1),
        (Max(eps, eps**2), 1),
        (Min(u, u + eps) - u, 1),
        (Indicator(eps, u), 1),
        (Norm(eps * v), 1),
        (Norm(v + eps * w) - Norm(v), 1),
        (Norm(W_hh + eps * W_hh @ W_hh) - Norm(W_hh), 1),
        (SpectralRadius(W_hh + eps * W_hh.T) - SpectralRadius(W_hh), 1),
        (phi(v + eps * w) @ b_y - phi(v) @ b_y, 1),
        (ell[t](y[t] + eps * b_y) - ell[t](y[t]), 1),
        (eps**2 / tanh(eps), 2),
        (eps / (exp(eps) - 1), 1),
        (eps * exp(1 / eps), 1),
    ],
)
def test_what_has_no_powers_has_no_order(left, order):
    """Its Taylor series at zero does not exist, and a coefficient of it shows nothing."""
    with pytest.raises((StatementError, Refuted, Undecided), match=r"is not expanded in eps|may "):
        check_lines(claim(left, "=", wrap(0) + Order(eps, order)))


def test_function_is_expanded_only_if_it_is_smooth(rough):
    """What the proof assumes of a function is printed with its meaning."""
    error = 0 + Order(eps, 2)

    with pytest.raises(StatementError, match="rough is not declared to be smooth"):
        check_lines(claim(rough(u + eps) - rough(u) - eps * rough.prime(u), "=", error))
    with pytest.raises(StatementError, match="tanh is not declared to be smooth"):
        check_lines(claim(tanh[t](u + eps) - tanh[t](u) - eps * tanh[t].prime(u), "=", error))
    assert check_lines(claim(f(u + eps) - f(u) - eps * f.prime(u), "=", error))
    assert check_lines(claim(rough(u) * eps**2, "=", error))


def test_smooth_function_says_so():
    """A reader sees under the formula what the proof relies on."""
    with pytest.raises(ValueError, match="function quiet: its text does not say that it is smooth"):
        function("quiet", "d", "any function of a vector", takes=[(H,)], smooth=True)
    for one in (f, g, psi):
        assert one.smooth
        assert "smooth" in FUNCTIONS[one.name].text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((1 + eps) ** HALF, 1 + eps / 2 + Order(eps, 2)),
        ((eta + eps) ** HALF - eta**HALF, 0 + Order(eps, 1)),
        (exp(eps * u), 1 + eps * u + Order(eps, 2)),
        (log(1 + eps), eps + Order(eps, 2)),
        (log(eta + eps) - log(eta), eps / eta + Order(eps, 2)),
        (1 / (1 + eps), 1 - eps + Order(eps, 2)),
        (eps**3 / (2 * eps), 0 + Order(eps, 2)),
        (Abs(u) + eps * u, Abs(u) + Order(eps, 1)),
        (tanh(u + eps), tanh(u) + eps * (1 - tanh(u) ** 2) + Order(eps, 2)),
        ((psi(v + eps * w) - psi(v)) / eps, Gradient(psi(v), v) @ w + Order(eps, 1)),
        ((exp(v + eps * w) - exp(v)) / eps @ w, (exp(v) * w) @ w + Order(eps, 1)),
    ],
)
def test_what_has_a_taylor_series_is_expanded(left, right):
    """Each part that depends on the small quantity has all its derivatives at zero."""
    assert check_lines(claim(left, "=", right))


def test_definition_that_depends_on_the_small_quantity_is_written_out():
    """A symbol could hide a root."""
    root = define(u, eps ** (wrap(3) / 2), "root")

    with pytest.raises(StatementError, match="u is not expanded in eps"):
        check_lines(claim(u, "=", 0 + Order(eps, 2), given=[root]))
