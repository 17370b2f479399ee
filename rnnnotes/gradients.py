r"""Vanishing and exploding gradients.

The Jacobian over a gap in time is a product with one factor for each step, and a product of
many factors shrinks or grows like a power.  This chapter bounds how fast: by the largest
singular value of the recurrent weights and the largest slope of the activation.  It then
states the remedies that act on the gradient itself, which are the ways of clipping it.
"""

from __future__ import annotations

import numpy as np

from rnnnotes import building_blocks
from rnnnotes.book.state.arrays import Array, Elementwise, Entrywise, Scalar
from rnnnotes.book.state.formulas import formula
from rnnnotes.bptt import jacobian_product, state_loss
from rnnnotes.notation.gradients import *
from rnnnotes.vanilla_rnn import generic_state

# -- The bound over a gap ------------------------------------------------------------------------


@formula(
    Le(Norm(Product(M[j], j, t, k + 1)), Product(Norm(M[j]), j, t, k + 1)),
    source="pascanu2013",
    ranges={k: (0, t)},
    derivation=[("<=", "one factor after the other stretches a vector by its norm at most")],
)
def norm_of_product(Ms: Array, t: int, k: int) -> Scalar:
    """Norm of a product of matrices.

    t : Index of the last factor, from 1 to T.
    k : Index before that of the first factor, from 0 to t.
    bound : Product of the norms, at least the norm of the product.

    The first matrix stretches by 2 and the second by 3, so the product stretches by at most 6.
    They stretch different directions: the product is zero.

    >>> Ms = np.array([[[2.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 3.0]]])
    >>> norm_of_product(Ms, t=2, k=0)
    np.float64(6.0)
    >>> float(np.linalg.norm(Ms[1] @ Ms[0], 2))
    0.0
    """
    return np.prod(np.linalg.norm(Ms[k:t], 2, axis=(1, 2)))


@formula(
    Le(Norm(Jacobian(h[t], h[k])), Product(Norm(Diag(f.prime(a[j]))) * Norm(W_hh), j, t, k + 1)),
    source="pascanu2013",
    given=[jacobian_product, norm_of_product],
    ranges={k: (0, t)},
    derivation=[
        (
            "=",
            Norm(Product(Diag(f.prime(a[j])) @ W_hh, j, t, k + 1)),
            "the Jacobian over many steps",
        ),
        ("<=", Product(Norm(Diag(f.prime(a[j])) @ W_hh), j, t, k + 1), "the norm of a product"),
        ("<=", "the norm of a product, of two factors"),
    ],
)
def jacobian_norm_bound(as_: Array, W_hh: Array, f_prime: Elementwise, t: int, k: int) -> Scalar:
    r"""Bound of the Jacobian over many steps.

    bound : Number that the norm of the Jacobian does not exceed.

    The weights stretch by 2.  The largest slopes of the two steps are 1 and 0.64, so the bound is
    :math:`1 \cdot 2 \cdot 0.64 \cdot 2`.

    >>> as_ = np.array([[0.0, 9.0], [np.log(2), np.log(3)]])
    >>> bound = jacobian_norm_bound(as_, 2 * np.eye(2), lambda a: 1 - np.tanh(a) ** 2, t=2, k=0)
    >>> round(float(bound), 12)
    2.56
    """
    # The norm of a diagonal matrix is the largest size of its entries.
    return np.prod(np.abs(f_prime(as_[k:t])).max(axis=1) * np.linalg.norm(W_hh, 2))


