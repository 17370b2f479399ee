r"""Building blocks: the layouts and the scalar functions that every network is made of.

The first half says where the numbers stand: in a Jacobian, in a batch, in a product with a
weight.  The second half defines the functions that act on them, each from the exponential
alone, and proves the slopes that the later chapters take for granted.

A name that ends in an underscore is a function of the notation; the name without it is the
code that computes it.
"""

from __future__ import annotations

import numpy as np

from rnnnotes.book.arrays import Array, Entrywise
from rnnnotes.book.formulas import formula
from rnnnotes.book.language import (
    Abs,
    Diag,
    Entry,
    Gradient,
    Identity,
    Indicator,
    Jacobian,
    Max,
    OneHot,
    Ones,
    Outer,
    Sum,
    wrap,
)
from rnnnotes.notation import (
    D,
    H,
    L_class,
    O,
    W_xh,
    X,
    a_x,
    exp,
    i,
    log,
    n,
    p,
    phi,
    psi,
    r,
    scores,
    t,
    u,
    v,
    w,
    x,
)
from rnnnotes.notation import relu as relu_
from rnnnotes.notation import sigmoid as sigmoid_
from rnnnotes.notation import softmax as softmax_
from rnnnotes.notation import tanh as tanh_

__all__ = [
    "batch_row",
    "cross_entropy",
    "cross_entropy_gradient",
    "gradient_column",
    "hadamard_product",
    "jacobian_entry",
    "linear_jacobian",
    "linear_map",
    "probabilities",
    "relu",
    "relu_slope",
    "sigmoid",
    "sigmoid_slope",
    "sigmoid_slope_bound",
    "sigmoid_slope_positive",
    "sigmoid_symmetry",
    "softmax",
    "softmax_jacobian",
    "softmax_shift",
    "softmax_total",
    "tanh",
    "tanh_from_sigmoid",
    "tanh_slope",
    "tanh_slope_bound",
    "tanh_slope_positive",
    "weight_gradient",
]


Z = Sum(exp(Entry(scores, i)), i, 1, O)
"""Sum of the exponentials of all scores."""

# -- Layouts -------------------------------------------------------------------------------------


@formula(
    Jacobian(Entry(phi(v), r), Entry(v, i)), "=", Entry(Jacobian(phi(v), v), r, i),
    source=["goodfellow2016", "clark2019"], slug="jacobian-layout",
    derivation=[
        ("=", Entry(Jacobian(Entry(phi(v), r), v), i),
         "the derivative of one output is a row: it holds its derivatives by every input"),
        ("=", Entry(Jacobian(phi(v), v), r, i),
         "the Jacobian holds these rows, one below the other"),
    ],
    bindings={"J": Jacobian(phi(v), v)},
)  # fmt: skip
def jacobian_entry(J: Array, r: int, i: int) -> float:
    r"""Entry of a Jacobian.

    Parameters
    ----------
    J : (O, H) ndarray
        Jacobian of a map from `H` numbers to `O` numbers.
    r : int
        Output that is differentiated, counted from 1: the row.
    i : int
        Input by which it is differentiated, counted from 1: the column.

    Returns
    -------
    slope : float
        Derivative of the output by the input.

    Notes
    -----
    This is the numerator layout: the rows follow what is differentiated.  In the denominator
    layout the rows follow what it is differentiated by, and every Jacobian is transposed.

    Examples
    --------
    The product and the sum of the two numbers 3 and 5.  The product grows by 3 when the second
    number grows by 1.

    >>> J = np.array([[5, 3], [1, 1]])
    >>> int(jacobian_entry(J, r=1, i=2))
    3
    """
    return J[r - 1, i - 1]


@formula(
    Gradient(psi(v), v), "=", Jacobian(psi(v), v).T,
    source="goodfellow2016", slug="gradient-column",
    derivation=[
        ("=", Jacobian(psi(v), v).T,
         "both hold the derivatives by each entry: the one in a column, the other in a row"),
    ],
    bindings={"dpsi": Jacobian(psi(v), v)},
)  # fmt: skip
def gradient_column(dpsi: Array) -> Array:
    r"""Gradient as a transposed derivative.

    Parameters
    ----------
    dpsi : (H,) ndarray
        Derivative of a scalar by a vector: the row of its Jacobian.

    Returns
    -------
    gradient : (H,) ndarray
        The same numbers, as a column.

    Notes
    -----
    NumPy has one axis for a row and for a column, so there is nothing for the code to do.

    Examples
    --------
    The product of the two numbers 3 and 5 grows by 5 when the first grows by 1, and by 3 when the
    second does.

    >>> gradient_column(np.array([5, 3]))
    array([5, 3])
    """
    return dpsi


