r"""Building blocks: the layouts and the scalar functions that every network is made of.

The first half says where the numbers stand: in a Jacobian, in a batch, in a product with a
weight.  The second half defines the functions that act on them, each from the exponential
alone, and proves the slopes that the later chapters take for granted.

A name that ends in an underscore is a function of the notation; the name without it is the
code that computes it.
"""

from __future__ import annotations

import numpy as np

from rnnnotes.book.state.arrays import Array, Entrywise
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation.building_blocks import *

Z = Sum(exp(Entry(scores, i)), i, 1, O)
"""Sum of the exponentials of all scores."""

# -- Layouts -------------------------------------------------------------------------------------


@formula(
    Eq(Jacobian(Entry(phi(v), r), Entry(v, i)), Entry(Jacobian(phi(v), v), r, i)),
    source=["goodfellow2016", "clark2019"],
    derivation=[
        (
            "=",
            Entry(Jacobian(Entry(phi(v), r), v), i),
            "the derivative of one output is a row: it holds its derivatives by every input",
        ),
        ("=", "the Jacobian holds these rows, one below the other"),
    ],
    bindings={"J": Jacobian(phi(v), v)},
)
def jacobian_entry(J: Array, r: int, i: int) -> float:
    """Entry of a Jacobian.

    J : Jacobian of a map from `H` numbers to `O` numbers.
    r : Output that is differentiated, counted from 1: the row.
    i : Input by which it is differentiated, counted from 1: the column.
    slope : Derivative of the output by the input.

    The product and the sum of the two numbers 3 and 5.  The product grows by 3 when the second
    number grows by 1.

    >>> J = np.array([[5, 3], [1, 1]])
    >>> int(jacobian_entry(J, r=1, i=2))
    3

    Notes
    -----
    This is the numerator layout: the rows follow what is differentiated.  In the denominator
    layout the rows follow what it is differentiated by, and every Jacobian is transposed.
    """
    return J[r - 1, i - 1]


@formula(
    Eq(Gradient(psi(v), v), Jacobian(psi(v), v).T),
    source="goodfellow2016",
    derivation=[
        ("=", "both hold the derivatives by each entry: the one in a column, the other in a row")
    ],
    bindings={"dpsi": Jacobian(psi(v), v)},
)
def gradient_column(dpsi: Array) -> Array:
    """Gradient as a transposed derivative.

    dpsi : Derivative of a scalar by a vector: the row of its Jacobian.
    gradient : The same numbers, as a column.

    The product of the two numbers 3 and 5 grows by 5 when the first grows by 1, and by 3 when the
    second does.

    >>> gradient_column([5, 3])
    array([5, 3])

    Notes
    -----
    NumPy has one axis for a row and for a column, so there is nothing for the code to do.
    """
    return dpsi


@formula(Eq(a_x[t], W_xh @ x[t]), source="goodfellow2016")
def linear_map(x: Array, W_xh: Array) -> Array:
    """Linear map of an input.

    >>> linear_map([1, 10, 100], [[1, 2, 3], [4, 5, 6]])
    array([321, 654])
    """
    return W_xh @ x


@formula(
    Eq(Jacobian(a_x[t], x[t]), W_xh),
    source="clark2019",
    given=[linear_map],
    derivation=[
        ("=", W_xh @ Jacobian(x[t], x[t]), "each output adds up the inputs, times fixed weights"),
        ("=", W_xh @ Identity(D), "an input changes with itself and with no other"),
        ("=", "the identity changes nothing"),
    ],
)
def linear_jacobian(W_xh: Array) -> Array:
    """Jacobian of a linear map.

    J : Row `i` and column `j` hold the derivative of output `i` by input `j`.

    When the last of three inputs grows by 1, the two outputs grow by 3 and by 6.

    >>> linear_jacobian([[1, 2, 3], [4, 5, 6]])[:, 2]
    array([3, 6])

    Notes
    -----
    In the denominator layout the same Jacobian is the transpose of the weights.
    """
    return W_xh


@formula(
    Eq(W_xh @ Entry(X, n).T, Entry(X @ W_xh.T, n).T),
    source=["pytorch_rnn", "pytorch_rnncell"],
    derivation=[
        ("=", (Entry(X, n) @ W_xh.T).T, "a row times the transpose adds up the same products"),
        ("=", "a product takes each row of its left factor by itself"),
    ],
)
def batch_row(X: Array, W_xh: Array, n: int) -> Array:
    """Linear map of one example in a batch.

    a_x : Linear map of the example.

    Two examples are mapped at once, and the second is read off.

    >>> X = np.array([[1, 0, 0], [1, 10, 100]])
    >>> batch_row(X, [[1, 2, 3], [4, 5, 6]], n=2)
    array([321, 654])

    Notes
    -----
    A row that is taken out of a matrix is a row still.  It is transposed to be mapped as a column.
    """
    return (X @ W_xh.T)[n - 1]


