"""PyTorch computes and differentiates attention without this book, and agrees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import scaled_dot_product_attention

from rnnnotes import attention

T, T_X, D_K, H = 3, 5, 4, 2


@pytest.fixture
def rows(rng):
    """Queries, keys and values, as letters of PyTorch."""
    shapes = [(T, D_K), (T_X, D_K), (T_X, H)]
    return [torch.tensor(rng.standard_normal(shape), requires_grad=True) for shape in shapes]


def numbers(tensors):
    """The same as arrays."""
    return [tensor.detach().numpy() for tensor in tensors]


def masked(queries, keys, values, masks):
    """Contexts under a mask, a query at a time."""
    scores = attention.score_rows(queries, keys)
    return [
        attention.pooling(values, attention.masked_weights(e, mask))
        for e, mask in zip(scores, masks, strict=True)
    ]


def test_contexts_are_those_of_scaled_dot_product_attention(rows):
    """The scale is its default, one over the root of the entries of a query."""
    theirs = scaled_dot_product_attention(*rows).detach()

    np.testing.assert_allclose(
        attention.scaled_dot_product_attention(*numbers(rows)), theirs, rtol=1e-12
    )


def test_gradients_are_those_of_autograd(rows):
    """One backward pass of a loss that is not linear."""
    scaled_dot_product_attention(*rows).sin().sum().backward()
    queries, keys, values = numbers(rows)

    A = attention.weight_rows(attention.score_rows(queries, keys))
    dcontexts = np.cos(attention.context_rows(values, A))
    dE = attention.score_gradient_rows(attention.weight_gradient_rows(dcontexts, values), A)
    ours = (
        attention.query_gradient_rows(dE, keys),
        attention.key_gradient_rows(dE, queries),
        attention.value_gradient_rows(dcontexts, A),
    )

    for our, their in zip(ours, rows, strict=True):
        np.testing.assert_allclose(our, their.grad, rtol=1e-9, atol=1e-12)


def test_is_causal_is_aligned_at_the_first_key(rows):
    """There are more keys than queries, so the other mask would give other contexts."""
    theirs = scaled_dot_product_attention(*rows, is_causal=True).detach()
    first, last = attention.causal_top_left(T, T_X), attention.causal_bottom_right(T, T_X)

    np.testing.assert_allclose(masked(*numbers(rows), first), theirs, rtol=1e-12)
    assert np.abs(masked(*numbers(rows), last) - theirs.numpy()).max() > 0.01


def test_causal_lower_right_is_aligned_at_the_last_key(rows):
    """The mask of PyTorch for decoding with a cache, as a matrix."""
    bias = causal_lower_right(T, T_X)._materialize()
    theirs = scaled_dot_product_attention(*rows, attn_mask=bias).detach()
    last = attention.causal_bottom_right(T, T_X)

    np.testing.assert_array_equal(bias.numpy(), last.astype(bool))
    np.testing.assert_allclose(masked(*numbers(rows), last), theirs, rtol=1e-12)
