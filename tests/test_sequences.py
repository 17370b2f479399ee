"""What sequences and their losses do, apart from what their formulas state."""

from __future__ import annotations

from functools import reduce
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnnotes import gru, sequences, vanilla_rnn

V, T, H = 3, 4, 5

PROBABILITIES = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=8)


# -- One token after another -----------------------------------------------------------------------


@pytest.fixture
def table(rng):
    """Probability of every sequence, drawn at random."""
    return rng.dirichlet(np.ones(V**T)).reshape((V,) * T)


def shares(table, tokens):
    """Probability of each token of a sequence, given all before it, from a table."""
    P = [table[tokens[:t]].sum() for t in range(len(tokens) + 1)]
    return [sequences.next_token(*pair) for pair in zip(P[1:], P, strict=False)]


def test_any_table_is_the_product_of_its_shares(table):
    """No structure is supposed: every entry of a random table comes back."""
    for tokens in product(range(V), repeat=T):
        assert sequences.factorisation(shares(table, tokens)) == pytest.approx(table[tokens])


def test_shares_of_what_comes_next_add_up_to_one(table):
    """After each beginning of any length, the next token is one of the vocabulary."""
    for length in range(T):
        for tokens in product(range(V), repeat=length):
            each = [table[(*tokens, token)].sum() for token in range(V)]

            assert sequences.next_sum(each, table[tokens].sum()) == pytest.approx(1)
            assert sum(shares(table, (*tokens, token))[-1] for token in range(V)) == pytest.approx(
                1
            )


def scores(h, weights):
    """Probabilities that a vanilla network tells from a state."""
    a_y = vanilla_rnn.output_pre_activation(h, weights["W_hy"], weights["b_y"])
    return vanilla_rnn.output_probabilities(a_y)


@pytest.fixture
def weights(rng):
    """Weights of a vanilla network that reads and tells tokens."""
    shapes = {"W_xh": (H, V), "W_hh": (H, H), "b_h": H, "W_hy": (V, H), "b_y": V}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def told(tokens, weights):
    """Probability of each token, told by a network that has read those before it."""
    h, found = np.zeros(H), []
    for token in np.eye(V)[list(tokens)]:
        found.append(sequences.latent_token(h, token, lambda h: scores(h, weights)))
        h = vanilla_rnn.elman(token, h, weights["W_xh"], weights["W_hh"], weights["b_h"], np.tanh)
    return found


def test_a_network_that_tells_token_by_token_is_a_distribution(weights):
    """The probabilities of all sequences of one length add up to one, whatever the weights."""
    everything = [told(tokens, weights) for tokens in product(range(V), repeat=T)]

    assert sum(map(sequences.factorisation, everything)) == pytest.approx(1)


def test_unrolled_probability_is_that_of_the_last_token(weights):
    """The loop within the formula and the loop over its steps read the same."""
    tokens = (2, 0, 1, 1)
    xs = np.eye(V)[list(tokens)]

    def step(s, x, theta):
        return vanilla_rnn.elman(x, s, weights["W_xh"], weights["W_hh"], weights["b_h"], np.tanh)

    whole = sequences.latent_unrolled(
        xs[:-1], np.zeros(H), xs[-1], np.zeros(1), step, lambda h: scores(h, weights)
    )

    assert whole == pytest.approx(told(tokens, weights)[-1])


def markov_table(order, rng):
    """Probability of every sequence of a random chain, in which a token sees those before it."""
    rules = {
        past: rng.dirichlet(np.ones(V))
        for length in range(order + 1)
        for past in product(range(V), repeat=length)
    }
    return np.reshape(
        [
            np.prod([rules[tokens[max(0, t - order) : t]][tokens[t]] for t in range(T)])
            for tokens in product(range(V), repeat=T)
        ],
        (V,) * T,
    )


def window(table, tokens, first, last):
    """Probability of the tokens from one step to another."""
    here = tuple(
        token if first <= step <= last else slice(None)
        for step, token in enumerate(tokens, start=1)
    )
    return table[here].sum()


def windowed(table, tokens, tau):
    """Probability of the last token, given as many before it as are looked at."""
    return sequences.window_token(
        window(table, tokens, T - tau, T), window(table, tokens, T - tau, T - 1)
    )


