r"""Attention: a query reads a mean of values, weighed by how well their keys fit.

A fixed context has to hold all of a sequence in one vector.  With attention each step of the
decoder looks anew at every state of the encoder.  The first half states this for one query, with
columns; the second for all queries at once, with rows, as libraries compute it.
"""

from __future__ import annotations

import numpy as np

from rnnnotes import building_blocks
from rnnnotes.book.state.arrays import Array, Scalar, ScalarMap
from rnnnotes.book.state.formulas import Code, formula
from rnnnotes.notation.attention import *

# -- Reading by weights ---------------------------------------------------------------------------


@formula(Eq(context, values.T @ alpha), source="zhang2023")
def pooling(values: Array, alpha: Array) -> Array:
    """Context of a query.

    A third of the first value, half of the second and a sixth of the third.

    >>> pooling([[0.0, 6.0], [6.0, 0.0], [6.0, 6.0]], [1 / 3, 1 / 2, 1 / 6])
    array([4., 3.])
    """
    return values.T @ alpha


@formula(
    Eq(context, Sum(Entry(alpha, j) * Entry(values, j).T, j, 1, T_x)),
    source="zhang2023",
    given=[pooling],
    derivation=[
        ("=", values.T @ alpha, "the context"),
        ("=", "a matrix times a column adds up its columns, each with its weight"),
    ],
)
def pooling_sum(values: Array, alpha: Array) -> Array:
    """Context as a weighted sum of values.

    >>> pooling_sum([[0.0, 6.0], [6.0, 0.0], [6.0, 6.0]], [1 / 3, 1 / 2, 1 / 6])
    array([4., 3.])
    """
    return np.sum(np.diag(alpha) @ values, axis=0)


@formula(
    Eq(values.T @ OneHot(j, T_x), Entry(values, j).T),
    source="zhang2023",
    ranges={j: (1, T_x)},
    derivation=[("=", "all values but one are multiplied by zero")],
)
def look_up(values: Array, j: int) -> Array:
    """One weight is one: a look-up.

    j : Key whose weight is one, counted from 1.
    value : Value of this key.

    >>> look_up([[0, 6], [6, 0], [6, 6]], j=2)
    array([6, 0])
    """
    return values[j - 1]


@formula(Eq(alpha, fits / Total(fits)), source="zhang2023", where=[Ne(Total(fits), 0)])
def normalised_weights(fits: Array) -> Array:
    """Weights that are normalised by their sum.

    >>> normalised_weights([1.0, 2.0, 5.0])
    array([0.125, 0.25 , 0.625])
    """
    return fits / np.sum(fits)


@formula(Eq(alpha, softmax(e)), source="zhang2023", given=[building_blocks.softmax])
def weights(e: Array) -> Array:
    r"""Weights as a softmax of scores.

    alpha : Numbers in (0, 1) whose sum is 1.

    The exponentials are 1, 2 and 5, and their sum is 8.

    >>> weights(np.log([1, 2, 5])).round(12)
    array([0.125, 0.25 , 0.625])
    """
    return building_blocks.softmax(e)


@formula(
    Eq(Total(alpha), 1),
    source="zhang2023",
    given=[building_blocks.softmax, weights],
    derivation=[
        ("=", Total(exp(e)) / Total(exp(e)), "the softmax has one denominator for all keys"),
        ("=", "a positive number over itself"),
    ],
)
def weights_total() -> float:
    """Sum of the weights.

    total : Sum of the weights of all keys.

    >>> weights_total()
    1.0
    """
    return 1.0


COLUMN = Entry(values.T, i).T
"""One entry of every value."""


@formula(
    Le(Entry(context, i), Largest(COLUMN)),
    source="zhang2023",
    given=[building_blocks.softmax, weights, pooling],
    derivation=[
        ("=", Sum(Entry(alpha, j) * Entry(values, j, i), j, 1, T_x), "the context, by its entries"),
        (
            "<=",
            Sum(Entry(alpha, j) * Largest(COLUMN), j, 1, T_x),
            "no value is above the largest, and no weight is negative",
        ),
        ("=", "the weights add up to one"),
    ],
)
def upper_bound(values: Array, i: int) -> Scalar:
    """No entry of the context is above the largest of the values.

    i : Entry of the context, counted from 1.
    bound : Largest of this entry among all values.

    >>> print(upper_bound([[0, 7], [6, 1], [5, 6]], i=2))
    7
    """
    return np.max(values[:, i - 1])


@formula(
    Le(-Entry(context, i), Largest(-COLUMN)),
    source="zhang2023",
    given=[building_blocks.softmax, weights, pooling],
    derivation=[
        ("=", Sum(Entry(alpha, j) * -Entry(values, j, i), j, 1, T_x), "the context, by entries"),
        (
            "<=",
            Sum(Entry(alpha, j) * Largest(-COLUMN), j, 1, T_x),
            "no negated value is above the largest, and no weight is negative",
        ),
        ("=", "the weights add up to one"),
    ],
)
def lower_bound(values: Array, i: int) -> Scalar:
    """No entry of the context is below the least of the values.

    i : Entry of the context, counted from 1.
    bound : Largest of this entry, negated, among all values: minus the least.

    >>> print(lower_bound([[0, 7], [6, 1], [5, 6]], i=2))
    -1
    """
    return np.max(-values[:, i - 1])