@formula(a_x[t], "=", W_xh @ x[t], source="goodfellow2016", slug="outer-product-grad")
def linear_map(x: Array, W_xh: Array) -> Array:
    r"""Linear map of an input.

    Parameters
    ----------
    x : (D,) ndarray
        Input at this step.
    W_xh : (H, D) ndarray
        Weights from input to hidden state.

    Returns
    -------
    a_x : (H,) ndarray
        What the input adds to the pre-activation at this step.

    Examples
    --------
    >>> linear_map(np.array([1, 10, 100]), np.array([[1, 2, 3], [4, 5, 6]]))
    array([321, 654])
    """
    return W_xh @ x


@formula(
    Jacobian(a_x[t], x[t]), "=", W_xh,
    source="clark2019", slug="jacobian-layout", given=[linear_map],
    derivation=[
        ("=", W_xh @ Jacobian(x[t], x[t]), "each output adds up the inputs, times fixed weights"),
        ("=", W_xh @ Identity(D), "an input changes with itself and with no other"),
        ("=", W_xh, "the identity changes nothing"),
    ],
)  # fmt: skip
def linear_jacobian(W_xh: Array) -> Array:
    r"""Jacobian of a linear map.

    Parameters
    ----------
    W_xh : (H, D) ndarray
        Weights from input to hidden state.

    Returns
    -------
    J : (H, D) ndarray
        Row `i` and column `j` hold the derivative of output `i` by input `j`.

    Notes
    -----
    In the denominator layout the same Jacobian is the transpose of the weights.

    Examples
    --------
    When the last of three inputs grows by 1, the two outputs grow by 3 and by 6.

    >>> linear_jacobian(np.array([[1, 2, 3], [4, 5, 6]]))[:, 2]
    array([3, 6])
    """
    return W_xh


@formula(
    W_xh @ Entry(X, n).T, "=", Entry(X @ W_xh.T, n).T,
    source=["pytorch_rnn", "pytorch_rnncell"], slug="row-column-equivalence",
    derivation=[
        ("=", (Entry(X, n) @ W_xh.T).T, "a row times the transpose adds up the same products"),
        ("=", Entry(X @ W_xh.T, n).T, "a product takes each row of its left factor by itself"),
    ],
)  # fmt: skip
def batch_row(X: Array, W_xh: Array, n: int) -> Array:
    r"""Linear map of one example in a batch.

    Parameters
    ----------
    X : (B, D) ndarray
        Batch of inputs, one example a row.
    W_xh : (H, D) ndarray
        Weights from input to hidden state.
    n : int
        Example, counted from 1.

    Returns
    -------
    a_x : (H,) ndarray
        Linear map of the example.

    Notes
    -----
    A row that is taken out of a matrix is a row still.  It is transposed to be mapped as a column.

    Examples
    --------
    Two examples are mapped at once, and the second is read off.

    >>> X = np.array([[1, 0, 0], [1, 10, 100]])
    >>> batch_row(X, np.array([[1, 2, 3], [4, 5, 6]]), n=2)
    array([321, 654])
    """
    return (X @ W_xh.T)[n - 1]


@formula(
    v * w, "=", Diag(v) @ w,
    source="goodfellow2016", slug="hadamard-diag",
    derivation=[
        ("=", Sum(Entry(w, i) * (Entry(v, i) * OneHot(i, H)), i, 1, H),
         "the product, collected entry by entry"),
        ("=", Sum(Entry(w, i) * (Diag(v) @ OneHot(i, H)), i, 1, H),
         "a diagonal matrix stretches each axis by its own factor"),
        ("=", Diag(v) @ w, "a matrix acts on a sum term by term"),
    ],
)  # fmt: skip
def hadamard_product(v: Array, w: Array) -> Array:
    r"""Hadamard product as a diagonal matrix.

    Parameters
    ----------
    v : (H,) ndarray
        Any vector.
    w : (H,) ndarray
        Any vector of the same size.

    Returns
    -------
    product : (H,) ndarray
        Product of the two, entry by entry.

    Notes
    -----
    The matrix is for reasoning.  A program multiplies ``v * w``, and never builds it.

    Examples
    --------
    >>> hadamard_product(np.array([2, 3]), np.array([10, 100]))
    array([ 20, 300])
    """
    return np.diag(v) @ w


