"""What the proof of code shows for all sizes, and what it must refuse.

That the stand-ins mean what NumPy means is seen by brute force: code is run on arrays of every
size, each entry of what it returns is evaluated at small sizes, and NumPy runs the same code on
the same numbers.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce
from itertools import product

import numpy as np
import pytest
import sympy as sp

from rnnnotes import building_blocks
from rnnnotes.book.check.mutants import _broken_code
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language import nodes as lang
from rnnnotes.book.prove.codeproof import argument, prove_code, rebuilt
from rnnnotes.book.prove.numpyarrays import SymbolicArray, Whole, as_array
from rnnnotes.book.prove.reading import Reading
from rnnnotes.core import normal as core
from rnnnotes.core.integers import Affine, Facts, affine
from rnnnotes.core.terms import Apply, Delta, Entry, Group, Integer, Mask, Poly, Power, Product, Sum
from rnnnotes.notation import D, H, T

# -- Evaluating by brute force ---------------------------------------------------------------------

Values = Mapping[str, int]
ARRAYS = {
    "A": (T, H, D),
    "C": (T, D, H),
    "M": (H, H),
    "W": (H, D),
    "V": (H, D),
    "S": (2 * H, D),
    "K": (3, 2),
    "e": (1,),
    "q": (T,),
    "u": (),
    "v": (H,),
    "w": (H,),
    "x": (D,),
}
"""Arrays that the code under test may take, and their shapes."""

LETTERS = ("H", "D", "T", "t", "k", "n")
SIZES = [
    {"H": 2, "D": 3, "T": 4, "t": 3, "k": 1, "n": 2},
    {"H": 3, "D": 1, "T": 2, "t": 1, "k": 1, "n": 3},
]
FACTS = [
    *(affine(size) - 1 for size in ("H", "D", "T")),
    *core.within(affine("t"), affine(1), affine("T")),
    *core.within(affine("k"), affine(1), affine("t")),
    *core.within(affine("n"), affine(1), affine("H")),
]


def whole_value(expr: Affine, values: Values) -> int:
    """Number that a whole number is at some values of its letters."""
    parts = (n * math.prod(values[one] for one in name.split("*")) for name, n in expr.parts)
    return expr.constant + sum(parts)


def value(poly: Poly, values: Values, arrays: dict) -> float:
    """Number that a polynomial is, all sums being written out."""
    return sum(
        float(number) * math.prod(factors(monomial, values, arrays))
        for monomial, number in poly.terms.items()
    )


def factors(monomial, values: Values, arrays: dict) -> Iterator[float]:
    """Factors of a monomial; none after one that is zero, as an array has no entry there."""
    for atom, exponent in sorted(monomial, key=lambda f: not isinstance(f[0], Mask | Delta)):
        number = atom_value(atom, values, arrays)
        if number == 0 and exponent > 0:
            yield 0.0
            return
        yield number**exponent


KNOWN = {"exp": math.exp, "log": math.log, "tanh": math.tanh, "abs": abs,
         "sigmoid": lambda u: 1 / (1 + math.exp(-u)), "step": lambda u: float(u > 0)}  # fmt: skip
RANGE = range(-1, 9)
"""Values that a bound letter is given: more than any axis here has places."""


def atom_value(atom, values: Values, arrays: dict) -> float:
    """Number that an atom is."""
    match atom:
        case Integer():
            return whole_value(affine(atom.name), values)
        case Entry():
            return arrays[atom.name][tuple(whole_value(p, values) - 1 for p in atom.at)]
        case Delta():
            return float(whole_value(atom.zero, values) == 0)
        case Mask():
            return float(whole_value(atom.least, values) >= 0)
        case Group():
            return value(atom.inside, values, arrays)
        case Power():
            return value(atom.base, values, arrays) ** value(atom.exponent, values, arrays)
        case Sum():
            letters = (dict(zip(atom.bound, at, strict=True))
                       for at in product(RANGE, repeat=len(atom.bound)))  # fmt: skip
            return sum(math.prod(factors(atom.factors, {**values, **one}, arrays))
                       for one in letters)  # fmt: skip
        case Product():
            return product_value(atom, values, arrays)
        case Apply() if atom.name in KNOWN:
            return KNOWN[atom.name](value(atom.arguments[0].body, values, arrays))
        case Apply(name="norm"):
            return np.linalg.norm(array_value(atom.arguments[0], values, arrays), 2)
    raise NotImplementedError(atom)


def array_value(array, values: Values, arrays: dict) -> np.ndarray:
    """Numbers of the array that a function takes."""
    axes = [
        range(whole_value(low, values), whole_value(high, values) + 1) for low, high in array.ranges
    ]
    entries = [
        value(array.body, {**values, **dict(zip(array.letters, at, strict=True))}, arrays)
        for at in product(*axes)
    ]
    return np.reshape(entries, [len(axis) for axis in axes])


def product_value(atom: Product, values: Values, arrays: dict) -> float:
    """Ordered product, the highest index on the left."""
    factors_ = array_value(atom.body, values, arrays)
    if not atom.at:
        return math.prod(factors_)
    one = np.eye(factors_.shape[1])
    row, column = (whole_value(place, values) - 1 for place in atom.at)
    return reduce(lambda so_far, later: later @ so_far, factors_, one)[row, column]


def evaluated(array: SymbolicArray, values: Values, arrays: dict) -> np.ndarray:
    """Numbers of an array of every size at one size."""
    reading = Reading([])
    shape = [whole_value(length, values) for length in array.lengths]
    result = np.empty(shape)
    for at in product(*map(range, shape)):
        places = tuple(affine(f"at{axis}") for axis in range(len(at)))
        facts = [f for place, length in zip(places, array.lengths, strict=True)
                 for f in core.within(place, affine(1), length)]  # fmt: skip
        with core.assuming(*facts):
            entry = array.entry(reading, places)
        named = {f"at{axis}": i + 1 for axis, i in enumerate(at)}
        result[at] = value(entry, {**values, **named}, arrays)
    return result


def run(code) -> SymbolicArray:
    """What code returns for arrays of every size."""
    names = code.__code__.co_varnames[: code.__code__.co_argcount]
    given = {
        name: argument(lang.Variable(name, ARRAYS[name]), {}) if name in ARRAYS
        else Whole(affine(name))
        for name in names
    }  # fmt: skip
    return rebuilt(code, {})(**given)


def agrees_with_numpy(code) -> None:
    """Run code on arrays of every size and on numbers, and compare."""
    rng = np.random.default_rng(3)
    with core.known(core.Context(Facts(FACTS))):
        symbolic = run(code)
        parts = symbolic if isinstance(symbolic, list | tuple) else [symbolic]
        for values in SIZES:
            symbols = {sp.Symbol(n, integer=True, positive=True): values[n] for n in "HDT"}
            arrays = {
                name: rng.normal(size=[int(sp.sympify(n).subs(symbols)) for n in shape])
                for name, shape in ARRAYS.items()
            }
            names = code.__code__.co_varnames[: code.__code__.co_argcount]
            numbers = code(**{n: arrays[n] if n in arrays else values[n] for n in names})
            wanted = numbers if isinstance(symbolic, list | tuple) else [numbers]
            for part, number in zip(parts, wanted, strict=True):
                found = evaluated(as_array(part), values, arrays)
                assert found.shape == np.shape(number)
                np.testing.assert_allclose(found, number, rtol=1e-9, atol=1e-12)


ENTRYWISE = [
    lambda v, w: v + 2 * w - w / 3,
    lambda v: -(v**2) + (+v) ** 3 - 2.5 + 1 / 3,
    lambda v: np.exp(v) * np.tanh(v) - np.log(1 + np.exp(-v)),
    lambda v: np.expm1(v) + np.log1p(v * v) + np.square(v),
    lambda v: np.sinh(v) - np.cosh(v) + np.sqrt(v * v + 1),
    lambda v, w: np.abs(v) + np.fabs(w) + abs(v - w),
    lambda v, w: np.maximum(v, w) - np.minimum(v, 0.3) + np.clip(w, -0.5, 0.5),
    lambda v: np.sign(v) + np.heaviside(v, 0.5) + np.heaviside(v - v, 0.25),
    lambda v, w: np.where(v > w, v, w * 2) + (v < 0) * w + (v <= w) * 1 + (w >= 0) * v,
    lambda v, w: (v <= +v) * w + 2 * (v >= +v) * w + (v < +v) * w + (v == +v) * w + (v != w) * v,
    lambda v, t, k: (t < 2) * v + 2 * ((t <= 2) * v) + (k > 1) * v + (t >= k) * v + (t != k) * v,
    lambda v, x: 3 - len(v) + (1 - len(x)) * v + len(v) * (2 - len(x)) + len(v) / (1 + len(x)),
    lambda v: math.exp(0.5) + math.log(2) + math.sqrt(2) * v + np.log(2) + math.tanh(1),
    lambda u: np.power(u * u + 1, 0.5) + np.add(u, 1) - np.negative(u) + np.divide(u, 4),
    lambda u, v: float(u) * v,
    lambda x: 2 ** abs(x.shape[0]) * x,
]
BROADCAST = [
    lambda W, x: W * x,
    lambda W, v: W + v[:, None],
    lambda A, x: A - x,
    lambda A, W: A * W / 2,
    lambda v, x: v[:, None] - x[None, :],
    lambda e, W: e + W,
    lambda e, v: np.broadcast_to(e, v.shape) + v,
    lambda v, W: np.broadcast_to(v[:, None], W.shape),
    lambda q, A: q[:, None, None] * A,
]
INDEXING = [
    lambda W: W[0],
    lambda W: W[-1, -1] + W[0, 0],
    lambda W, n: W[n - 1] - W[-n],
    lambda v: v[1:],
    lambda v: v[:-1],
    lambda v: v[::-1],
    lambda W: W[::-1, :],
    lambda A, t: A[t - 1],
    lambda A, k, t: A[k - 1 : t],
    lambda A, k, t: A[k:t, 0],
    lambda S, v: S[: len(v)] - S[len(v) :],
    lambda S, v: S[-len(v) :],
    lambda A: A[..., 0],
    lambda A: A[:, None, 0],
    lambda K: K[1:3] + K[:2],
    lambda K: K[5:, 0],
    lambda K: [row * 2 for row in K],
    lambda K: K[True and -2][::-1],
    lambda u: u[None] + u[()],
]
SHAPES = [
    lambda W: W.T,
    lambda A: A.T,
    lambda A: np.transpose(A, (1, 0, 2)),
    lambda A: A.transpose(2, 0, 1),
    lambda A: np.swapaxes(A, 0, -1),
    lambda v: v.reshape(-1, 1),
    lambda v: v.reshape(1, len(v)),
    lambda W: np.reshape(W[:, None, :], W.shape),
    lambda v: v.ravel() + v.flatten() + v.reshape(-1),
    lambda v: np.squeeze(v[:, None], axis=1),
    lambda v: np.expand_dims(v, 0),
    lambda W: np.expand_dims(W, -1),
    lambda W: W.shape[0] * W.size + W.ndim + len(W) ** 2 - np.size(W) + np.ndim(W),
    lambda S: len(S) // 2 + np.shape(S)[1],
    lambda v: np.copy(v) + np.asarray(v) + v.copy(),
]
REDUCTIONS = [
    lambda W: np.sum(W) / 2,
    lambda W: np.sum(W, axis=0),
    lambda W: W.sum(axis=-1),
    lambda A: np.sum(A, axis=(0, 2)),
    lambda A: A.sum(axis=(0, 2), keepdims=True),
    lambda W: W - W.mean(axis=1, keepdims=True),
    lambda W: np.mean(W) + np.mean(W, axis=0),
    lambda v: -np.prod(v),
    lambda W: np.prod(W, axis=0),
    lambda K: np.prod(K, axis=1) + K.prod(),
    lambda A, k, t: np.prod(A[k:t], axis=0),
    lambda A, k, t: np.sum(A[k:t], axis=0),
    lambda v: np.cumsum(v) - v,
    lambda W: np.cumsum(W, axis=1) + W.cumprod(axis=0),
    lambda v: sum(v) + sum(u * v[0] for u in (v[0], 2, v[-1])),
    lambda v, w: sum(a * b for a, b in zip([v, w], [w, w], strict=True)),
    lambda v: np.sum(v > 0),
    lambda v: np.linalg.norm(v) + np.linalg.norm(v, 2) + np.linalg.norm(v, 1),
    lambda W: np.linalg.norm(W) - np.linalg.norm(W, "fro") + np.linalg.norm(W, 2),
    lambda A: np.linalg.norm(A, 2, axis=(1, 2)),
    lambda W: np.linalg.norm(W, axis=0) + np.linalg.norm(W, axis=1, keepdims=True),
    lambda A: np.linalg.norm(A, axis=(0, 2)),
    lambda M: np.trace(M) + M.trace() + np.diag(M).sum() + M.diagonal().sum(),
]
PRODUCTS = [
    lambda W, x: W @ x,
    lambda v, W: v @ W,
    lambda v, w: v @ w,
    lambda W, M: M @ W,
    lambda A, x: A @ x,
    lambda v, A: v @ A,
    lambda A, C: A @ C,
    lambda A, M: M @ A,
    lambda W, A: A @ W.T,
    lambda W, x: np.dot(W, x) + W.dot(x) + np.dot(2, W) @ x,
    lambda v, w: np.inner(v, w) + np.vdot(v, w) + np.dot(v, w),
    lambda v, x: np.outer(v, x) * 2,
    lambda v: np.diag(v) + np.diag(np.diag(v)),
    lambda W, V: np.einsum("hd,hd->h", W, V),
    lambda W, M, v: np.einsum("ij,jk,i->k", M, W, v),
    lambda A, x: np.einsum("thd,d->ht", A, x) + np.einsum("thd, d -> ht", A, x),
    lambda M: np.linalg.matrix_power(M, 3) + np.linalg.matrix_power(M, 0),
    lambda M, t: np.linalg.matrix_power(M, t - 1),
    lambda M, W: np.matmul(M, np.multiply(W, W)),
]
MAKING = [
    lambda v: np.eye(len(v)) + np.identity(v.shape[0]),
    lambda W: np.eye(len(W), W.shape[1]),
    lambda v, x: np.zeros((len(v), len(x))) + np.ones(len(x)) + np.full(len(x), 2.5),
    lambda W: np.zeros_like(W) + np.ones_like(W) * 3 + np.full_like(W, -1),
    lambda v: np.eye(len(v))[0] + np.eye(len(v))[:, -1],
    lambda M: np.triu(M) + 2 * np.tril(M, -1) + np.triu(M, 1),
    lambda v: np.arange(len(v)) * v + np.arange(1, len(v) + 1),
    lambda u, v: np.array([[u, 1.5], [v[0], v @ v]]),
    lambda v, w: np.array([v, w, v + w]),
    lambda u: np.array([u, 2, 3])[1:],
]
JOINING = [
    lambda v, x: np.concatenate([v, x]),
    lambda W, V: np.concatenate([W, V], axis=1),
    lambda v, w, W: np.concatenate([v, w]) @ np.concatenate([W, 2 * W]),
    lambda v, w: np.stack([v, w]),
    lambda v, w: np.stack([v, w], axis=1) + np.stack([w, v], axis=-1),
    lambda v, W: np.vstack([W.T, v, W.T]),
    lambda W, v: np.hstack([W, v[:, None]]),
    lambda v, x: np.hstack([v, x, v]),
    lambda M, W: np.block([[M, W], [W.T, np.eye(W.shape[1])]]),
    lambda v, x: np.block([v, x]),
    lambda S: np.split(S, 2),
    lambda S, v: np.split(S, [len(v)]),
    lambda S: np.split(S.T, 2, axis=1)[1],
    lambda S: np.vstack(np.split(S, 2)[::-1]),
    lambda v, x: np.concatenate([v, x])[: len(v)] * 2,
    lambda v, w, x: np.concatenate([v, w])[len(v) :] + np.concatenate([x, v])[len(x) :],
]
KINDS = {
    "entrywise": ENTRYWISE,
    "broadcast": BROADCAST,
    "indexing": INDEXING,
    "shapes": SHAPES,
    "reductions": REDUCTIONS,
    "products": PRODUCTS,
    "making": MAKING,
    "joining": JOINING,
}


@pytest.mark.parametrize(
    "code",
    [pytest.param(code, id=f"{kind}-{n}") for kind, codes in KINDS.items()
     for n, code in enumerate(codes)],
)  # fmt: skip
def test_a_function_gives_what_numpy_gives(code):
    """At two sizes each entry, written out by brute force, is the number that NumPy computes."""
    agrees_with_numpy(code)


# -- What is refused -------------------------------------------------------------------------------


def proof_of(id, code):
    """Proof of other code for a formula of the book."""
    return prove_code(replace(find(id), code=code))


def three_steps(L_ts):
    """Mean of a sequence of three steps."""
    return (L_ts[0] + L_ts[1] + L_ts[2]) / 3


SIZES_IN_CODE = {
    "divided": ("vanilla_rnn.loss_mean", lambda L_ts: np.sum(L_ts) / 3),
    "sliced": ("vanilla_rnn.loss_mean", lambda L_ts: np.mean(L_ts[0:3])),
    "indexed": ("vanilla_rnn.loss_mean", three_steps),
    "last": ("vanilla_rnn.loss_sum", lambda L_ts: L_ts[0] + L_ts[1] + L_ts[-1]),
    "reshaped": (
        "vanilla_rnn.output_pre_activation",
        lambda h, W_hy, b_y: W_hy @ h.reshape(2) + b_y,
    ),
    "rows": ("building_blocks.linear_map", lambda x, W_xh: np.array([W_xh[0] @ x, W_xh[1] @ x])),
    "identity": ("building_blocks.cross_entropy_gradient", lambda p, r: p - np.eye(5)[r - 1]),
    "ones": ("lstm_variants.no_input_gate", lambda H: np.ones(2)),
    "columns": (
        "vanilla_rnn.bidirectional_output",
        lambda h_ahead, h_back, W_both, b_y: W_both[:, :2] @ h_ahead + W_both[:, 2:] @ h_back + b_y,
    ),
    "gates": (
        "lstm_variants.order_onnx",
        lambda W_x4: np.vstack([W_x4[:2], W_x4[6:], W_x4[2:4], W_x4[4:6]]),
    ),
    "count": ("comparison.vanilla_parameters", lambda D, H: 2 * D + 4 + H),
    "steps": ("lstm.cell_bound", lambda c_0, t: np.abs(c_0) + 3),
    "power": ("gradients.vanishing_gradient", lambda kappa, t, k: kappa**2),
}


@pytest.mark.parametrize(("id", "code"), SIZES_IN_CODE.values(), ids=SIZES_IN_CODE)
def test_a_size_that_is_written_into_code_is_not_proved(id, code):
    """Each is right at the sizes of the book, and wrong at others."""
    assert not proof_of(id, code).holds


WRONG = {
    "transposed": (
        "vanilla_rnn.pre_activation",
        lambda x, h_prev, W_xh, W_hh, b_h: W_xh @ x + W_hh.T @ h_prev + b_h,
    ),
    "row times": (
        "vanilla_rnn.pre_activation",
        lambda x, h_prev, W_xh, W_hh, b_h: W_xh @ x + h_prev @ W_hh + b_h,
    ),
    "swapped": ("bptt.step_jacobian", lambda a, W_hh, f_prime: W_hh @ np.diag(f_prime(a))),
    "scaled columns": ("bptt.step_jacobian", lambda a, W_hh, f_prime: f_prime(a) * W_hh),
    "turned": ("bptt.recurrent_weight_gradient", lambda das, h_prevs: h_prevs.T @ das),
    "late": ("bptt.recurrent_weight_gradient", lambda das, h_prevs: das[1:].T @ h_prevs[1:]),
    "shifted": ("bptt.recurrent_weight_gradient", lambda das, h_prevs: das[1:].T @ h_prevs[:-1]),
    "other axis": ("bptt.hidden_bias_gradient", lambda das: np.sum(das, axis=1)),
    "all axes": ("bptt.hidden_bias_gradient", lambda das: das.sum()),
    "next place": ("building_blocks.cross_entropy", lambda p, r: -np.log(p[r])),
    "place before": ("building_blocks.cross_entropy", lambda p, r: -np.log(p[r - 2])),
    "mean": ("building_blocks.softmax", lambda scores: np.exp(scores) / np.mean(np.exp(scores))),
    "order of parts": (
        "vanilla_rnn.bidirectional_output",
        lambda h_ahead, h_back, W_both, b_y: W_both @ np.concatenate([h_back, h_ahead]) + b_y,
    ),
    "order of gates": ("lstm_variants.order_onnx", lambda W_x4: np.vstack(np.split(W_x4, 4))),
    "other norm": ("gradients.spectral_radius_bound", lambda W_hh: np.linalg.norm(W_hh, "fro")),
    "not inverse": (
        "gradients.eigendecomposition",
        lambda Q, eigenvalues: Q @ np.diag(eigenvalues) @ Q.T,
    ),
    "large values": ("building_blocks.relu", lambda u: np.minimum(np.maximum(u, 0.0), 50.0)),
    "zero gradient": ("lstm.input_gradient", lambda da_i, W_xi: 0 * (W_xi.T @ da_i)),
    "seven times": (
        "lstm.last_cell_gradient",
        lambda dh, da_o, o_gate, c, p_o: 7 * (dh * o_gate * (1 - np.tanh(c) ** 2) + p_o * da_o),
    ),
    "other function": ("lstm.candidate", lambda a_c: np.sinh(a_c) / np.cosh(2 * a_c)),
    "truth values added": (
        "gru.copy",
        lambda h_prev: h_prev * ((h_prev >= +h_prev) + (h_prev <= +h_prev)),
    ),
}


@pytest.mark.parametrize(("id", "code"), WRONG.values(), ids=WRONG)
def test_wrong_code_is_not_proved(id, code):
    """Each differs from its statement at some numbers of the right shapes."""
    assert not proof_of(id, code).holds


RIGHT = {
    "length": ("vanilla_rnn.loss_mean", lambda L_ts: np.sum(L_ts) / len(L_ts)),
    "inner product": (
        "vanilla_rnn.loss_mean",
        lambda L_ts: np.dot(L_ts, np.ones_like(L_ts)) / L_ts.size,
    ),
    "python": ("vanilla_rnn.loss_sum", lambda L_ts: 2 * sum(L_ts) / 2),
    "summed": ("building_blocks.linear_map", lambda x, W_xh: np.sum(W_xh * x, axis=1)),
    "turned": ("building_blocks.linear_map", lambda x, W_xh: x @ W_xh.T),
    "named axes": ("building_blocks.linear_map", lambda x, W_xh: np.einsum("hd,d->h", W_xh, x)),
    "scaled rows": ("bptt.step_jacobian", lambda a, W_hh, f_prime: f_prime(a)[:, None] * W_hh),
    "outer products": (
        "bptt.recurrent_weight_gradient",
        lambda das, h_prevs: np.sum(das[:, :, None] * h_prevs[:, None, :], axis=0),
    ),
    "safe softmax": (
        "building_blocks.softmax",
        lambda scores: np.exp(scores - scores[0]) / np.sum(np.exp(scores - scores[0])),
    ),
    "parts": (
        "vanilla_rnn.bidirectional_output",
        lambda h_ahead, h_back, W_both, b_y: (
            W_both[:, : len(h_ahead)] @ h_ahead + W_both[:, len(h_ahead) :] @ h_back + b_y
        ),
    ),
    "sigmoid by tanh": ("lstm.input_gate", lambda a_i: 0.5 * (1 + np.tanh(a_i / 2))),
    "tanh by exp": ("lstm.candidate", lambda a_c: 1 - 2 / (np.exp(2 * a_c) + 1)),
    "tanh by sinh": ("lstm.candidate", lambda a_c: np.sinh(a_c) / np.cosh(a_c)),
    "called": ("lstm.input_gate", lambda a_i: 1 - building_blocks.sigmoid(-a_i)),
    "thirds": ("bptt.output_gradient_mean", lambda dy, T: dy * (1 / 3) * 3 / T),
    "within": ("gru.copy", lambda h_prev: sum(n * h_prev for n in (1, 0))),
}


@pytest.mark.parametrize(("id", "code"), RIGHT.values(), ids=RIGHT)
def test_right_code_may_look_otherwise(id, code):
    """Each computes the statement, though it does not read like it."""
    assert str(proof_of(id, code)) == "proved for all sizes"


def written(v, w):
    """Product that takes the place of the argument."""
    v *= w
    return v


def written_view(v, w):
    """Product that is written into a view of the argument."""
    v[:] = v * w
    return v


def written_local(v, w):
    """Product that is written into an array of its own."""
    product_ = np.zeros(len(v))
    product_ += v * w
    return product_


def branching(v, w):
    """Product, in one of two orders."""
    return v * w if v[0] > 0 else w * v


def catching(v, w):
    """Product that depends on an error."""
    try:
        return np.array([v[1]]) * w
    except IndexError:
        return v * w


def decorated(code):
    """Function that calls what is not displayed."""

    def call(v, w):
        return code(v, w)

    return call


def imported(v, w):
    """Product by a function that the names of the module do not tell."""
    from rnnnotes.building_blocks import hadamard_product

    return hadamard_product(v, w)


TWO = 2


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (written, "refused: the code writes into its argument"),
        (written_view, "refused: the code writes into its argument"),
        (written_local, "unsupported: code that writes into an array"),
        (branching, "unsupported: code that branches on values"),
        (catching, "unsupported: catching catches exceptions"),
        (
            decorated(lambda v, w: v * w),
            "unsupported: call closes over code, which is not displayed",
        ),
        (imported, "unsupported: ImportError"),
        (lambda v, w: TWO * v * w / 2, "unsupported: the code takes TWO from outside"),
        (lambda v, w: np.sort(v * w), "unsupported: np.sort"),
        (lambda v, w: np.float64(2) * v * w, "unsupported: np.float64"),
        (lambda v, w: -np.outer(v, w), r"refused: the code returns shape \(H, H\)"),
        (lambda v, w: v[1] * w, "refused: index 1 is not surely within an axis of size H"),
        (lambda v, w: v[:2] * w, "refused: the slice from 0 to 2 is not surely within an axis"),
        (lambda v, w: v.reshape(2) * w, r"refused: reshape of \(H,\) to \(2,\)"),
        (lambda v, w: np.eye(2) @ v * w, r"refused: @ of shapes \(2, 2\) and \(H,\)"),
        (lambda v, w: v * np.ones(3) * w, r"refused: the shapes \(H,\) and \(3,\) do not fit"),
        (lambda v, w: np.squeeze(v) * w, r"refused: squeeze of an array of shape \(H,\)"),
        (lambda v, w: v + w, "not equal: algebra does not show that it is equal"),
    ],
)
def test_what_is_not_proved_says_why(code, why):
    """What is wrong at some size is refused; what is not supported is no judgement."""
    assert re.match(why, str(proof_of("building_blocks.hadamard_product", code)))


def test_a_wrapper_that_shows_its_inner_code_is_refused():
    """`inspect` displays the undecorated source of such a function, which is not what runs."""

    def show(inner):
        return functools.wraps(inner)(lambda v, w: 2 * v * w)

    result = proof_of("building_blocks.hadamard_product", show(lambda v, w: v * w))
    assert str(result) == "unsupported: <lambda> is decorated: what is displayed is not what runs"


def test_a_function_of_the_book_refuses_what_its_check_refuses():
    """A call of the softmax of a matrix stops with an error, whatever its code would return."""
    result = proof_of(
        "building_blocks.linear_map", lambda x, W_xh: building_blocks.softmax(W_xh) @ x
    )
    assert str(result).startswith("refused: building_blocks.softmax takes scores of shape (O,)")


def test_a_loop_over_places_says_at_which_sizes_it_was_run():
    """Python runs it at numbers alone: the result names the size, and gives up at a second."""
    one = proof_of(
        "building_blocks.hadamard_product", lambda v, w: np.array([+place for place in v * w])
    )
    two = proof_of(
        "building_blocks.linear_map",
        lambda x, W_xh: np.array([sum([place * 1 for place in row * x]) for row in W_xh]),
    )

    assert str(one) == "proved for all sizes, at H = 2, 3, 4"
    assert two.outcome == "needs a number"


def factors_swapped(as_, k, t, W_hh, f_prime):
    """Product of Jacobians, each in the wrong order."""
    J = np.eye(len(W_hh))
    for step in range(k, t):
        J = W_hh @ np.diag(f_prime(as_[step])) @ J
    return J


def test_a_wrong_loop_is_not_equal_at_a_number_of_steps():
    """The first time at which it differs is named, and definitions do not take it for theirs."""
    result = proof_of("bptt.jacobian_product", factors_swapped)

    assert (result.outcome, result.why[-19:]) == ("not equal", "T = 2, t = 1, k = 0")


# -- The book --------------------------------------------------------------------------------------

LOOPS = {
    "vanilla_rnn.unrolled",
    "bptt.jacobian_product",
    "bptt.linear_recursion_solution",
    "lstm.cell_unrolled",
    "gated_cells.rhn_depth_jacobian",
    "sequences.latent_unrolled",
    "gated_cells.sru_solution",
    "gated_cells.qrnn_solution",
}
OPEN = {
    "gradients.jacobian_norm_bound": "not equal",  # the norm of a diagonal is its largest entry
    "gradients.clip_by_norm": "not equal",  # g / max(g, n) is min(1, g / n)
    "gradients.clip_by_value": "not equal",  # the order in which two bounds are taken
}


def test_the_code_of_the_book_is_proved_for_all_sizes():
    """All but loops over time, which are run at some numbers of steps, and what algebra leaves."""
    found = {id: prove_code(stated) for id, stated in find_all().items()}

    assert {id for id, one in found.items() if one.at} == LOOPS
    assert {size for id in LOOPS for size in found[id].at} == {"T", "N"}
    assert {steps for id in LOOPS for steps in found[id].at.values()} == {(2, 3, 4)}
    assert {id: one.outcome for id, one in found.items() if not one.holds} == OPEN


BROKEN = ["bptt.jacobian_product", "bptt.linear_recursion_solution", "lstm.cell_unrolled",
          "lstm.hidden_by_cell", "gru.reset_gate_jacobian", "lstm_variants.order_haiku",
          "building_blocks.softmax_jacobian", "bptt.recurrent_weight_gradient"]  # fmt: skip


@pytest.mark.parametrize("id", BROKEN)
def test_code_that_was_broken_is_proved_only_where_it_computes_the_same(id):
    """Numbers at two sizes tell the mutants that change nothing, such as a vector's transpose."""
    accepted = [m for m in _broken_code(find(id)) if prove_code(m.formula).holds]

    for mutant in accepted:
        for sizes in SIZES:
            assert computes(mutant.formula.code, find(id), sizes)
    assert len(accepted) < len(list(_broken_code(find(id)))) / 3


def computes(code, stated, sizes: Values) -> bool:
    """Whether code gives what that of a formula gives, on numbers of which each is drawn alone."""
    numbers = {"O": 4, **sizes}

    def number(expr) -> int:
        return int(sp.sympify(expr).subs({s: numbers[str(s)] for s in expr.free_symbols}))

    def drawn(expected):
        if isinstance(expected, lang.Function):
            return lambda a: np.sin(1.3 * a + 0.4)
        if not isinstance(expected, lang.Expression):
            return number(sp.sympify(expected))
        return rng.normal(size=[number(size) for size in expected.shape])

    rng = np.random.default_rng(5)
    given = {name: drawn(stated.argument(name)) for name in inspect.signature(code).parameters}
    return np.allclose(code(**given), stated.code(**given))