# -- How a key fits -------------------------------------------------------------------------------


@formula(Eq(e, keys @ query), source=["opennmt", "zhang2023"])
def dot_scores(keys: Array, query: Array) -> Array:
    """Scores as dot products.

    >>> dot_scores([[1, 0], [0, 1], [3, 4]], [1, 2])
    array([ 1,  2, 11])
    """
    return keys @ query


@formula(Eq(e, keys @ query / ROOT), source=["zhang2023", "vaswani2017"])
def scaled_dot_scores(keys: Array, query: Array) -> Array:
    """Scores as scaled dot products.

    Four entries, so a dot product is divided by 2.

    >>> scaled_dot_scores([[1, 5, 5, 5], [3, 0, 0, 0]], [2, 0, 0, 0])
    array([1., 3.])
    """
    return keys @ query / np.sqrt(len(query))


EQUALLY = Ones(B) / wrap(B)
"""Probabilities of the cases: all are equally likely."""

DOT = products @ Ones(d_k)
"""Dot product in each case."""

COVARIANCE = products.T @ products / wrap(B) - Outer(products.T @ EQUALLY, products.T @ EQUALLY)
"""Covariances of the products, entry by entry."""


@formula(
    Eq(Variance(EQUALLY, DOT), Ones(d_k) @ (COVARIANCE @ Ones(d_k))),
    source=["zhang2023", "vaswani2017"],
    derivation=[
        (
            "=",
            Expectation(EQUALLY, DOT**2) - Expectation(EQUALLY, DOT) ** 2,
            "a variance is the mean of the squares, less the square of the mean",
        ),
        ("=", "the square of a sum has every product of two of its terms"),
    ],
)
def dot_variance(products: Array) -> Scalar:
    """Variance of a dot product, by the covariances of its terms.

    variance : Sum of all the covariances: `d_k` if each term has variance 1 and no two of them
        go together.

    Two signs, all four pairs equally likely: each has variance 1, and their sum has 2.

    >>> print(dot_variance([[1, 1], [1, -1], [-1, 1], [-1, -1]]))
    2.0
    """
    mean = np.mean(products, axis=0)
    return np.sum(products.T @ products / len(products) - np.outer(mean, mean))


@formula(
    Eq(Variance(EQUALLY, DOT / ROOT), Ones(d_k) @ (COVARIANCE @ Ones(d_k)) / wrap(d_k)),
    source=["zhang2023", "vaswani2017"],
    given=[dot_variance],
    derivation=[
        (
            "=",
            Variance(EQUALLY, DOT) / wrap(d_k),
            "the mean is divided by the root too, and the deviation is squared",
        ),
        ("=", "the variance of a dot product"),
    ],
)
def scaled_variance(products: Array) -> Scalar:
    """Variance of a scaled dot product.

    variance : Sum of all the covariances over `d_k`: 1 if each term has variance 1 and no two of
        them go together.

    >>> print(scaled_variance([[1, 1], [1, -1], [-1, 1], [-1, -1]]))
    1.0
    """
    return dot_variance(products) / products.shape[1]


@formula(
    Eq(a_keys, Outer(Ones(T_x), W_q @ query) + keys @ W_k.T),
    source="zhang2023",
)
def additive_pre_activation(keys: Array, W_q: Array, W_k: Array, query: Array) -> Array:
    """Pre-activations of the units that compare.

    One unit and two keys: 10 from the query, 1 and 2 from the keys.

    >>> additive_pre_activation([[1.0], [2.0]], [[1.0]], [[1.0]], [10.0])
    array([[11.],
           [12.]])
    """
    return W_q @ query + keys @ W_k.T


@formula(Eq(e, tanh(a_keys) @ v_a), source="zhang2023")
def additive_scores(a_keys: Array, v_a: Array) -> Array:
    """Scores by units that compare.

    Two keys, one unit: its values are 3/5 and 4/5.

    >>> additive_scores(np.log([[2], [3]]), [10.0])
    array([6., 8.])
    """
    return np.tanh(a_keys) @ v_a


@formula(
    Eq(Entry(e, j), v_a @ tanh(W_q @ query + W_k @ Entry(keys, j).T)),
    source="zhang2023",
    given=[additive_pre_activation, additive_scores],
    ranges={j: (1, T_x)},
    derivation=[
        ("=", v_a @ tanh(Entry(a_keys, j).T), "the scores, for one key"),
        ("=", "what query and key add"),
    ],
)
def additive_score(keys: Array, W_q: Array, W_k: Array, query: Array, v_a: Array, j: int) -> Scalar:
    """Score of one key by units that compare.

    j : Key, counted from 1.
    score : Score of the key.

    The weight of the query is zero, so the key decides: ten times 4/5.

    >>> keys = np.log([[2.0], [3.0]])
    >>> round(additive_score(keys, [[0.0]], [[1.0]], [7.0], [10.0], j=2), 12)
    np.float64(8.0)
    """
    return v_a @ np.tanh(W_q @ query + W_k @ keys[j - 1])