@formula(
    Le(Norm(Jacobian(h[t], h[k])), (gamma * Norm(W_hh)) ** (t - k)),
    source="pascanu2013",
    given=[jacobian_norm_bound],
    ranges={k: (0, t)},
    where=[Le(Abs(f.prime(u)), gamma)],
    derivation=[
        (
            "<=",
            Product(Norm(Diag(f.prime(a[j]))) * Norm(W_hh), j, t, k + 1),
            "the bound of the Jacobian over many steps",
        ),
        (
            "<=",
            Product(gamma * Norm(W_hh), j, t, k + 1),
            "the norm of a diagonal matrix is its largest entry, and no slope is above gamma",
        ),
        ("=", "the factors are equal, one for each step"),
    ],
)
def gap_bound(W_hh: Array, gamma: float, t: int, k: int) -> Scalar:
    """Bound of the Jacobian over a gap.

    bound : Number that the norm of the Jacobian does not exceed, whatever the inputs.

    The weights stretch by 3 and the activation by at most 1/2, over two steps.

    >>> gap_bound(np.diag([3.0, 1.0]), gamma=0.5, t=5, k=3)
    np.float64(2.25)
    """
    return (gamma * np.linalg.norm(W_hh, 2)) ** (t - k)


@formula(
    Le(Norm(Jacobian(h[t], h[k])), kappa ** (t - k)),
    source="pascanu2013",
    given=[gap_bound],
    ranges={k: (0, t)},
    where=[Le(Abs(f.prime(u)), gamma), Le(gamma * Norm(W_hh), kappa)],
    derivation=[
        ("<=", (gamma * Norm(W_hh)) ** (t - k), "the bound over a gap"),
        ("<=", "the condition on the weights"),
    ],
)
def vanishing_gradient(kappa: float, t: int, k: int) -> Scalar:
    r"""Sufficient condition for a vanishing gradient.

    kappa : Number that is at least the largest slope times the norm of the weights.
    bound : Number that the norm of the Jacobian does not exceed.

    Half is left after one step, and a thousandth after ten.

    >>> vanishing_gradient(kappa=0.5, t=1, k=0)
    0.5
    >>> 1 / vanishing_gradient(kappa=0.5, t=10, k=0)
    1024.0

    Notes
    -----
    The bound holds for every :math:`\kappa`.  It falls to 0 as the gap grows where
    :math:`\kappa < 1`: that is the sufficient condition.
    """
    return kappa ** (t - k)


@formula(
    Le(Norm(Jacobian(h[t], h[k])), wrap(1)),
    source="pascanu2013",
    given=[gap_bound],
    ranges={k: (0, t)},
    where=[Le(Abs(f.prime(u)), gamma), Le(Norm(W_hh), 1 / gamma)],
    derivation=[
        ("<=", (gamma * Norm(W_hh)) ** (t - k), "the bound over a gap"),
        ("<=", "the condition on the weights: no factor is above one"),
    ],
)
def no_explosion() -> Scalar:
    r"""Necessary condition for an exploding gradient.

    bound : Number that the norm of the Jacobian does not exceed, over any gap.

    With the tanh and weights of norm 1, no gap makes a gradient larger.

    >>> no_explosion() == gap_bound(np.eye(2), gamma=1.0, t=100, k=0)
    np.True_

    Notes
    -----
    Read it backward: a Jacobian whose norm is above 1 needs weights whose norm is above
    :math:`1/\gamma`.  The condition is necessary and not sufficient.
    """
    return 1.0


# -- Two activations -----------------------------------------------------------------------------


@formula(Eq(f(u), sigmoid(u)), source="goodfellow2016", given=[building_blocks.sigmoid])
def sigmoid_activation(u: Entrywise) -> Entrywise:
    """Sigmoid as the activation.

    value : Number in (0, 1).

    >>> float(sigmoid_activation(np.log(3)))
    0.75
    """
    return building_blocks.sigmoid(u)


@formula(Eq(f(u), tanh(u)), source="goodfellow2016", given=[building_blocks.tanh])
def tanh_activation(u: Entrywise) -> Entrywise:
    """Hyperbolic tangent as the activation.

    value : Number in (-1, 1).

    >>> round(float(tanh_activation(np.log(2))), 12)
    0.6
    """
    return building_blocks.tanh(u)


