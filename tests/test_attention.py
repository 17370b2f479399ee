"""What attention does, apart from what its formulas state."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnnotes import attention

FIGURES = run_path(str(Path(__file__).parents[1] / "docs" / "figures" / "attention.py"))

T, T_X, D_K, D_A, H = 4, 5, 3, 6, 2
"""Sizes, no two alike."""


@pytest.fixture
def rows(rng):
    """Queries, keys and values."""
    shapes = [(T, D_K), (T_X, D_K), (T_X, H)]
    return [rng.standard_normal(shape) for shape in shapes]


def slope(function, array, step=1e-6):
    """Central differences of a scalar function of an array."""
    grads = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        moved = np.zeros_like(array)
        moved[place] = step
        grads[place] = (function(array + moved) - function(array - moved)) / (2 * step)
    return grads


def read_by_hand(query, keys, values):
    """Context of one query, by loops over plain numbers."""
    scores = [
        sum(q * k for q, k in zip(query, key, strict=True)) / len(query) ** 0.5 for key in keys
    ]
    parts = [2.718281828459045**score for score in scores]
    return [
        sum(part * value[i] for part, value in zip(parts, values, strict=True)) / sum(parts)
        for i in range(len(values[0]))
    ]


def test_attention_is_the_loop_over_queries_keys_and_entries(rows):
    """The loop has no matrix, so no transpose can be wrong in both."""
    queries, keys, values = rows
    wanted = [read_by_hand(query, keys, values) for query in queries]

    np.testing.assert_allclose(attention.scaled_dot_product_attention(*rows), wanted, rtol=1e-12)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_backward_pass_of_all_queries_agrees_with_differences(rows, place):
    """The formulas of the backward pass, one after the other, against a small step."""
    queries, keys, values = rows
    A = attention.weight_rows(attention.score_rows(queries, keys))
    dcontexts = np.cos(attention.context_rows(values, A))
    dE = attention.score_gradient_rows(attention.weight_gradient_rows(dcontexts, values), A)
    grads = [
        attention.query_gradient_rows(dE, keys),
        attention.key_gradient_rows(dE, queries),
        attention.value_gradient_rows(dcontexts, A),
    ]

    def loss(array):
        return np.sin(
            attention.scaled_dot_product_attention(*rows[:place], array, *rows[place + 1 :])
        ).sum()

    np.testing.assert_allclose(grads[place], slope(loss, rows[place]), atol=1e-8)


def test_backward_pass_of_one_query_agrees_with_differences(rows):
    """Its three gradients and the Jacobian are chained as the page says."""
    queries, keys, values = rows
    query = queries[0]

    def context(query=query, keys=keys, values=values):
        scores = attention.scaled_dot_scores(keys, query)
        return attention.pooling(values, attention.weights(scores))

    alpha = attention.weights(attention.scaled_dot_scores(keys, query))
    dc = np.cos(context())
    de = attention.score_gradient(attention.weight_gradient(dc, values), alpha)
    J = attention.context_jacobian(keys, values, alpha)

    def loss(**moved):
        return np.sin(context(**moved)).sum()

    for grad, name, array in [
        (attention.query_gradient(de, keys), "query", query),
        (attention.key_gradient(de, query), "keys", keys),
        (attention.value_gradient(dc, alpha), "values", values),
    ]:
        differences = slope(lambda moved, name=name: loss(**{name: moved}), array)
        np.testing.assert_allclose(grad, differences, atol=1e-8)
    np.testing.assert_allclose(J.T @ dc, attention.query_gradient(de, keys), rtol=1e-12)
    np.testing.assert_allclose(
        attention.context_covariance(keys, values, alpha, context()), J, atol=1e-12
    )


@pytest.mark.parametrize("name", ["W_q", "W_k", "v_a"])
def test_backward_pass_of_additive_scores_agrees_with_differences(rows, rng, name):
    """Each weight of the units that compare, moved by a small step."""
    (query, *_), keys, values = rows
    weights = {
        "W_q": rng.standard_normal((D_A, D_K)),
        "W_k": rng.standard_normal((D_A, D_K)),
        "v_a": rng.standard_normal(D_A),
    }

    def run(W_q, W_k, v_a):
        a_keys = attention.additive_pre_activation(keys, W_q, W_k, query)
        alpha = attention.weights(attention.additive_scores(a_keys, v_a))
        return a_keys, alpha, attention.pooling(values, alpha)

    a_keys, alpha, context = run(**weights)
    de = attention.score_gradient(attention.weight_gradient(np.cos(context), values), alpha)
    da = attention.additive_pre_activation_gradient(de, a_keys, weights["v_a"])
    grads = {
        "W_q": attention.query_weight_gradient(da, query),
        "W_k": attention.key_weight_gradient(da, keys),
        "v_a": attention.score_weight_gradient(de, a_keys),
    }

    def loss(moved):
        return np.sin(run(**{**weights, name: moved})[2]).sum()

    np.testing.assert_allclose(grads[name], slope(loss, weights[name]), atol=1e-8)


numbers = st.floats(-50, 50)
"""Scores that overflow nothing."""


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8))
def test_key_by_key_is_at_once(pairs):
    """From nothing, a start that no formula has as its own case, and in any order of scores."""
    e, v = np.array(pairs).T
    e_max, mass, read = -np.inf, 0.0, np.zeros(1)
    for e_key, v_key in zip(e, v[:, None], strict=True):
        before, e_max = e_max, attention.running_max(e_key, e_max)
        mass = attention.running_sum(e_key, mass, before, e_max)
        read = attention.running_read(e_key, v_key, read, before, e_max)

    wanted = attention.pooling(v[:, None], attention.weights(e))
    np.testing.assert_allclose(read / mass, wanted, rtol=1e-9, atol=1e-9)
    assert e_max == e.max()


def test_key_by_key_survives_scores_that_overflow():
    """The reason for the largest score: at once, 1000 has no exponential."""
    e_max, mass = -np.inf, 0.0
    for e_key in (1000.0, 1000 + np.log(3)):
        before, e_max = e_max, attention.running_max(e_key, e_max)
        mass = attention.running_sum(e_key, mass, before, e_max)

    assert mass == pytest.approx(4 / 3)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8))
def test_context_stays_between_the_least_and_the_largest_value(pairs):
    """Over any scores; rounding may add a little."""
    e, v = np.array(pairs).T
    (read,) = attention.pooling(v[:, None], attention.weights(e))

    assert v.min() - 1e-9 <= read <= v.max() + 1e-9
    assert attention.upper_bound(v[:, None], i=1) == v.max()
    assert -attention.lower_bound(v[:, None], i=1) == v.min()


def test_causal_weights_do_not_know_what_comes_later(rng):
    """A change of later scores is drawn at random, and the row stays as it was."""
    e = rng.standard_normal((T, T))
    for row, mask in enumerate(attention.causal_top_left(T, T)):
        changed = e[row].copy()
        changed[row + 1 :] = rng.standard_normal(T - row - 1)

        np.testing.assert_array_equal(
            attention.masked_weights(changed, mask), attention.masked_weights(e[row], mask)
        )


def test_both_causal_masks_agree_where_there_are_as_many_keys_as_queries():
    """They differ by the number of keys less that of queries, and by nothing else."""
    square = attention.causal_top_left(T, T)

    np.testing.assert_array_equal(square, attention.causal_bottom_right(T, T))
    assert square.sum(axis=1).tolist() == [1, 2, 3, 4]


def test_masks_are_those_that_the_sources_print():
    """The README of FlashAttention has two queries and five keys; PyTorch has three and four."""
    two_by_five = [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]

    assert attention.causal_bottom_right(T=2, T_x=5).tolist() == two_by_five
    assert attention.causal_top_left(T=3, T_x=4).tolist() == [
        [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0],
    ]  # fmt: skip


def test_the_drawn_weights_are_the_fractions_that_the_text_names():
    """The alternative text says four, six and two twelfths, and three, three and six."""
    (axes,) = FIGURES["alignment"]().axes

    np.testing.assert_allclose(12 * FIGURES["shares"](), [[4, 6, 2], [3, 3, 6]])
    assert [text.get_text() for text in axes.texts] == [
        "4/12", "6/12", "2/12", "3/12", "3/12", "6/12",
    ]  # fmt: skip
    areas = [line.get_markersize() ** 2 for line in axes.lines]
    np.testing.assert_allclose(np.array(areas) / areas[0], [1, 1.5, 0.5, 0.75, 0.75, 1.5])