@formula(
    Eq(v * w, Diag(v) @ w),
    source="goodfellow2016",
    derivation=[
        (
            "=",
            Sum(Entry(w, i) * (Entry(v, i) * OneHot(i, H)), i, 1, H),
            "the product, collected entry by entry",
        ),
        (
            "=",
            Sum(Entry(w, i) * (Diag(v) @ OneHot(i, H)), i, 1, H),
            "a diagonal matrix stretches each axis by its own factor",
        ),
        ("=", "a matrix acts on a sum term by term"),
    ],
)
def hadamard_product(v: Array, w: Array) -> Array:
    """Hadamard product as a diagonal matrix.

    product : Product of the two, entry by entry.

    >>> hadamard_product([2, 3], [10, 100])
    array([ 20, 300])

    Notes
    -----
    The matrix is for reasoning.  A program multiplies ``v * w``, and never builds it.
    """
    return np.diag(v) @ w


@formula(
    Eq(Gradient(psi(a_x[t]), W_xh), Outer(Gradient(psi(a_x[t]), a_x[t]), x[t])),
    source=["goodfellow2016", "clark2019"],
    given=[linear_map],
    derivation=[
        (
            "=",
            Sum(
                Entry(Gradient(psi(a_x[t]), a_x[t]), i) * Gradient(Entry(a_x[t], i), W_xh), i, 1, H
            ),
            "the chain rule: the weights reach the function through each output",
        ),
        (
            "=",
            Sum(Entry(Gradient(psi(a_x[t]), a_x[t]), i) * Outer(OneHot(i, H), x[t]), i, 1, H),
            "an output meets one row of the weights, and multiplies it by the input",
        ),
        ("=", "the sum puts each entry of the gradient into its own row"),
    ],
    bindings={"da_x": Gradient(psi(a_x[t]), a_x[t])},
)
def weight_gradient(da_x: Array, x: Array) -> Array:
    """Gradient by the weights of a linear map.

    da_x : Gradient of a scalar by the output of the map.
    x : Input of the map.
    dW_xh : Gradient of the scalar by the weights, in the shape of the weights.

    The second output matters ten times as much as the first, and so do its weights.

    >>> weight_gradient([1, 10], [2, 3, 4])
    array([[ 2,  3,  4],
           [20, 30, 40]])
    """
    return np.outer(da_x, x)


# -- The sigmoid ---------------------------------------------------------------------------------


@formula(Eq(sigmoid_(u), 1 / (1 + exp(-u))), source=["goodfellow2016", "onnx_rnn"])
def sigmoid(u: Entrywise) -> Entrywise:
    r"""Logistic sigmoid.

    value : Number in (0, 1).

    Since :math:`e^{-\ln 3} = 1/3`, the value at :math:`\ln 3` is :math:`1/(1 + 1/3) = 3/4`.

    >>> float(sigmoid(np.log(3)))
    0.75

    Notes
    -----
    Below about -709.8 the exponential overflows: the value is then 0, the nearest number of
    double precision, and NumPy warns.
    """
    return 1 / (1 + np.exp(-u))


@formula(
    Eq(sigmoid_.prime(u), sigmoid_(u) * (1 - sigmoid_(u))),
    source="goodfellow2016",
    given=[sigmoid],
    derivation=[
        (
            "=",
            exp(-u) / (1 + exp(-u)) ** 2,
            "the reciprocal rule, as the denominator has the slope -exp(-u)",
        ),
        ("=", sigmoid_(u) * (exp(-u) / (1 + exp(-u))), "one factor is the sigmoid itself"),
        ("=", sigmoid_(u) * (1 - 1 / (1 + exp(-u))), "the other is what the sigmoid lacks to one"),
        ("=", "the definition of the sigmoid"),
    ],
)
def sigmoid_slope(u: Entrywise) -> Entrywise:
    r"""Slope of the sigmoid.

    slope : Number in (0, 1/4].

    At :math:`\ln 3` the sigmoid is 3/4, so its slope is :math:`3/4 \cdot 1/4 = 3/16`.

    >>> float(sigmoid_slope(np.log(3)))
    0.1875
    """
    return sigmoid(u) * (1 - sigmoid(u))