@formula(
    Gradient(psi(a_x[t]), W_xh), "=", Outer(Gradient(psi(a_x[t]), a_x[t]), x[t]),
    source=["goodfellow2016", "clark2019"], slug="outer-product-grad", given=[linear_map],
    derivation=[
        ("=", Sum(Entry(Gradient(psi(a_x[t]), a_x[t]), i) * Gradient(Entry(a_x[t], i), W_xh),
                  i, 1, H),
         "the chain rule: the weights reach the function through each output"),
        ("=", Sum(Entry(Gradient(psi(a_x[t]), a_x[t]), i) * Outer(OneHot(i, H), x[t]), i, 1, H),
         "an output meets one row of the weights, and multiplies it by the input"),
        ("=", Outer(Gradient(psi(a_x[t]), a_x[t]), x[t]),
         "the sum puts each entry of the gradient into its own row"),
    ],
    bindings={"da_x": Gradient(psi(a_x[t]), a_x[t])},
)  # fmt: skip
def weight_gradient(da_x: Array, x: Array) -> Array:
    r"""Gradient by the weights of a linear map.

    Parameters
    ----------
    da_x : (H,) ndarray
        Gradient of a scalar by the output of the map.
    x : (D,) ndarray
        Input of the map.

    Returns
    -------
    dW_xh : (H, D) ndarray
        Gradient of the scalar by the weights, in the shape of the weights.

    Examples
    --------
    The second output matters ten times as much as the first, and so do its weights.

    >>> weight_gradient(np.array([1, 10]), np.array([2, 3, 4]))
    array([[ 2,  3,  4],
           [20, 30, 40]])
    """
    return np.outer(da_x, x)


# -- The sigmoid ---------------------------------------------------------------------------------


@formula(
    sigmoid_(u), "=", 1 / (1 + exp(-u)),
    source=["goodfellow2016", "onnx_rnn"], slug="sigmoid",
)  # fmt: skip
def sigmoid(u: Entrywise) -> Entrywise:
    r"""Logistic sigmoid.

    Parameters
    ----------
    u : float
        Any real number; an array is taken entry by entry.

    Returns
    -------
    value : float
        Number in (0, 1).

    Notes
    -----
    Below about -709.8 the exponential overflows: the value is then 0, the nearest number of
    double precision, and NumPy warns.

    Examples
    --------
    Since :math:`e^{-\ln 3} = 1/3`, the value at :math:`\ln 3` is :math:`1/(1 + 1/3) = 3/4`.

    >>> float(sigmoid(np.log(3)))
    0.75
    """
    return 1 / (1 + np.exp(-u))


@formula(
    sigmoid_.prime(u), "=", sigmoid_(u) * (1 - sigmoid_(u)),
    source="goodfellow2016", slug="sigmoid-derivative", given=[sigmoid],
    derivation=[
        ("=", exp(-u) / (1 + exp(-u)) ** 2,
         "the reciprocal rule, as the denominator has the slope -exp(-u)"),
        ("=", sigmoid_(u) * (exp(-u) / (1 + exp(-u))), "one factor is the sigmoid itself"),
        ("=", sigmoid_(u) * (1 - 1 / (1 + exp(-u))), "the other is what the sigmoid lacks to one"),
        ("=", sigmoid_(u) * (1 - sigmoid_(u)), "the definition of the sigmoid"),
    ],
)  # fmt: skip
def sigmoid_slope(u: Entrywise) -> Entrywise:
    r"""Slope of the sigmoid.

    Parameters
    ----------
    u : float
        Any real number; an array is taken entry by entry.

    Returns
    -------
    slope : float
        Number in (0, 1/4].

    Examples
    --------
    At :math:`\ln 3` the sigmoid is 3/4, so its slope is :math:`3/4 \cdot 1/4 = 3/16`.

    >>> float(sigmoid_slope(np.log(3)))
    0.1875
    """
    return sigmoid(u) * (1 - sigmoid(u))