@pytest.mark.parametrize("order", [1, 2])
def test_a_window_is_exact_from_the_order_of_the_chain_on(order, rng):
    """A chain is drawn whose order is known; a shorter window misses it by a lot."""
    table = markov_table(order, rng)
    gaps = {
        tau: max(
            abs(windowed(table, tokens, tau) - shares(table, tokens)[-1])
            for tokens in product(range(V), repeat=T)
        )
        for tau in range(T)
    }

    assert all((gap < 1e-12) == (tau >= order) for tau, gap in gaps.items())
    assert min(gap for tau, gap in gaps.items() if tau < order) > 0.1


def test_a_shorter_window_costs_more_in_the_mean(table):
    """A known inequality of information: less is seen, so more is paid."""
    costs = [
        sum(
            table[tokens] * sequences.token_loss(windowed(table, tokens, tau))
            for tokens in product(range(V), repeat=T)
        )
        for tau in range(T)
    ]

    assert costs == sorted(costs, reverse=True)
    assert costs[0] - costs[-1] > 0.01


# -- Losses ----------------------------------------------------------------------------------------


@given(PROBABILITIES)
def test_perplexity_is_the_geometric_mean_of_choices(p_nexts):
    """The root is taken here, which the statement leaves to a power."""
    PPL = sequences.perplexity(sequences.mean_loss(p_nexts))

    assert np.prod(p_nexts) ** (-1 / len(p_nexts)) == pytest.approx(PPL)
    assert pytest.approx(sequences.perplexity_bound(p_nexts)) == PPL
    assert pytest.approx(sequences.perplexity_power(np.prod(p_nexts))) == PPL ** len(p_nexts)
    assert 1 <= PPL <= 1 / min(p_nexts) * (1 + 1e-12)


@given(PROBABILITIES)
def test_bits_are_logarithms_to_the_base_two(p_nexts):
    """NumPy has them on its own, and a power of two for the way back."""
    L_bits = sequences.bits(sequences.mean_loss(p_nexts))

    assert pytest.approx(-np.mean(np.log2(p_nexts))) == L_bits
    assert sequences.bits_of_tokens(p_nexts) == pytest.approx(L_bits)
    assert sequences.perplexity_of_bits(L_bits) == pytest.approx(2**L_bits)


def test_bits_per_character_do_not_depend_on_how_a_text_is_split():
    """Characters of a word that are told one by one are as probable as the word at once."""
    characters = [1 / 2, 1 / 4, 1 / 8, 1 / 2, 1 / 2, 1]
    words = [np.prod(characters[:3]), np.prod(characters[3:])]
    by_word, by_character = (
        sequences.bits_per_character([sequences.token_loss(p) for p in told], Y=6)
        for told in (words, characters)
    )

    assert by_word == pytest.approx(by_character)
    assert by_word == pytest.approx(8 / 6)


# -- Padding ---------------------------------------------------------------------------------------


@given(st.data())
def test_masked_loss_is_the_mean_of_what_is_picked(data):
    """A mask that picks by index, and does not multiply, is another way to say it."""
    length = data.draw(st.integers(1, 8))
    masks = data.draw(st.lists(st.booleans(), min_size=length, max_size=length).filter(any))
    losses = np.array(data.draw(st.lists(st.floats(0, 50), min_size=length, max_size=length)))
    masked = sequences.masked_loss(losses, np.array(masks, dtype=float))

    assert masked == pytest.approx(losses[masks].mean())
    assert sequences.mean_over_all(np.array(masks, dtype=float), masked) == pytest.approx(
        np.where(masks, losses, 0).mean()
    )


def test_weights_of_the_steps_match_differences(rng):
    """Differences know nothing of the quotient."""
    losses, masks = rng.uniform(size=5), np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    slopes = [
        (sequences.masked_loss(losses + e, masks) - sequences.masked_loss(losses - e, masks)) / 2e-6
        for e in 1e-6 * np.eye(5)
    ]

    np.testing.assert_allclose([sequences.step_weight(m, masks) for m in masks], slopes, atol=1e-9)


def gru_step(weights):
    """Step of a GRU, as a map of a state and an input."""

    def step(h, x, theta):
        r, z = (
            gate(pre(x, h, weights[f"W_x{g}"], weights[f"W_h{g}"], weights[f"b_{g}"]))
            for g, gate, pre in (
                ("r", gru.reset_gate, gru.reset_gate_pre_activation),
                ("z", gru.update_gate, gru.update_gate_pre_activation),
            )
        )
        a = gru.pre_activation_reset_before(
            x, r, h, weights["W_xh"], weights["W_hh"], weights["b_h"]
        )
        return gru.hidden_state(z, h, gru.candidate(a))

    return step