@formula(Eq(e, keys @ (W_a.T @ query)), source="opennmt")
def general_scores(keys: Array, W_a: Array, query: Array) -> Array:
    """Scores with weights between query and key.

    The weights exchange the two entries of the query.

    >>> general_scores([[1, 0], [0, 1]], [[0, 1], [1, 0]], [1, 2])
    array([2, 1])
    """
    return keys @ (W_a.T @ query)


@formula(
    Eq(Entry(e, j), query @ (W_a @ Entry(keys, j).T)),
    source="opennmt",
    given=[general_scores],
    ranges={j: (1, T_x)},
    derivation=[
        ("=", Entry(keys, j) @ (W_a.T @ query), "the scores, for one key"),
        ("=", "a number is its own transpose"),
    ],
)
def general_score(keys: Array, W_a: Array, query: Array, j: int) -> Scalar:
    """Score of one key with weights between query and key.

    j : Key, counted from 1.
    score : Score of the key.

    >>> print(general_score([[1, 0], [0, 1]], [[0, 1], [1, 0]], [1, 2], j=1))
    2
    """
    return query @ (W_a @ keys[j - 1])


@formula(
    Eq(e, Stack(v_a @ tanh(W_qk @ Concatenate(query, Entry(keys, j).T)), j, 1, T_x)),
    source="opennmt",
)
def concat_scores(keys: Array, W_qk: Array, query: Array, v_a: Array) -> Array:
    """Scores of query and key in one vector.

    >>> concat_scores(np.log([[2.0], [3.0]]), [[1.0, 1.0]], [0.0], [10.0])
    array([6., 8.])
    """
    both = np.hstack([np.outer(np.ones(len(keys)), query), keys])
    return np.tanh(both @ W_qk.T) @ v_a


@formula(
    Eq(
        v_a @ tanh(Block([W_q, W_k]) @ Concatenate(query, Entry(keys, j).T)),
        v_a @ tanh(W_q @ query + W_k @ Entry(keys, j).T),
    ),
    source=["opennmt", "zhang2023"],
    ranges={j: (1, T_x)},
    derivation=[("=", "each block of the weights meets its own part of the vector")],
)
def concat_is_additive(
    keys: Array, W_q: Array, W_k: Array, query: Array, v_a: Array, j: int
) -> Scalar:
    """Query and key in one vector: the additive score.

    j : Key, counted from 1.
    score : Score of the key.

    >>> keys = np.log([[2.0], [3.0]])
    >>> round(concat_is_additive(keys, [[1.0]], [[1.0]], [0.0], [10.0], j=1), 12)
    np.float64(6.0)
    """
    return v_a @ np.tanh(W_q @ query + W_k @ keys[j - 1])


@formula(Eq(h_att[t], tanh(W_c @ Concatenate(context, h[t]))), source="luong2015")
def attentional_state(h: Array, W_c: Array, context: Array) -> Array:
    """State that has read the context.

    h : Hidden state of the decoder.
    h_att : Attentional state; every entry lies in (-1, 1).

    The context is ln 6 and the state ln 2, which is taken away.

    >>> attentional_state(np.log([2]), [[1.0, -1.0]], np.log([6]))
    array([0.8])
    """
    return np.tanh(W_c @ np.concatenate([context, h]))


# -- The gradients of one query -------------------------------------------------------------------


@formula(Eq(L, psi(context)), source="zhang2023")
def loss(context: Array, psi: ScalarMap) -> float:
    """Loss of what is read.

    L : Loss that the context leads to.

    >>> print(loss([3.0, 4.0], lambda c: c @ c / 2))
    12.5
    """
    return psi(context)


READ: list[Code] = [building_blocks.softmax, weights, pooling, loss]
"""From the scores to the loss."""


@formula(
    Eq(Gradient(L, values), Outer(alpha, Gradient(L, context))),
    source="zhang2023",
    given=[pooling, loss],
    derivation=[("=", "each value enters the context once, times its weight")],
    bindings={"dc": Gradient(L, context)},
)
def value_gradient(dc: Array, alpha: Array) -> Array:
    """Gradient by the values.

    >>> value_gradient([6.0, 12.0], [1 / 3, 1 / 2, 1 / 6])
    array([[2., 4.],
           [3., 6.],
           [1., 2.]])
    """
    return np.outer(alpha, dc)


@formula(
    Eq(Gradient(L, alpha), values @ Gradient(L, context)),
    source="zhang2023",
    given=[pooling, loss],
    derivation=[
        ("=", Jacobian(context, alpha).T @ Gradient(L, context), "the chain rule"),
        ("=", "the context is linear in the weights"),
    ],
    bindings={"dc": Gradient(L, context)},
)
def weight_gradient(dc: Array, values: Array) -> Array:
    """Gradient by the weights.

    >>> weight_gradient([6.0, 12.0], [[0.0, 6.0], [6.0, 0.0], [6.0, 6.0]])
    array([ 72.,  36., 108.])
    """
    return values @ dc