@formula(
    sigmoid_(-u), "=", 1 - sigmoid_(u),
    source="goodfellow2016", slug="sigmoid-symmetry", given=[sigmoid],
    derivation=[
        ("=", 1 / (1 + exp(u)), "the definition of the sigmoid"),
        ("=", exp(-u) / (exp(-u) + 1), "multiplied by exp(-u) above and below"),
        ("=", 1 - 1 / (1 + exp(-u)), "the numerator is the denominator less one"),
        ("=", 1 - sigmoid_(u), "the definition of the sigmoid"),
    ],
)  # fmt: skip
def sigmoid_symmetry(u: Entrywise) -> Entrywise:
    r"""Sigmoid of a negated number.

    Parameters
    ----------
    u : float
        Any real number; an array is taken entry by entry.

    Returns
    -------
    value : float
        Sigmoid of `-u`, a number in (0, 1).

    Examples
    --------
    The sigmoid is 3/4 at :math:`\ln 3`, so at :math:`-\ln 3` it is 1/4.

    >>> float(sigmoid_symmetry(np.log(3)))
    0.25
    """
    return 1 - sigmoid(u)


@formula(
    wrap(0), "<", sigmoid_.prime(u),
    source="pascanu2013", slug="sigmoid-derivative-bound",
    given=[sigmoid, sigmoid_slope, sigmoid_symmetry],
    derivation=[
        ("<", sigmoid_(u) * sigmoid_(-u), "each is one over a sum of positive numbers"),
        ("=", sigmoid_(u) * (1 - sigmoid_(u)), "the symmetry of the sigmoid"),
        ("=", sigmoid_.prime(u), "the slope of the sigmoid"),
    ],
)  # fmt: skip
def sigmoid_slope_positive(u: Entrywise) -> Entrywise:
    r"""Lower bound of the slope of the sigmoid.

    Parameters
    ----------
    u : float
        Any real number; an array is taken entry by entry.

    Returns
    -------
    slope : float
        Slope of the sigmoid, above 0.

    Examples
    --------
    The bound is not reached, and it is approached on both sides.

    >>> bool(0 < sigmoid_slope_positive(20.0) < 1e-8)
    True
    """
    return sigmoid_slope(u)


@formula(
    sigmoid_.prime(u), "<=", wrap(1) / 4,
    source="pascanu2013", slug="sigmoid-derivative-bound", given=[sigmoid, sigmoid_slope],
    derivation=[
        ("=", sigmoid_(u) * (1 - sigmoid_(u)), "the slope of the sigmoid"),
        ("=", wrap(1) / 4 - (sigmoid_(u) - wrap(1) / 2) ** 2, "the square is completed"),
        ("<=", wrap(1) / 4, "a square is never negative"),
    ],
)  # fmt: skip
def sigmoid_slope_bound() -> float:
    r"""Upper bound of the slope of the sigmoid.

    Returns
    -------
    bound : float
        Largest slope, which is reached at 0.

    Examples
    --------
    >>> sigmoid_slope_bound()
    0.25
    >>> sigmoid_slope(0.0) == sigmoid_slope_bound()
    np.True_
    """
    return 1 / 4


# -- The hyperbolic tangent ----------------------------------------------------------------------


@formula(
    tanh_(u), "=", (1 - exp(-(2 * u))) / (1 + exp(-(2 * u))),
    source="onnx_rnn", slug="tanh",
)  # fmt: skip
def tanh(u: Entrywise) -> Entrywise:
    r"""Hyperbolic tangent.

    Parameters
    ----------
    u : float
        Any real number; an array is taken entry by entry.

    Returns
    -------
    value : float
        Number in (-1, 1).

    Notes
    -----
    Below about -354.9 the exponential overflows, and the quotient is no number.  `numpy.tanh`
    computes the same function at every number, and is what the later chapters use.

    Examples
    --------
    Since :math:`e^{-2 \ln 2} = 1/4`, the value at :math:`\ln 2` is
    :math:`(1 - 1/4) / (1 + 1/4) = 3/5`.

    >>> round(float(tanh(np.log(2))), 12)
    0.6
    """
    return (1 - np.exp(-2 * u)) / (1 + np.exp(-2 * u))