@formula(
    Eq(sigmoid_(-u), 1 - sigmoid_(u)),
    source="goodfellow2016",
    given=[sigmoid],
    derivation=[
        ("=", 1 / (1 + exp(u)), "the definition of the sigmoid"),
        ("=", exp(-u) / (exp(-u) + 1), "multiplied by exp(-u) above and below"),
        ("=", 1 - 1 / (1 + exp(-u)), "the numerator is the denominator less one"),
        ("=", "the definition of the sigmoid"),
    ],
)
def sigmoid_symmetry(u: Entrywise) -> Entrywise:
    r"""Sigmoid of a negated number.

    value : Sigmoid of `-u`, a number in (0, 1).

    The sigmoid is 3/4 at :math:`\ln 3`, so at :math:`-\ln 3` it is 1/4.

    >>> float(sigmoid_symmetry(np.log(3)))
    0.25
    """
    return 1 - sigmoid(u)


@formula(
    Lt(wrap(0), sigmoid_.prime(u)),
    source="pascanu2013",
    given=[sigmoid, sigmoid_slope, sigmoid_symmetry],
    derivation=[
        ("<", sigmoid_(u) * sigmoid_(-u), "each is one over a sum of positive numbers"),
        ("=", sigmoid_(u) * (1 - sigmoid_(u)), "the symmetry of the sigmoid"),
        ("=", "the slope of the sigmoid"),
    ],
)
def sigmoid_slope_positive(u: Entrywise) -> Entrywise:
    """Lower bound of the slope of the sigmoid.

    slope : Slope of the sigmoid, above 0.

    The bound is not reached, and it is approached on both sides.

    >>> bool(0 < sigmoid_slope_positive(20.0) < 1e-8)
    True
    """
    return sigmoid_slope(u)


@formula(
    Le(sigmoid_.prime(u), wrap(1) / 4),
    source="pascanu2013",
    given=[sigmoid, sigmoid_slope],
    derivation=[
        ("=", sigmoid_(u) * (1 - sigmoid_(u)), "the slope of the sigmoid"),
        ("=", wrap(1) / 4 - (sigmoid_(u) - wrap(1) / 2) ** 2, "the square is completed"),
        ("<=", "a square is never negative"),
    ],
)
def sigmoid_slope_bound() -> float:
    """Upper bound of the slope of the sigmoid.

    bound : Largest slope, which is reached at 0.

    >>> sigmoid_slope_bound()
    0.25
    >>> sigmoid_slope(0.0) == sigmoid_slope_bound()
    np.True_
    """
    return 1 / 4


# -- The hyperbolic tangent ----------------------------------------------------------------------


@formula(Eq(tanh_(u), (1 - exp(-(2 * u))) / (1 + exp(-(2 * u)))), source="onnx_rnn")
def tanh(u: Entrywise) -> Entrywise:
    r"""Hyperbolic tangent.

    value : Number in (-1, 1).

    Since :math:`e^{-2 \ln 2} = 1/4`, the value at :math:`\ln 2` is
    :math:`(1 - 1/4) / (1 + 1/4) = 3/5`.

    >>> round(float(tanh(np.log(2))), 12)
    0.6

    Notes
    -----
    Below about -354.9 the exponential overflows, and the quotient is no number.  `numpy.tanh`
    computes the same function at every number, and is what the later chapters use.
    """
    return (1 - np.exp(-2 * u)) / (1 + np.exp(-2 * u))


@formula(
    Eq(tanh_.prime(u), 1 - tanh_(u) ** 2),
    source="goodfellow2016",
    given=[tanh],
    derivation=[
        ("=", 4 * exp(-(2 * u)) / (1 + exp(-(2 * u))) ** 2, "the quotient rule"),
        (
            "=",
            ((1 + exp(-(2 * u))) ** 2 - (1 - exp(-(2 * u))) ** 2) / (1 + exp(-(2 * u))) ** 2,
            "the squares of a sum and of a difference are four products apart",
        ),
        ("=", 1 - ((1 - exp(-(2 * u))) / (1 + exp(-(2 * u)))) ** 2, "the fraction is split"),
        ("=", "the definition of the hyperbolic tangent"),
    ],
)
def tanh_slope(u: Entrywise) -> Entrywise:
    r"""Slope of the hyperbolic tangent.

    slope : Number in (0, 1].

    At :math:`\ln 2` the hyperbolic tangent is 3/5, so its slope is :math:`1 - 9/25 = 16/25`.

    >>> round(float(tanh_slope(np.log(2))), 12)
    0.64
    """
    return 1 - tanh(u) ** 2