@formula(
    Eq(
        Gradient(L, e),
        alpha * (Gradient(L, alpha) - Ones(T_x) * (alpha @ Gradient(L, alpha))),
    ),
    source="zhang2023",
    given=READ,
    derivation=[
        (
            "=",
            Jacobian(alpha, e).T @ Gradient(L, alpha),
            "the scores reach the loss through the weights alone",
        ),
        (
            "=",
            (Diag(alpha) - Outer(alpha, alpha)) @ Gradient(L, alpha),
            "the Jacobian of the softmax, which is its own transpose",
        ),
        ("=", "the first part stretches each entry, the second takes the mean of all away"),
    ],
    bindings={"dalpha": Gradient(L, alpha)},
)
def score_gradient(dalpha: Array, alpha: Array) -> Array:
    """Gradient by the scores.

    de : Numbers whose sum is 0: a key gains what others lose.

    The mean of 72, 36 and 108 with these weights is 60.

    >>> score_gradient([72.0, 36.0, 108.0], [1 / 3, 1 / 2, 1 / 6])
    array([  4., -12.,   8.])
    """
    return alpha * (dalpha - alpha @ dalpha)


@formula(
    Eq(Gradient(L, query), keys.T @ Gradient(L, e) / ROOT),
    source="zhang2023",
    given=[scaled_dot_scores, *READ],
    derivation=[
        (
            "=",
            Jacobian(e, query).T @ Gradient(L, e),
            "the query reaches the loss through the scores alone",
        ),
        ("=", "the scores are linear in the query"),
    ],
    bindings={"de": Gradient(L, e)},
)
def query_gradient(de: Array, keys: Array) -> Array:
    """Gradient by the query.

    Each of three keys is one in its own entry, and the root is 2.

    >>> query_gradient([4.0, -12.0, 8.0], [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    array([ 2., -6.,  4.,  0.])
    """
    return keys.T @ de / np.sqrt(keys.shape[1])


@formula(
    Eq(Gradient(L, keys), Outer(Gradient(L, e), query) / ROOT),
    source="zhang2023",
    given=[scaled_dot_scores, *READ],
    derivation=[("=", "a key enters its own score alone, times the query over the root")],
    bindings={"de": Gradient(L, e)},
)
def key_gradient(de: Array, query: Array) -> Array:
    """Gradient by the keys.

    >>> key_gradient([4.0, -12.0], [1.0, 0.0, 0.0, 2.0])
    array([[  2.,   0.,   0.,   4.],
           [ -6.,  -0.,  -0., -12.]])
    """
    return np.outer(de, query) / np.sqrt(len(query))


@formula(
    Eq(Jacobian(context, query), values.T @ (Diag(alpha) - Outer(alpha, alpha)) @ keys / ROOT),
    source="zhang2023",
    given=[building_blocks.softmax, scaled_dot_scores, weights, pooling],
    derivation=[
        (
            "=",
            Jacobian(context, alpha) @ Jacobian(alpha, e) @ Jacobian(e, query),
            "the chain rule: from the query to the scores, the weights and the context",
        ),
        (
            "=",
            values.T @ (Diag(alpha) - Outer(alpha, alpha)) @ Jacobian(e, query),
            "the context is linear in the weights, and these are a softmax",
        ),
        ("=", "the scores are linear in the query"),
    ],
)
def context_jacobian(keys: Array, values: Array, alpha: Array) -> Array:
    """Jacobian of the context by the query.

    J : How the context moves with the query.

    Two keys that differ by 4 in their one entry, and values that differ by 8.

    >>> context_jacobian([[0.0], [4.0]], [[0.0], [8.0]], [0.5, 0.5])
    array([[8.]])
    """
    spread = np.diag(alpha) - np.outer(alpha, alpha)
    return values.T @ spread @ keys / np.sqrt(keys.shape[1])


@formula(
    Eq(
        Jacobian(context, query),
        Sum(
            Entry(alpha, j)
            * Outer(Entry(values, j).T - context, Entry(keys, j).T - keys.T @ alpha),
            j,
            1,
            T_x,
        )
        / ROOT,
    ),
    source="zhang2023",
    given=[building_blocks.softmax, scaled_dot_scores, weights, pooling, context_jacobian],
    derivation=[
        (
            "=",
            values.T @ (Diag(alpha) - Outer(alpha, alpha)) @ keys / ROOT,
            "the Jacobian of the context",
        ),
        (
            "=",
            (
                Sum(Entry(alpha, j) * Outer(Entry(values, j).T, Entry(keys, j).T), j, 1, T_x)
                - Outer(context, keys.T @ alpha)
            )
            / ROOT,
            "key by key; the second part is the outer product of the two means",
        ),
        ("=", "a covariance may be taken of what is off its mean, as the weights add up to one"),
    ],
)
def context_covariance(keys: Array, values: Array, alpha: Array, context: Array) -> Array:
    """Jacobian of the context as a covariance.

    J : Covariance of values and keys under the weights, over the root.

    >>> context_covariance([[0.0], [4.0]], [[0.0], [8.0]], [0.5, 0.5], [4.0])
    array([[8.]])
    """
    return (values - context).T @ np.diag(alpha) @ (keys - alpha @ keys) / np.sqrt(keys.shape[1])