@formula(
    tanh_.prime(u), "=", 1 - tanh_(u) ** 2,
    source="goodfellow2016", slug="tanh-derivative", given=[tanh],
    derivation=[
        ("=", 4 * exp(-(2 * u)) / (1 + exp(-(2 * u))) ** 2, "the quotient rule"),
        ("=", ((1 + exp(-(2 * u))) ** 2 - (1 - exp(-(2 * u))) ** 2) / (1 + exp(-(2 * u))) ** 2,
         "the squares of a sum and of a difference are four products apart"),
        ("=", 1 - ((1 - exp(-(2 * u))) / (1 + exp(-(2 * u)))) ** 2, "the fraction is split"),
        ("=", 1 - tanh_(u) ** 2, "the definition of the hyperbolic tangent"),
    ],
)  # fmt: skip
def tanh_slope(u: Entrywise) -> Entrywise:
    r"""Slope of the hyperbolic tangent.

    Parameters
    ----------
    u : float
        Any real number; an array is taken entry by entry.

    Returns
    -------
    slope : float
        Number in (0, 1].

    Examples
    --------
    At :math:`\ln 2` the hyperbolic tangent is 3/5, so its slope is :math:`1 - 9/25 = 16/25`.

    >>> round(float(tanh_slope(np.log(2))), 12)
    0.64
    """
    return 1 - tanh(u) ** 2


@formula(
    wrap(0), "<", tanh_.prime(u),
    source="pascanu2013", slug="tanh-derivative", given=[tanh, tanh_slope],
    derivation=[
        ("<", 4 * exp(-(2 * u)) / (1 + exp(-(2 * u))) ** 2, "an exponential is positive"),
        ("=", 1 - tanh_(u) ** 2, "the definition of the hyperbolic tangent"),
        ("=", tanh_.prime(u), "the slope of the hyperbolic tangent"),
    ],
)  # fmt: skip
def tanh_slope_positive(u: Entrywise) -> Entrywise:
    r"""Lower bound of the slope of the hyperbolic tangent.

    Parameters
    ----------
    u : float
        Any real number; an array is taken entry by entry.

    Returns
    -------
    slope : float
        Slope of the hyperbolic tangent, above 0.

    Examples
    --------
    The bound is not reached, and it is approached on both sides.

    >>> bool(0 < tanh_slope_positive(10.0) < 1e-8)
    True
    """
    return tanh_slope(u)


@formula(
    tanh_.prime(u), "<=", wrap(1),
    source="pascanu2013", slug="tanh-derivative", given=[tanh, tanh_slope],
    derivation=[
        ("=", 1 - tanh_(u) ** 2, "the slope of the hyperbolic tangent"),
        ("<=", wrap(1), "a square is never negative"),
    ],
)  # fmt: skip
def tanh_slope_bound() -> float:
    r"""Upper bound of the slope of the hyperbolic tangent.

    Returns
    -------
    bound : float
        Largest slope, which is reached at 0.

    Examples
    --------
    >>> tanh_slope_bound()
    1.0
    >>> tanh_slope(0.0) == tanh_slope_bound()
    np.True_
    """
    return 1.0


@formula(
    tanh_(u), "=", 2 * sigmoid_(2 * u) - 1,
    source="goodfellow2016", slug="tanh-sigmoid-identity", given=[sigmoid, tanh],
    derivation=[
        ("=", (1 - exp(-(2 * u))) / (1 + exp(-(2 * u))),
         "the definition of the hyperbolic tangent"),
        ("=", (2 - (1 + exp(-(2 * u)))) / (1 + exp(-(2 * u))),
         "the numerator is two less the denominator"),
        ("=", 2 * (1 / (1 + exp(-(2 * u)))) - 1, "the fraction is split"),
        ("=", 2 * sigmoid_(2 * u) - 1, "the definition of the sigmoid"),
    ],
)  # fmt: skip
def tanh_from_sigmoid(u: Entrywise) -> Entrywise:
    r"""Hyperbolic tangent as a rescaled sigmoid.

    Parameters
    ----------
    u : float
        Any real number; an array is taken entry by entry.

    Returns
    -------
    value : float
        Hyperbolic tangent, a number in (-1, 1).

    Examples
    --------
    Since :math:`\sigma(2 \ln 2) = 4/5`, the value at :math:`\ln 2` is
    :math:`8/5 - 1 = 3/5`.

    >>> round(float(tanh_from_sigmoid(np.log(2))), 12)
    0.6
    """
    return 2 * sigmoid(2 * u) - 1