def reads(xs, masks, step):
    """States of a network that skips padding."""
    return list(
        reduce(
            lambda hs, pair: [
                *hs,
                sequences.masked_state(pair[0], hs[-1], pair[1], np.zeros(1), step),
            ],
            zip(xs, masks, strict=True),
            [np.zeros(H)],
        )
    )


@pytest.fixture
def step(rng):
    """Step of a GRU with random weights."""
    shapes = {"W_x": (H, V), "W_h": (H, H), "b_": (H,)}
    return gru_step(
        {
            f"{name}{gate}": rng.standard_normal(shape)
            for name, shape in shapes.items()
            for gate in "rzh"
        }
    )


def test_padding_of_any_kind_leaves_the_last_state(step, rng):
    """A GRU reads three steps, and then noise under the mask; without it, the state moves."""
    xs, noise = rng.standard_normal((3, V)), 100 * rng.standard_normal((4, V))
    plain = vanilla_rnn.unrolled(xs, np.zeros(H), np.zeros(1), step)
    padded = np.concatenate([xs, noise])
    hs = reads(padded, [1, 1, 1, 0, 0, 0, 0], step)

    for h in hs[3:]:
        np.testing.assert_array_equal(h, plain)
    assert np.abs(reads(padded, np.ones(7), step)[-1] - plain).max() > 0.1
    assert np.abs(reads(np.concatenate([xs, 0 * noise]), np.ones(7), step)[-1] - plain).max() > 0.1


def test_a_gap_in_the_middle_is_skipped(step, rng):
    """The mask need not be at the end: what is left reads as if it were joined."""
    xs = rng.standard_normal((5, V))
    joined = vanilla_rnn.unrolled(xs[[0, 3, 4]], np.zeros(H), np.zeros(1), step)

    np.testing.assert_array_equal(reads(xs, [1, 0, 0, 1, 1], step)[-1], joined)


def test_gradient_passes_through_padding_unchanged(step, rng):
    """Differences of the last state, by an input of a step that counts and by one of padding."""
    xs, masks = rng.standard_normal((6, V)), [1, 1, 0, 0, 0, 0]

    def slope(place, masks):
        nudge = np.zeros((6, V))
        nudge[place, 0] = 1e-6
        ahead, back = (reads(xs + sign * nudge, masks, step)[-1] for sign in (1, -1))
        return (ahead - back) / 2e-6

    before = np.zeros((2, V))
    before[1, 0] = 1e-6
    ahead, back = (reads(xs[:2] + sign * before, [1, 1], step)[-1] for sign in (1, -1))

    np.testing.assert_allclose(slope(1, masks), (ahead - back) / 2e-6, atol=1e-9)
    np.testing.assert_array_equal(slope(4, masks), sequences.padded_input(D=V, H=H)[:, 0])
    assert np.abs(slope(4, np.ones(6))).max() > 0.01


# -- The figure ------------------------------------------------------------------------------------


def test_a_drawn_arrow_is_a_step_of_the_network():
    """What is told is told from a state that has read all before, and each state has one before."""
    from figures import sequences as figures

    for pattern in figures.PATTERNS.values():
        drawn = figures.arrows(pattern)
        into = {end: start for start, end in drawn if start[1] == figures.HELD}

        assert len(drawn) == len(pattern.reads) + len(pattern.tells) + pattern.steps - 1
        assert max(pattern.reads + pattern.tells) == pattern.steps
        for step in range(2, pattern.steps + 1):
            assert into[step, figures.HELD] == (step - 1, figures.HELD)
        for step in pattern.tells:
            assert into[step, figures.TOLD] == (step, figures.HELD)
    unaligned = figures.PATTERNS["many to many, unaligned"]
    assert max(unaligned.reads) < min(unaligned.tells)
    assert len(unaligned.reads) != len(unaligned.tells)


def test_patterns_are_drawn():
    """Each has a panel of its own with its arrows and its three rows."""
    from figures import sequences as figures

    axes = figures.patterns().axes

    assert [one.get_title() for one in axes] == list(figures.PATTERNS)
    for one, pattern in zip(axes, figures.PATTERNS.values(), strict=True):
        assert sum(text.arrow_patch is not None for text in one.texts) == len(
            figures.arrows(pattern)
        )
        assert [len(line.get_xdata()) for line in one.lines] == [
            len(pattern.reads), pattern.steps, len(pattern.tells),
        ]  # fmt: skip