ADDITIVE: list[Code] = [building_blocks.tanh, additive_pre_activation, additive_scores, *READ]
"""From the query to the loss, by units that compare."""


@formula(
    Eq(Gradient(L, v_a), tanh(a_keys).T @ Gradient(L, e)),
    source="zhang2023",
    given=[additive_scores, *READ],
    derivation=[
        ("=", Jacobian(e, v_a).T @ Gradient(L, e), "the chain rule"),
        ("=", "the scores are linear in these weights"),
    ],
    bindings={"de": Gradient(L, e)},
)
def score_weight_gradient(de: Array, a_keys: Array) -> Array:
    """Gradient by the weights from the units to the score.

    >>> score_weight_gradient([10.0, -5.0], np.log([[2.0], [3.0]]))
    array([2.])
    """
    return np.tanh(a_keys).T @ de


@formula(
    Eq(Gradient(L, a_keys), (1 - tanh(a_keys) ** 2) * Outer(Gradient(L, e), v_a)),
    source="zhang2023",
    given=[building_blocks.tanh, additive_scores, *READ],
    derivation=[
        ("=", "a unit enters the score of its key, and has the slope of a hyperbolic tangent")
    ],
    bindings={"de": Gradient(L, e)},
)
def additive_pre_activation_gradient(de: Array, a_keys: Array, v_a: Array) -> Array:
    """Gradient by the pre-activations of the units that compare.

    Values of 3/5 and 4/5 have the slopes 16/25 and 9/25.

    >>> additive_pre_activation_gradient([25.0, -25.0], np.log([[2.0], [3.0]]), [1.0])
    array([[16.],
           [-9.]])
    """
    return (1 - np.tanh(a_keys) ** 2) * np.outer(de, v_a)


@formula(
    Eq(Gradient(L, W_q), Outer(Gradient(L, a_keys).T @ Ones(T_x), query)),
    source="zhang2023",
    given=ADDITIVE,
    derivation=[("=", "one query meets every key, so what they ask for is added up")],
    bindings={"da_keys": Gradient(L, a_keys)},
)
def query_weight_gradient(da_keys: Array, query: Array) -> Array:
    """Gradient by the weights from the query.

    >>> query_weight_gradient([[16.0], [-9.0]], [2.0])
    array([[14.]])
    """
    return np.outer(np.sum(da_keys, axis=0), query)


@formula(
    Eq(Gradient(L, W_k), Gradient(L, a_keys).T @ keys),
    source="zhang2023",
    given=ADDITIVE,
    derivation=[("=", "each key meets the weights once, and multiplies what is asked of it")],
    bindings={"da_keys": Gradient(L, a_keys)},
)
def key_weight_gradient(da_keys: Array, keys: Array) -> Array:
    """Gradient by the weights from the keys.

    >>> key_weight_gradient([[16.0], [-9.0]], [[1.0], [2.0]])
    array([[-2.]])
    """
    return da_keys.T @ keys


# -- All queries at once --------------------------------------------------------------------------


@formula(Eq(E_rows, queries @ keys.T / ROOT), source=["zhang2023", "vaswani2017"])
def score_rows(queries: Array, keys: Array) -> Array:
    """Scores of all queries.

    >>> score_rows([[2, 0, 0, 0], [0, 2, 0, 0]], [[1, 5, 5, 5], [3, 0, 0, 0]])
    array([[1., 3.],
           [5., 0.]])
    """
    return queries @ keys.T / np.sqrt(keys.shape[1])


@formula(
    Eq(A, Rows(softmax, E_rows)),
    source=["zhang2023", "vaswani2017"],
    given=[building_blocks.softmax],
)
def weight_rows(E_rows: Array) -> Array:
    """Attention weights of all queries.

    A : Numbers in (0, 1); each row adds up to 1, and a column need not.

    >>> weight_rows(np.log([[1, 3], [1, 1]])).round(12)
    array([[0.25, 0.75],
           [0.5 , 0.5 ]])
    """
    return np.exp(E_rows) / np.sum(np.exp(E_rows), axis=1, keepdims=True)


@formula(Eq(contexts, A @ values), source=["zhang2023", "vaswani2017"])
def context_rows(values: Array, A: Array) -> Array:
    """Contexts of all queries.

    >>> context_rows([[0.0, 4.0], [8.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]])
    array([[6., 1.],
           [4., 2.]])
    """
    return A @ values


FORWARD: list[Code] = [building_blocks.softmax, score_rows, weight_rows, context_rows]
"""From queries, keys and values to contexts."""


@formula(
    Eq(contexts, Rows(softmax, queries @ keys.T / ROOT) @ values),
    source=["zhang2023", "vaswani2017"],
    given=FORWARD,
    derivation=[
        ("=", A @ values, "the contexts"),
        ("=", Rows(softmax, E_rows) @ values, "the weights"),
        ("=", "the scores"),
    ],
)
def scaled_dot_product_attention(queries: Array, keys: Array, values: Array) -> Array:
    """Scaled dot-product attention.

    Two queries with the weights 1/4 and 3/4, and 1/2 and 1/2.

    >>> queries, keys = np.log([[3.0], [1.0]]), [[0.0], [1.0]]
    >>> scaled_dot_product_attention(queries, keys, [[0.0, 4.0], [8.0, 0.0]]).round(12)
    array([[6., 1.],
           [4., 2.]])
    """
    return weight_rows(score_rows(queries, keys)) @ values