@formula(
    Lt(wrap(0), tanh_.prime(u)),
    source="pascanu2013",
    given=[tanh, tanh_slope],
    derivation=[
        ("<", 4 * exp(-(2 * u)) / (1 + exp(-(2 * u))) ** 2, "an exponential is positive"),
        ("=", 1 - tanh_(u) ** 2, "the definition of the hyperbolic tangent"),
        ("=", "the slope of the hyperbolic tangent"),
    ],
)
def tanh_slope_positive(u: Entrywise) -> Entrywise:
    """Lower bound of the slope of the hyperbolic tangent.

    slope : Slope of the hyperbolic tangent, above 0.

    The bound is not reached, and it is approached on both sides.

    >>> bool(0 < tanh_slope_positive(10.0) < 1e-8)
    True
    """
    return tanh_slope(u)


@formula(
    Le(tanh_.prime(u), wrap(1)),
    source="pascanu2013",
    given=[tanh, tanh_slope],
    derivation=[
        ("=", 1 - tanh_(u) ** 2, "the slope of the hyperbolic tangent"),
        ("<=", "a square is never negative"),
    ],
)
def tanh_slope_bound() -> float:
    """Upper bound of the slope of the hyperbolic tangent.

    bound : Largest slope, which is reached at 0.

    >>> tanh_slope_bound()
    1.0
    >>> tanh_slope(0.0) == tanh_slope_bound()
    np.True_
    """
    return 1.0


@formula(
    Eq(tanh_(u), 2 * sigmoid_(2 * u) - 1),
    source="goodfellow2016",
    given=[sigmoid, tanh],
    derivation=[
        (
            "=",
            (1 - exp(-(2 * u))) / (1 + exp(-(2 * u))),
            "the definition of the hyperbolic tangent",
        ),
        (
            "=",
            (2 - (1 + exp(-(2 * u)))) / (1 + exp(-(2 * u))),
            "the numerator is two less the denominator",
        ),
        ("=", 2 * (1 / (1 + exp(-(2 * u)))) - 1, "the fraction is split"),
        ("=", "the definition of the sigmoid"),
    ],
)
def tanh_from_sigmoid(u: Entrywise) -> Entrywise:
    r"""Hyperbolic tangent as a rescaled sigmoid.

    value : Hyperbolic tangent, a number in (-1, 1).

    Since :math:`\sigma(2 \ln 2) = 4/5`, the value at :math:`\ln 2` is
    :math:`8/5 - 1 = 3/5`.

    >>> round(float(tanh_from_sigmoid(np.log(2))), 12)
    0.6
    """
    return 2 * sigmoid(2 * u) - 1


# -- The rectifier -------------------------------------------------------------------------------


@formula(Eq(relu_(u), Max(u, 0)), source=["goodfellow2016", "onnx_rnn"])
def relu(u: Entrywise) -> Entrywise:
    """Rectifier.

    value : Number that is not negative.

    >>> relu([-2.0, 0.0, 3.0])
    array([0., 0., 3.])
    """
    return np.maximum(u, 0.0)


@formula(
    Eq(relu_.prime(u), Indicator(u, 0)),
    source="goodfellow2016",
    given=[relu],
    where=[Lt(0, Abs(u))],
    derivation=[
        (
            "=",
            Indicator(u, 0) * Jacobian(u, u) + (1 - Indicator(u, 0)) * 0,
            "on either side of zero the slope is that of the larger one",
        ),
        ("=", "a number has slope one by itself, and a constant has none"),
    ],
)
def relu_slope(u: Entrywise) -> Entrywise:
    """Slope of the rectifier.

    u : Any real number but zero; an array is taken entry by entry.
    slope : 0 or 1.

    >>> relu_slope([-2.0, 3.0])
    array([0., 1.])

    Notes
    -----
    At zero the rectifier has a kink and no slope.  The code returns 0 there.
    """
    return np.heaviside(u, 0.0)


# -- The softmax ---------------------------------------------------------------------------------


@formula(Eq(softmax_(scores), exp(scores) / Z), source="bridle1990")
def softmax(scores: Array) -> Array:
    """Softmax.

    p : Numbers in (0, 1) whose sum is 1.

    The exponentials are 1, 2 and 5, and their sum is 8.

    >>> softmax(np.log([1, 2, 5])).round(12)
    array([0.125, 0.25 , 0.625])

    Notes
    -----
    The exponential of a score above about 709.8 overflows.  A program subtracts the largest
    score first, which changes nothing, as `softmax_shift` proves.
    """
    return np.exp(scores) / np.sum(np.exp(scores))