@formula(
    Le(Norm(Jacobian(h[t], h[k])), (Norm(W_hh) / 4) ** (t - k)),
    source="pascanu2013",
    given=[sigmoid_activation, jacobian_norm_bound, building_blocks.sigmoid_slope_bound],
    ranges={k: (0, t)},
    derivation=[
        (
            "<=",
            Product(Norm(Diag(f.prime(a[j]))) * Norm(W_hh), j, t, k + 1),
            "the bound of the Jacobian over many steps",
        ),
        (
            "<=",
            Product(wrap(1) / 4 * Norm(W_hh), j, t, k + 1),
            "the slope of the sigmoid is at most a quarter",
        ),
        ("=", "the factors are equal, one for each step"),
    ],
)
def vanishing_sigmoid(W_hh: Array, t: int, k: int) -> Scalar:
    """Bound of the Jacobian of a sigmoid network.

    bound : Number that the norm of the Jacobian does not exceed.

    >>> vanishing_sigmoid(2 * np.eye(2), t=3, k=0)
    np.float64(0.125)
    >>> vanishing_sigmoid(4 * np.eye(2), t=100, k=0)
    np.float64(1.0)

    Notes
    -----
    The bound falls with the gap if the largest singular value is below 4.  At 4 it is 1 for every
    gap, and says nothing about the size of the Jacobian but that.
    """
    return (np.linalg.norm(W_hh, 2) / 4) ** (t - k)


@formula(
    Le(Norm(Jacobian(h[t], h[k])), Norm(W_hh) ** (t - k)),
    source="pascanu2013",
    given=[tanh_activation, jacobian_norm_bound, building_blocks.tanh_slope_bound],
    ranges={k: (0, t)},
    derivation=[
        (
            "<=",
            Product(Norm(Diag(f.prime(a[j]))) * Norm(W_hh), j, t, k + 1),
            "the bound of the Jacobian over many steps",
        ),
        ("<=", Product(Norm(W_hh), j, t, k + 1), "the slope of the tanh is at most one"),
        ("=", "the factors are equal, one for each step"),
    ],
)
def vanishing_tanh(W_hh: Array, t: int, k: int) -> Scalar:
    """Bound of the Jacobian of a tanh network.

    bound : Number that the norm of the Jacobian does not exceed.

    >>> vanishing_tanh(np.eye(2) / 2, t=3, k=0)
    np.float64(0.125)

    Notes
    -----
    The bound falls with the gap if the largest singular value is below 1.
    """
    return np.linalg.norm(W_hh, 2) ** (t - k)


# -- Powers of a matrix --------------------------------------------------------------------------


@formula(
    Le(SpectralRadius(W_hh), Norm(W_hh)),
    source="golub2013",
    derivation=[
        (
            "<=",
            "an eigenvector is stretched by the size of its eigenvalue, no vector beyond the norm",
        )
    ],
)
def spectral_radius_bound(W_hh: Array) -> Scalar:
    """Bound of the spectral radius.

    bound : Largest singular value, at least the largest modulus of an eigenvalue.

    Every eigenvalue of this matrix is 0, and yet it stretches a vector by 4.

    >>> W_hh = np.array([[0.0, 4.0], [0.0, 0.0]])
    >>> spectral_radius_bound(W_hh)
    np.float64(4.0)
    >>> np.linalg.eigvals(W_hh)
    array([0., 0.])
    """
    return np.linalg.norm(W_hh, 2)


@formula(
    Eq(W_hh, Q @ Diag(eigenvalues) @ Inverse(Q)),
    source="goodfellow2016",
    where=[Ne(Determinant(Q), 0)],
)
def eigendecomposition(Q: Array, eigenvalues: Array) -> Array:
    """Eigendecomposition of the recurrent weights.

    W_hh : Weights with these eigenvectors and eigenvalues.

    The vector (1, 0) is doubled, and (1, 1) is tripled.

    >>> eigendecomposition([[1, 1], [0, 1]], [2, 3])
    array([[2., 1.],
           [0., 3.]])
    """
    return Q @ np.diag(eigenvalues) @ np.linalg.inv(Q)