@formula(
    Eq(Entry(contexts, t).T, values.T @ softmax(keys @ Entry(queries, t).T / ROOT)),
    source="zhang2023",
    given=FORWARD,
    derivation=[
        ("=", values.T @ Entry(A, t).T, "a row of a product, as a column"),
        ("=", "the softmax takes each row by itself, and so do the scores"),
    ],
)
def attention_row(queries: Array, keys: Array, values: Array, t: int) -> Array:
    """One row of attention is the context of one query.

    t : Query, counted from 1.
    context : Context of this query.

    >>> queries, keys = np.log([[3.0], [1.0]]), [[0.0], [1.0]]
    >>> attention_row(queries, keys, [[0.0, 4.0], [8.0, 0.0]], t=1).round(12)
    array([6., 1.])
    """
    return values.T @ weights(scaled_dot_scores(keys, queries[t - 1]))


# -- The gradients of all queries -----------------------------------------------------------------


@formula(Eq(L, Psi(contexts)), source="zhang2023")
def loss_rows(contexts: Array, Psi: ScalarMap) -> float:
    """Loss of what all queries read.

    L : Loss that the contexts lead to.

    >>> print(loss_rows([[3.0], [4.0]], lambda C: np.sum(C**2) / 2))
    12.5
    """
    return Psi(contexts)


@formula(
    Eq(Gradient(L, values), A.T @ Gradient(L, contexts)),
    source="zhang2023",
    given=[context_rows, loss_rows],
    derivation=[("=", "a value enters the context of every query, each time with its weight")],
    bindings={"dcontexts": Gradient(L, contexts)},
)
def value_gradient_rows(dcontexts: Array, A: Array) -> Array:
    """Gradient by the values, of all queries.

    >>> value_gradient_rows([[4.0], [2.0]], [[0.25, 0.75], [0.5, 0.5]])
    array([[2.],
           [4.]])
    """
    return A.T @ dcontexts


@formula(
    Eq(Gradient(L, A), Gradient(L, contexts) @ values.T),
    source="zhang2023",
    given=[context_rows, loss_rows],
    derivation=[("=", "a weight enters the context of its query, times its value")],
    bindings={"dcontexts": Gradient(L, contexts)},
)
def weight_gradient_rows(dcontexts: Array, values: Array) -> Array:
    """Gradient by the weights, of all queries.

    >>> weight_gradient_rows([[4.0], [2.0]], [[0.0], [8.0]])
    array([[ 0., 32.],
           [ 0., 16.]])
    """
    return dcontexts @ values.T


@formula(
    Eq(
        Gradient(L, E_rows),
        A * (Gradient(L, A) - Outer((A * Gradient(L, A)) @ Ones(T_x), Ones(T_x))),
    ),
    source="zhang2023",
    given=[building_blocks.softmax, weight_rows, context_rows, loss_rows],
    derivation=[("=", "row by row as for one query: the mean under the weights is taken away")],
    bindings={"dA": Gradient(L, A)},
)
def score_gradient_rows(dA: Array, A: Array) -> Array:
    """Gradient by the scores, of all queries.

    The means of the rows are 24 and 8.

    >>> score_gradient_rows([[0.0, 32.0], [0.0, 16.0]], [[0.25, 0.75], [0.5, 0.5]])
    array([[-6.,  6.],
           [-4.,  4.]])
    """
    return A * (dA - np.sum(A * dA, axis=1, keepdims=True))


BACKWARD: list[Code] = [*FORWARD, loss_rows]
"""From queries, keys and values to the loss."""


@formula(
    Eq(Gradient(L, queries), Gradient(L, E_rows) @ keys / ROOT),
    source="zhang2023",
    given=BACKWARD,
    derivation=[("=", "a query enters the scores of its row, times every key over the root")],
    bindings={"dE_rows": Gradient(L, E_rows)},
)
def query_gradient_rows(dE_rows: Array, keys: Array) -> Array:
    """Gradient by the queries.

    >>> query_gradient_rows([[-6.0, 6.0], [-4.0, 4.0]], [[0.0], [1.0]])
    array([[6.],
           [4.]])
    """
    return dE_rows @ keys / np.sqrt(keys.shape[1])


@formula(
    Eq(Gradient(L, keys), Gradient(L, E_rows).T @ queries / ROOT),
    source="zhang2023",
    given=BACKWARD,
    derivation=[("=", "a key enters the scores of its column, times every query over the root")],
    bindings={"dE_rows": Gradient(L, E_rows)},
)
def key_gradient_rows(dE_rows: Array, queries: Array) -> Array:
    """Gradient by the keys.

    >>> key_gradient_rows([[-6.0, 6.0], [-4.0, 4.0]], [[1.0], [2.0]])
    array([[-14.],
           [ 14.]])
    """
    return dE_rows.T @ queries / np.sqrt(queries.shape[1])


# -- Masks ----------------------------------------------------------------------------------------