@formula(Eq(p, softmax_(scores)), source="bridle1990", given=[softmax])
def probabilities(scores: Array) -> Array:
    """Probabilities of the classes.

    p : Numbers in (0, 1) whose sum is 1.

    Where all scores are equal, so are the probabilities.

    >>> probabilities([7, 7, 7, 7])
    array([0.25, 0.25, 0.25, 0.25])
    """
    return softmax(scores)


@formula(
    Eq(Sum(Entry(p, r), r, 1, O), wrap(1)),
    source="bridle1990",
    given=[softmax, probabilities],
    derivation=[
        ("=", Sum(exp(Entry(scores, r)) / Z, r, 1, O), "the definition of the softmax"),
        ("=", Z / Z, "the denominator is the same in each term"),
        ("=", "a positive number over itself"),
    ],
)
def softmax_total() -> float:
    """Sum of the probabilities.

    total : Sum of the entries of any softmax.

    >>> bool(np.isclose(np.sum(softmax([3.0, -1.0, 0.5])), softmax_total()))
    True
    """
    return 1.0


@formula(
    Eq(softmax_(scores), softmax_(scores - u * Ones(O))),
    source="goodfellow2016",
    given=[softmax],
    derivation=[
        ("=", exp(scores) / Z, "the definition of the softmax"),
        (
            "=",
            exp(-u) * exp(scores) / (exp(-u) * Z),
            "multiplied by the same positive number above and below",
        ),
        (
            "=",
            exp(scores - u * Ones(O)) / Sum(exp(Entry(scores, i) - u), i, 1, O),
            "a product of exponentials is the exponential of a sum",
        ),
        ("=", "the definition of the softmax"),
    ],
)
def softmax_shift(scores: Array, u: float) -> Array:
    """Softmax of shifted scores.

    u : Any real number, the same for all scores.
    p : Softmax of the scores, whatever `u` is.

    The exponential of 1000 overflows.  Less the largest score it is 1.

    >>> scores = np.array([1000, 1000 + np.log(3)])
    >>> softmax_shift(scores, scores.max()).round(12)
    array([0.25, 0.75])
    """
    return softmax(scores - u)


@formula(
    Eq(Jacobian(p, scores), Diag(p) - Outer(p, p)),
    source="bridle1990",
    given=[softmax, probabilities],
    derivation=[
        (
            "=",
            Diag(exp(scores)) / Z - Outer(exp(scores), exp(scores)) / Z**2,
            "the quotient rule: a score moves its own numerator, and every denominator",
        ),
        ("=", "an exponential over the sum of all is a probability"),
    ],
)
def softmax_jacobian(p: Array) -> Array:
    """Jacobian of the softmax.

    J : Row `i` and column `j` hold the derivative of probability `i` by score `j`.

    >>> softmax_jacobian([0.5, 0.25, 0.25])
    array([[ 0.25  , -0.125 , -0.125 ],
           [-0.125 ,  0.1875, -0.0625],
           [-0.125 , -0.0625,  0.1875]])

    Notes
    -----
    The matrix is symmetric, so both layouts agree on it.
    """
    return np.diag(p) - np.outer(p, p)


@formula(Eq(L_class[r], -log(Entry(p, r))), source="goodfellow2016", given=[probabilities])
def cross_entropy(p: Array, r: int) -> float:
    r"""Cross-entropy of one example.

    r : Class of the example, counted from 1.
    loss : Number that is not negative, in nats.

    A class that was given the probability 1/2 costs :math:`\ln 2`.

    >>> round(float(cross_entropy([0.5, 0.25, 0.25], r=1)), 6)
    0.693147
    """
    return -np.log(p[r - 1])


@formula(
    Eq(Gradient(L_class[r], scores), p - OneHot(r, O)),
    source="goodfellow2016",
    given=[softmax, probabilities, softmax_jacobian, cross_entropy],
    derivation=[
        (
            "=",
            -Entry(Jacobian(p, scores), r).T / Entry(p, r),
            "the chain rule, as log'(p) = 1/p; a row of a Jacobian is a gradient, transposed",
        ),
        (
            "=",
            -(Entry(p, r) * OneHot(r, O) - Entry(p, r) * p) / Entry(p, r),
            "this row of the Jacobian of the softmax",
        ),
        ("=", "the probability of the class cancels"),
    ],
)
def cross_entropy_gradient(p: Array, r: int) -> Array:
    """Gradient of the cross-entropy by the scores.

    r : Class of the example, counted from 1.
    dscores : Numbers in (-1, 1) whose sum is 0.

    The score of the class should rise, and the others should fall in proportion to their
    probabilities.

    >>> cross_entropy_gradient([0.5, 0.25, 0.25], r=1)
    array([-0.5 ,  0.25,  0.25])
    """
    return p - np.eye(len(p))[r - 1]