@formula(
    Eq(MatrixPower(W_hh, t), Q @ Diag(eigenvalues**t) @ Inverse(Q)),
    source="goodfellow2016",
    given=[eigendecomposition],
    where=[Ne(Determinant(Q), 0)],
    derivation=[
        ("=", MatrixPower(Q @ Diag(eigenvalues) @ Inverse(Q), t), "the eigendecomposition"),
        (
            "=",
            Q @ MatrixPower(Diag(eigenvalues), t) @ Inverse(Q),
            "between two factors the inverse meets its matrix",
        ),
        ("=", "a diagonal matrix acts entry by entry"),
    ],
)
def matrix_power(Q: Array, eigenvalues: Array, t: int) -> Array:
    """Power of the recurrent weights.

    power : Weights applied `t` times.

    The eigenvalues 2 and 3 become 8 and 27.

    >>> matrix_power([[1, 1], [0, 1]], [2, 3], t=3)
    array([[ 8., 19.],
           [ 0., 27.]])
    """
    return Q @ np.diag(eigenvalues**t) @ np.linalg.inv(Q)


@formula(
    Eq(SpectralRadius(Literal([lam, beta], [0, lam])), lam),
    source="trefethen2005",
    derivation=[("=", "the eigenvalues of a triangular matrix are its diagonal")],
)
def transient_radius(lam: float) -> Scalar:
    """Spectral radius of two units in a chain.

    radius : Largest modulus of an eigenvalue.

    >>> transient_radius(0.5)
    0.5
    """
    return lam


@formula(
    Eq(
        MatrixPower(Literal([lam, beta], [0, lam]), t),
        Literal([lam**t, t * beta * lam ** (t - 1)], [0, lam**t]),
    ),
    source="trefethen2005",
    derivation=[
        ("=", "a path from the second unit to the first crosses at one step and is kept elsewhere")
    ],
)
def transient_power(lam: float, beta: float, t: int) -> Array:
    """Power of the weights of two units in a chain.

    power : Weights applied `t` times.

    >>> transient_power(lam=0.5, beta=4.0, t=3)
    array([[0.125, 3.   ],
           [0.   , 0.125]])
    """
    return np.array([[lam**t, t * beta * lam ** (t - 1)], [0 * lam, lam**t]])


@formula(
    Le(t * beta * lam ** (t - 1), Norm(MatrixPower(Literal([lam, beta], [0, lam]), t))),
    source="trefethen2005",
    given=[transient_power],
    derivation=[
        (
            "<=",
            Norm(Literal([lam**t, t * beta * lam ** (t - 1)], [0, lam**t])),
            "no entry of a matrix exceeds its norm",
        ),
        ("=", "the power of the weights"),
    ],
)
def transient_growth(lam: float, beta: float, t: int) -> Scalar:
    """Transient growth of two units in a chain.

    norm : Norm of the weights applied `t` times.

    Every eigenvalue is 1/2, and still three steps stretch some vector more than threefold.

    >>> norm = transient_growth(lam=0.5, beta=4.0, t=3)
    >>> bool(3 * 4.0 * 0.5**2 <= norm < 3.01)
    True
    """
    return np.linalg.norm(np.linalg.matrix_power(np.array([[lam, beta], [0 * lam, lam]]), t), 2)


# -- One unit ------------------------------------------------------------------------------------


@formula(
    Eq(a_unit[t], w_unit * h_unit[t - 1] + x_unit[t]),
    source="bengio1994",
    bindings={"h_prev": h_unit[t - 1], "x": x_unit[t], "w": w_unit},
)
def scalar_pre_activation(x: float, h_prev: float, w: float) -> Scalar:
    """Pre-activation of a single unit.

    x : What the input and the bias add at this step.

    >>> scalar_pre_activation(x=-1.0, h_prev=5.0, w=2.0)
    9.0
    """
    return w * h_prev + x


@formula(Eq(h_unit[t], f(a_unit[t])), source="bengio1994", bindings={"a": a_unit[t]})
def scalar_state(a: float, f: Elementwise) -> Scalar:
    """State of a single unit.

    >>> float(scalar_state(np.log(2), np.tanh))
    0.6
    """
    return f(a)