@formula(
    Eq(alpha, key_mask * exp(e) / Total(key_mask * exp(e))),
    source="zhang2023",
    where=[Ne(Total(key_mask * exp(e)), 0)],
)
def masked_weights(e: Array, key_mask: Array) -> Array:
    """Weights of the keys that a mask leaves.

    Of the exponentials 2, 3 and 1 the second is masked.

    >>> masked_weights(np.log([2, 3, 1]), [1, 0, 1]).round(12)
    array([0.66666667, 0.        , 0.33333333])
    """
    return key_mask * np.exp(e) / np.sum(key_mask * np.exp(e))


@formula(
    Eq(Total(alpha), 1),
    source="zhang2023",
    given=[masked_weights],
    where=[Ne(Total(key_mask * exp(e)), 0)],
    derivation=[
        (
            "=",
            Total(key_mask * exp(e)) / Total(key_mask * exp(e)),
            "the keys that are left have one denominator",
        ),
        ("=", "a number over itself, which is not zero if one key is left"),
    ],
)
def masked_total() -> float:
    """Sum of the weights that a mask leaves.

    total : Sum of the weights, if a key is left.

    >>> masked_total()
    1.0
    """
    return 1.0


@formula(
    Eq(softmax(e - C * (1 - key_mask)), softmax(e)),
    source="zhang2023",
    given=[building_blocks.softmax],
    where=[Eq(key_mask, Zeros(T_x))],
    derivation=[
        ("=", softmax(e - C * Ones(T_x)), "every score is lowered by the same number"),
        (
            "=",
            exp(-C) * exp(e) / Total(exp(-C) * exp(e)),
            "a sum in the exponent is a product",
        ),
        ("=", "the number cancels"),
    ],
)
def fully_masked_finite(e: Array) -> Array:
    r"""All keys are masked by a number: none is.

    alpha : Softmax of the scores as if there were no mask.

    >>> fully_masked_finite(np.log([2, 3, 5])).round(12)
    array([0.2, 0.3, 0.5])
    """
    return building_blocks.softmax(e)


@formula(
    Eq(mask_rows, Stack(Stack(Bracket(Le(j, t)), j, 1, T_x), t, 1, T)), source="pytorch_causal"
)
def causal_top_left(T: int, T_x: int) -> Array:
    """Causal masks that are aligned at the first key.

    T : Number of queries.
    T_x : Number of keys.

    >>> causal_top_left(T=2, T_x=3)
    array([[1., 0., 0.],
           [1., 1., 0.]])
    """
    return np.tril(np.ones((T, T_x)))


@formula(
    Eq(mask_rows, Stack(Stack(Bracket(Le(j, t + T_x - T)), j, 1, T_x), t, 1, T)),
    source="flash_attention",
)
def causal_bottom_right(T: int, T_x: int) -> Array:
    """Causal masks that are aligned at the last key.

    T : Number of queries.
    T_x : Number of keys.

    >>> causal_bottom_right(T=2, T_x=3)
    array([[1., 1., 0.],
           [1., 1., 1.]])
    """
    last = np.arange(T)[:, np.newaxis] + T_x - T
    return np.where(np.arange(T_x) <= last, 1.0, 0.0)


@formula(
    Eq(Entry(mask_rows, 1).T, OneHot(1, T_x)),
    source="pytorch_causal",
    given=[causal_top_left],
    derivation=[
        ("=", Stack(Bracket(Le(j, 1)), j, 1, T_x), "the first row of the masks"),
        ("=", "of the places from 1 on, one alone is at most 1"),
    ],
)
def first_query_top_left(T_x: int) -> Array:
    """Aligned at the first key, the first query sees one key.

    T_x : Number of keys.
    mask : Mask of the first query.

    >>> first_query_top_left(T_x=3)
    array([1., 0., 0.])
    """
    return np.eye(T_x)[0]


@formula(
    Eq(Entry(mask_rows, T).T, Ones(T_x)),
    source="flash_attention",
    given=[causal_bottom_right],
    derivation=[
        ("=", Stack(Bracket(Le(j, T_x)), j, 1, T_x), "the last row of the masks"),
        ("=", "no key comes after the last"),
    ],
)
def last_query_bottom_right(T_x: int) -> Array:
    """Aligned at the last key, the last query sees all keys.

    T_x : Number of keys.
    mask : Mask of the last query.

    >>> last_query_bottom_right(T_x=3)
    array([1., 1., 1.])
    """
    return np.ones(T_x)


# -- One key after the other ----------------------------------------------------------------------


@formula(Eq(e_max[t], Max(e_max[t - 1], e_key[t])), source="rabe2021")
def running_max(e_key: Scalar, e_max_prev: Scalar) -> Scalar:
    """Largest score so far.

    >>> print(running_max(3.0, e_max_prev=2.0))
    3.0
    """
    return np.maximum(e_max_prev, e_key)