# -- The rectifier -------------------------------------------------------------------------------


@formula(relu_(u), "=", Max(u, 0), source=["goodfellow2016", "onnx_rnn"], slug="relu")
def relu(u: Entrywise) -> Entrywise:
    r"""Rectifier.

    Parameters
    ----------
    u : float
        Any real number; an array is taken entry by entry.

    Returns
    -------
    value : float
        Number that is not negative.

    Examples
    --------
    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    return np.maximum(u, 0.0)


@formula(
    relu_.prime(u), "=", Indicator(u, 0),
    source="goodfellow2016", slug="relu", given=[relu],
    where=[(0, "<", Abs(u))],
    derivation=[
        ("=", Indicator(u, 0) * Jacobian(u, u) + (1 - Indicator(u, 0)) * 0,
         "on either side of zero the slope is that of the larger one"),
        ("=", Indicator(u, 0), "a number has slope one by itself, and a constant has none"),
    ],
)  # fmt: skip
def relu_slope(u: Entrywise) -> Entrywise:
    r"""Slope of the rectifier.

    Parameters
    ----------
    u : float
        Any real number but zero; an array is taken entry by entry.

    Returns
    -------
    slope : float
        0 or 1.

    Notes
    -----
    At zero the rectifier has a kink and no slope.  The code returns 0 there.

    Examples
    --------
    >>> relu_slope(np.array([-2.0, 3.0]))
    array([0., 1.])
    """
    return np.heaviside(u, 0.0)


# -- The softmax ---------------------------------------------------------------------------------


@formula(
    softmax_(scores), "=", exp(scores) / Z,
    source="bridle1990", slug="softmax",
)  # fmt: skip
def softmax(scores: Array) -> Array:
    r"""Softmax.

    Parameters
    ----------
    scores : (O,) ndarray
        Scores of the classes, any real numbers.

    Returns
    -------
    p : (O,) ndarray
        Numbers in (0, 1) whose sum is 1.

    Notes
    -----
    The exponential of a score above about 709.8 overflows.  A program subtracts the largest
    score first, which changes nothing, as `softmax_shift` proves.

    Examples
    --------
    The exponentials are 1, 2 and 5, and their sum is 8.

    >>> softmax(np.log([1, 2, 5])).round(12)
    array([0.125, 0.25 , 0.625])
    """
    return np.exp(scores) / np.sum(np.exp(scores))


@formula(p, "=", softmax_(scores), source="bridle1990", slug="softmax", given=[softmax])
def probabilities(scores: Array) -> Array:
    r"""Probabilities of the classes.

    Parameters
    ----------
    scores : (O,) ndarray
        Scores of the classes, any real numbers.

    Returns
    -------
    p : (O,) ndarray
        Numbers in (0, 1) whose sum is 1.

    Examples
    --------
    Where all scores are equal, so are the probabilities.

    >>> probabilities(np.array([7, 7, 7, 7]))
    array([0.25, 0.25, 0.25, 0.25])
    """
    return softmax(scores)


@formula(
    Sum(Entry(p, r), r, 1, O), "=", wrap(1),
    source="bridle1990", slug="softmax", given=[softmax, probabilities],
    derivation=[
        ("=", Sum(exp(Entry(scores, r)) / Z, r, 1, O), "the definition of the softmax"),
        ("=", Z / Z, "the denominator is the same in each term"),
        ("=", wrap(1), "a positive number over itself"),
    ],
)  # fmt: skip
def softmax_total() -> float:
    r"""Sum of the probabilities.

    Returns
    -------
    total : float
        Sum of the entries of any softmax.

    Examples
    --------
    >>> bool(np.isclose(np.sum(softmax(np.array([3.0, -1.0, 0.5]))), softmax_total()))
    True
    """
    return 1.0


@formula(
    softmax_(scores), "=", softmax_(scores - u * Ones(O)),
    source="goodfellow2016", slug="softmax-shift-invariance", given=[softmax],
    derivation=[
        ("=", exp(scores) / Z, "the definition of the softmax"),
        ("=", exp(-u) * exp(scores) / (exp(-u) * Z),
         "multiplied by the same positive number above and below"),
        ("=", exp(scores - u * Ones(O)) / Sum(exp(Entry(scores, i) - u), i, 1, O),
         "a product of exponentials is the exponential of a sum"),
        ("=", softmax_(scores - u * Ones(O)), "the definition of the softmax"),
    ],
)  # fmt: skip
def softmax_shift(scores: Array, u: float) -> Array:
    r"""Softmax of shifted scores.

    Parameters
    ----------
    scores : (O,) ndarray
        Scores of the classes, any real numbers.
    u : float
        Any real number, the same for all scores.

    Returns
    -------
    p : (O,) ndarray
        Softmax of the scores, whatever `u` is.

    Examples
    --------
    The exponential of 1000 overflows.  Less the largest score it is 1.

    >>> scores = np.array([1000, 1000 + np.log(3)])
    >>> softmax_shift(scores, scores.max()).round(12)
    array([0.25, 0.75])
    """
    return softmax(scores - u)


@formula(
    Jacobian(p, scores), "=", Diag(p) - Outer(p, p),
    source="bridle1990", slug="softmax-jacobian",
    given=[softmax, probabilities],
    derivation=[
        ("=", Diag(exp(scores)) / Z
              - Outer(exp(scores), exp(scores)) / Z ** 2,
         "the quotient rule: a score moves its own numerator, and every denominator"),
        ("=", Diag(p) - Outer(p, p), "an exponential over the sum of all is a probability"),
    ],
)  # fmt: skip
def softmax_jacobian(p: Array) -> Array:
    r"""Jacobian of the softmax.

    Parameters
    ----------
    p : (O,) ndarray
        Probabilities of the classes.

    Returns
    -------
    J : (O, O) ndarray
        Row `i` and column `j` hold the derivative of probability `i` by score `j`.

    Notes
    -----
    The matrix is symmetric, so both layouts agree on it.

    Examples
    --------
    >>> softmax_jacobian(np.array([0.5, 0.25, 0.25]))
    array([[ 0.25  , -0.125 , -0.125 ],
           [-0.125 ,  0.1875, -0.0625],
           [-0.125 , -0.0625,  0.1875]])
    """
    return np.diag(p) - np.outer(p, p)


@formula(
    L_class[r], "=", -log(Entry(p, r)),
    source="goodfellow2016", slug="cross-entropy-softmax-grad", given=[probabilities],
)  # fmt: skip
def cross_entropy(p: Array, r: int) -> float:
    r"""Cross-entropy of one example.

    Parameters
    ----------
    p : (O,) ndarray
        Probabilities of the classes.
    r : int
        Class of the example, counted from 1.

    Returns
    -------
    loss : float
        Number that is not negative, in nats.

    Examples
    --------
    A class that was given the probability 1/2 costs :math:`\ln 2`.

    >>> round(float(cross_entropy(np.array([0.5, 0.25, 0.25]), r=1)), 6)
    0.693147
    """
    return -np.log(p[r - 1])


@formula(
    Gradient(L_class[r], scores), "=", p - OneHot(r, O),
    source="goodfellow2016", slug="cross-entropy-softmax-grad",
    given=[softmax, probabilities, softmax_jacobian, cross_entropy],
    derivation=[
        ("=", -Entry(Jacobian(p, scores), r).T / Entry(p, r),
         "the chain rule, as log'(p) = 1/p; a row of a Jacobian is a gradient, transposed"),
        ("=", -(Entry(p, r) * OneHot(r, O) - Entry(p, r) * p) / Entry(p, r),
         "this row of the Jacobian of the softmax"),
        ("=", p - OneHot(r, O), "the probability of the class cancels"),
    ],
)  # fmt: skip
def cross_entropy_gradient(p: Array, r: int) -> Array:
    r"""Gradient of the cross-entropy by the scores.

    Parameters
    ----------
    p : (O,) ndarray
        Probabilities of the classes.
    r : int
        Class of the example, counted from 1.

    Returns
    -------
    dscores : (O,) ndarray
        Numbers in (-1, 1) whose sum is 0.

    Examples
    --------
    The score of the class should rise, and the others should fall in proportion to their
    probabilities.

    >>> cross_entropy_gradient(np.array([0.5, 0.25, 0.25]), r=1)
    array([-0.5 ,  0.25,  0.25])
    """
    return p - np.eye(len(p))[r - 1]