@formula(
    Eq(Jacobian(h_unit[T], h_unit[0]), w_unit**T * Product(f.prime(a_unit[t]), t, T, 1)),
    source=["hochreiter1997", "bengio1994"],
    given=[scalar_pre_activation, scalar_state],
    bindings={"as_": Steps(a_unit), "w": w_unit},
    derivation=[
        ("=", Product(Jacobian(h_unit[t], h_unit[t - 1]), t, T, 1), "the chain rule, step by step"),
        ("=", Product(f.prime(a_unit[t]) * w_unit, t, T, 1), "the chain rule in one step"),
        ("=", "the weight is a factor of each step"),
    ],
)
def scalar_gradient(as_: Array, w: float, f_prime: Elementwise, T: int) -> Scalar:
    r"""Derivative over all steps of a single unit.

    slope : Derivative of the last state by the initial state.

    With slopes 0.64 and 0.36 and weight 5, two steps give :math:`25 \cdot 0.64 \cdot 0.36`.

    >>> slope = scalar_gradient(np.log([2, 3]), w=5.0, f_prime=lambda a: 1 - np.tanh(a) ** 2, T=2)
    >>> round(float(slope), 12)
    5.76
    """
    return w**T * np.prod(f_prime(as_))


@formula(
    Le(Abs(Jacobian(h_unit[T], h_unit[0])), (Abs(w_unit) / 4) ** T),
    source=["hochreiter1997", "bengio1994"],
    given=[
        building_blocks.sigmoid,
        building_blocks.sigmoid_slope_bound,
        sigmoid_activation,
        scalar_gradient,
    ],
    bindings={"w": w_unit},
    derivation=[
        (
            "=",
            Abs(w_unit**T * Product(f.prime(a_unit[t]), t, T, 1)),
            "the derivative over all steps of a single unit",
        ),
        (
            "=",
            Product(Abs(w_unit) * f.prime(a_unit[t]), t, T, 1),
            "the slopes of the sigmoid are positive",
        ),
        ("<=", Product(Abs(w_unit) / 4, t, T, 1), "the slope of the sigmoid is at most a quarter"),
        ("=", "the factors are equal, one for each step"),
    ],
)
def sigmoid_decay(w: float, T: int) -> Scalar:
    """Decay of a single sigmoid unit.

    bound : Number that the size of the derivative over all steps does not exceed.

    With weight 1, six steps leave at most one part in four thousand.

    >>> 1 / sigmoid_decay(w=1.0, T=6)
    4096.0
    """
    return (abs(w) / 4) ** T


# -- What is lost in a gradient ------------------------------------------------------------------


@formula(
    Le(
        Norm(Jacobian(L_t[t], s[t]) @ Jacobian(s[t], s[k]) @ Immediate(s[k], theta)),
        Norm(Jacobian(L_t[t], s[t])) * kappa ** (t - k) * Norm(Immediate(s[k], theta)),
    ),
    source="pascanu2013",
    given=[generic_state, state_loss, norm_of_product],
    where=[Le(Norm(Jacobian(s[t], s[t - 1])), kappa)],
    bindings={"dL": Jacobian(L_t[t], s[t]), "ds": Immediate(s[k], theta)},
    derivation=[
        (
            "<=",
            Norm(Jacobian(L_t[t], s[t]))
            * Norm(Jacobian(s[t], s[k]))
            * Norm(Immediate(s[k], theta)),
            "the norm of a product",
        ),
        (
            "=",
            Norm(Jacobian(L_t[t], s[t]))
            * Norm(Product(Jacobian(s[j], s[j - 1]), j, t, k + 1))
            * Norm(Immediate(s[k], theta)),
            "the chain rule, step by step",
        ),
        (
            "<=",
            Norm(Jacobian(L_t[t], s[t]))
            * Product(Norm(Jacobian(s[j], s[j - 1])), j, t, k + 1)
            * Norm(Immediate(s[k], theta)),
            "the norm of a product",
        ),
        ("<=", "the condition on each step"),
    ],
)
def long_term_share(dL: Array, ds: Array, kappa: float, t: int, k: int) -> Scalar:
    """Share of an early step in a gradient.

    kappa : Number that the norm of the Jacobian of a step does not exceed.
    t : Time of the loss, from 1 to T.
    k : Time of the step whose share is bounded, from 1 to t.
    bound : Number that the norm of the share does not exceed.

    With a loss that pulls by 3, weights that push by 2 and steps that halve, the share is at most 6
    at the step of the loss and 6/8 three steps before it.

    >>> dL, ds = np.array([3.0, 0.0]), np.array([[2.0], [0.0]])
    >>> [float(long_term_share(dL, ds, kappa=0.5, t=4, k=k)) for k in (4, 1)]
    [6.0, 0.75]
    """
    return np.linalg.norm(dL) * kappa ** (t - k) * np.linalg.norm(ds, 2)