@formula(
    Eq(mass[t], mass[t - 1] * exp(e_max[t - 1] - e_max[t]) + exp(e_key[t] - e_max[t])),
    source="rabe2021",
)
def running_sum(e_key: Scalar, mass_prev: Scalar, e_max_prev: Scalar, e_max: Scalar) -> Scalar:
    r"""Sum of the exponentials so far, below the largest.

    The largest score rises by :math:`\ln 2`, so what was summed is halved.

    >>> round(running_sum(np.log(2), mass_prev=3.0, e_max_prev=0.0, e_max=np.log(2)), 12)
    np.float64(2.5)
    """
    return mass_prev * np.exp(e_max_prev - e_max) + np.exp(e_key - e_max)


@formula(
    Eq(
        read[t],
        read[t - 1] * exp(e_max[t - 1] - e_max[t]) + exp(e_key[t] - e_max[t]) * v_key[t],
    ),
    source="rabe2021",
)
def running_read(
    e_key: Scalar, v_key: Array, read_prev: Array, e_max_prev: Scalar, e_max: Scalar
) -> Array:
    """Sum of the values so far, weighted.

    >>> running_read(np.log(2), [10.0], read_prev=[6.0], e_max_prev=0.0, e_max=np.log(2))
    array([13.])
    """
    return read_prev * np.exp(e_max_prev - e_max) + np.exp(e_key - e_max) * v_key


@formula(
    Eq(mass[t], mass[0] * exp(e_max[0] - e_max[t]) + Sum(exp(e_key[k] - e_max[t]), k, 1, t)),
    source="rabe2021",
    given=[running_sum],
    derivation=[
        (
            "=",
            mass[t - 1] * exp(e_max[t - 1] - e_max[t]) + exp(e_key[t] - e_max[t]),
            "the recurrence",
        ),
        (
            "=",
            "the same sum one key before; the factor moves it below the largest score of now",
        ),
    ],
)
def mass_at_once(e_keys: Array, mass_0: Scalar, e_max_0: Scalar, e_max: Scalar, t: int) -> Scalar:
    """Sum of the exponentials, at once.

    t : Keys that have been read.
    e_max : Any number to take away, such as the largest score.
    mass : Sum of the exponentials.

    >>> print(mass_at_once(np.log([2.0, 3.0]), mass_0=0.0, e_max_0=0.0, e_max=0.0, t=2).round(12))
    5.0
    """
    return mass_0 * np.exp(e_max_0 - e_max) + np.sum(np.exp(e_keys[:t] - e_max))


@formula(
    Eq(
        read[t],
        read[0] * exp(e_max[0] - e_max[t]) + Sum(exp(e_key[k] - e_max[t]) * v_key[k], k, 1, t),
    ),
    source="rabe2021",
    given=[running_read],
    derivation=[
        (
            "=",
            read[t - 1] * exp(e_max[t - 1] - e_max[t]) + exp(e_key[t] - e_max[t]) * v_key[t],
            "the recurrence",
        ),
        (
            "=",
            "the same sum one key before; the factor moves it below the largest score of now",
        ),
    ],
)
def read_at_once(
    e_keys: Array, v_keys: Array, read_0: Array, e_max_0: Scalar, e_max: Scalar, t: int
) -> Array:
    """Weighted sum of the values, at once.

    t : Keys that have been read.
    e_max : Any number to take away, such as the largest score.
    read : Sum of the values, weighted by the exponentials.

    >>> read_at_once(
    ...     np.log([2.0, 3.0]), [[10.0], [1.0]], read_0=[0.0], e_max_0=0.0, e_max=0.0, t=2
    ... ).round(12)
    array([23.])
    """
    return read_0 * np.exp(e_max_0 - e_max) + np.exp(e_keys[:t] - e_max) @ v_keys[:t]


@formula(
    Eq(
        read[t] / mass[t],
        (exp(e_max[0]) * read[0] + Sum(exp(e_key[k]) * v_key[k], k, 1, t))
        / (exp(e_max[0]) * mass[0] + Sum(exp(e_key[k]), k, 1, t)),
    ),
    source="rabe2021",
    given=[running_sum, running_read, mass_at_once, read_at_once],
    where=[
        Ne(mass[t], 0),
        Ne(exp(e_max[0]) * mass[0] + Sum(exp(e_key[k]), k, 1, t), 0),
    ],
    derivation=[
        (
            "=",
            (read[0] * exp(e_max[0] - e_max[t]) + Sum(exp(e_key[k] - e_max[t]) * v_key[k], k, 1, t))
            / mass[t],
            "the sum of the values, at once",
        ),
        ("=", "the sum of the exponentials too, and what was taken from every score cancels"),
    ],
)
def online_context(
    e_keys: Array, v_keys: Array, read_0: Array, mass_0: Scalar, e_max_0: Scalar, t: int
) -> Array:
    """Context of the keys so far.

    t : Keys that have been read.
    context : Mean of the values, as by a softmax of all scores at once.

    The exponentials are 2 and 3, and nothing was read before.

    >>> online_context(
    ...     np.log([2.0, 3.0]), [[10.0], [0.0]], read_0=[0.0], mass_0=0.0, e_max_0=0.0, t=2
    ... ).round(12)
    array([4.])
    """
    weights = np.exp(e_keys[:t])
    total = np.exp(e_max_0) * mass_0 + np.sum(weights)
    return (np.exp(e_max_0) * read_0 + weights @ v_keys[:t]) / total