# -- Clipping ------------------------------------------------------------------------------------


@formula(
    Eq(clipped, Min(1, g_max / Norm(grad)) * grad), source="pascanu2013", where=[Ne(Norm(grad), 0)]
)
def clip_by_norm(grad: Array, g_max: float) -> Array:
    """Gradient clipped by its norm.

    g_max : Largest norm that is let through.
    clipped : Gradient of the same direction, and of norm `g_max` at most.  A zero gradient
        stays zero.

    The norm of (3, 4) is 5.

    >>> clip_by_norm([3.0, 4.0], g_max=1.0)
    array([0.6, 0.8])
    >>> clip_by_norm([3.0, 4.0], g_max=10.0)
    array([3., 4.])
    """
    # The larger of the two below the bar is never zero.
    return g_max / np.maximum(g_max, np.linalg.norm(grad)) * grad


@formula(
    Eq(Norm(clipped), Min(Norm(grad), g_max)),
    source="pascanu2013",
    given=[clip_by_norm],
    where=[Ne(Norm(grad), 0)],
    derivation=[
        ("=", Norm(Min(1, g_max / Norm(grad)) * grad), "what is clipped"),
        ("=", Min(1, g_max / Norm(grad)) * Norm(grad), "a positive factor scales the norm"),
        ("=", "the factor is multiplied in"),
    ],
)
def clipped_norm(grad: Array, g_max: float) -> Scalar:
    """Norm of a gradient clipped by its norm.

    g_max : Largest norm that is let through.
    norm : Norm after clipping, at most `g_max`.

    >>> float(clipped_norm([3.0, 4.0], g_max=1.0))
    1.0
    """
    return np.minimum(np.linalg.norm(grad), g_max)


@formula(Eq(clipped_entries, Max(-g_max, Min(g_max, grad))), source=["mikolov2012", "pascanu2013"])
def clip_by_value(grad: Array, g_max: float) -> Array:
    """Gradient clipped entry by entry.

    g_max : Largest size of an entry that is let through.
    clipped_entries : Gradient with each entry between `-g_max` and `g_max`; its direction may
        differ.

    >>> clip_by_value([3.0, -4.0, 0.5], g_max=1.0)
    array([ 1. , -1. ,  0.5])
    """
    return np.clip(grad, -g_max, g_max)


@formula(
    Eq(
        Norm(Concatenate(grad_xh, grad_hh, grad_hy)),
        (Norm(grad_xh) ** 2 + Norm(grad_hh) ** 2 + Norm(grad_hy) ** 2) ** (wrap(1) / 2),
    ),
    source="pascanu2013",
    derivation=[
        (
            "=",
            (grad_xh @ grad_xh + grad_hh @ grad_hh + grad_hy @ grad_hy) ** (wrap(1) / 2),
            "the square of a norm is the sum of the squares of the entries",
        ),
        ("=", "and so it is in each group"),
    ],
)
def global_norm(grad_xh: Array, grad_hh: Array, grad_hy: Array) -> Scalar:
    r"""Norm of a gradient in groups.

    norm : Norm of the gradient by all of them.

    Groups of norms 2, 3 and 6 make :math:`\sqrt{4 + 9 + 36} = 7`.

    >>> float(global_norm([2.0], [3.0], [6.0]))
    7.0
    """
    norms = [np.linalg.norm(group) for group in (grad_xh, grad_hh, grad_hy)]
    return np.sqrt(norms[0] ** 2 + norms[1] ** 2 + norms[2] ** 2)
