"""Sequences and their losses.

A network that reads a sequence gives a probability to the token that comes next.  This chapter
says what such probabilities have to do with that of the whole sequence, how a loss is made of
them, and what becomes of a loss and of a state where a sequence is shorter than others of its
batch.
"""

from __future__ import annotations

import numpy as np

from rnnnotes.book.state.arrays import Array, Map, Scalar
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation.sequences import *
from rnnnotes.vanilla_rnn import generic_state, loss_mean, unrolled

START = Eq(P_prefix[0], 1)
"""No token is certain to have come."""

# -- One token after another -----------------------------------------------------------------------


@formula(Eq(p_next[t], P_prefix[t] / P_prefix[t - 1]), source="zhang2023")
def next_token(P_prefix: float, P_prefix_prev: float) -> Scalar:
    """Probability of the next token.

    P_prefix : Probability of the tokens so far and of the next one: that of all sequences that
        start with them.
    p_next : Number in (0, 1].

    A quarter of all sequences starts with the tokens so far, and 3/16 go on with this one.

    >>> next_token(P_prefix=3 / 16, P_prefix_prev=1 / 4)
    0.75
    """
    return P_prefix / P_prefix_prev


@formula(
    Eq(Total(P_each[t] / P_prefix[t]), 1),
    source="zhang2023",
    where=[Eq(P_prefix[t], Total(P_each[t]))],
    ranges={t: (0, T)},
    derivation=[
        ("=", Total(P_each[t]) / P_prefix[t], "the denominator is the same for each token"),
        ("=", "one of the tokens comes next"),
    ],
)
def next_sum(P_each: Array, P_prefix: float) -> Scalar:
    """Probabilities of all that may come next.

    sum : One, up to rounding.

    >>> next_sum([3 / 16, 1 / 16], P_prefix=1 / 4)
    np.float64(1.0)
    """
    return np.sum(P_each / P_prefix)


@formula(
    Eq(P_prefix[T], Product(p_next[t], t, T, 1)),
    source="zhang2023",
    given=[next_token],
    where=[START],
    derivation=[
        (
            "=",
            Product(P_prefix[t] / P_prefix[t - 1], t, T, 1),
            "each denominator is the numerator before it, and the first is one",
        ),
        ("=", "the probability of the next token"),
    ],
)
def factorisation(p_nexts: Array) -> Scalar:
    """Probability of a sequence, token by token.

    P : Probability of the whole sequence.

    >>> factorisation([1 / 2, 1 / 2, 3 / 4])
    np.float64(0.1875)
    """
    return np.prod(p_nexts)


# -- A short memory --------------------------------------------------------------------------------


@formula(
    Eq(p_window[tau, t], P_window[t - tau, t] / P_window[t - tau, t - 1]),
    source="zhang2023",
    ranges={t: (tau + 1, T)},
    bindings={
        "P_window": P_window[t - tau, t],
        "P_window_prev": P_window[t - tau, t - 1],
    },
)
def window_token(P_window: float, P_window_prev: float) -> Scalar:
    """Probability of the next token in a Markov model.

    P_window : Probability of a few tokens and the next one, whatever came before.
    P_window_prev : Probability of these few tokens.
    p_window : Number in (0, 1].

    Half of all sequences have this token before, and a quarter has the next one after it.

    >>> window_token(P_window=1 / 4, P_window_prev=1 / 2)
    0.5
    """
    return P_window / P_window_prev


@formula(
    Eq(p_window[t - 1, t], p_next[t]),
    source="zhang2023",
    given=[next_token, window_token],
    where=[Eq(P_window[1, j], P_prefix[j])],
    ranges={t: (2, T)},
    derivation=[
        ("=", P_window[1, t] / P_window[1, t - 1], "the window starts at the first token"),
        ("=", "what starts there are the tokens so far"),
    ],
)
def whole_window(p_next: float) -> Scalar:
    """Window that reaches back to the first token.

    >>> whole_window(0.75)
    0.75
    """
    return p_next


# -- A state as summary ----------------------------------------------------------------------------


@formula(Eq(p_state[t], token[t] @ phi(s[t - 1])), source="zhang2023", ranges={t: (1, T + 1)})
def latent_token(s_prev: Array, token: Array, phi: Map) -> Scalar:
    """Probability of the next token, told from a state.

    phi : Map of a state to the probabilities of all tokens, such as a softmax of scores.
    p_state : Number in [0, 1], if `phi` gives probabilities.

    The state has the scores of two tokens, and the second comes.

    >>> latent_token(np.log([1, 3]), [0, 1], lambda s: np.exp(s) / np.sum(np.exp(s)))
    np.float64(0.75)
    """
    return token @ phi(s_prev)


@formula(
    Eq(p_state[T + 1], token[T + 1] @ phi(Compose(F(v, x[t], theta), v, s[0], t, 1, T))),
    source="zhang2023",
    given=[generic_state, unrolled, latent_token],
    derivation=[
        ("=", token[T + 1] @ phi(s[T]), "the probability that is told from the state"),
        ("=", "the state is made of all inputs, step by step"),
    ],
    bindings={"s_0": s[0], "token_last": token[T + 1]},
)
def latent_unrolled(
    xs: Array, s_0: Array, token_last: Array, theta: Array, F: Map, phi: Map
) -> Scalar:
    """Probability of the token after the last input.

    token_last : Token that comes after the last input.
    theta : Parameters, the same at every step.

    A state that adds up its inputs; each holds the scores that it gives to two tokens.

    >>> xs = np.log([[1.0, 2.0], [2.0, 3.0]])
    >>> softmax = lambda s: np.exp(s) / np.sum(np.exp(s))
    >>> latent_unrolled(xs, np.zeros(2), [0, 1], [0.0], lambda s, x, theta: s + x, softmax).round(9)
    np.float64(0.75)
    """
    s = s_0
    for step in range(len(xs)):
        s = F(s, xs[step], theta)
    return token_last @ phi(s)


# -- Losses ----------------------------------------------------------------------------------------


@formula(Eq(L_t[t], -log(p_next[t])), source="zhang2023")
def token_loss(p_next: float) -> Scalar:
    r"""Loss of one token.

    L_t : Number that is not negative, in nats.

    A token that was given the probability 1/2 costs :math:`\ln 2`.

    >>> token_loss(1 / 2).round(6)
    np.float64(0.693147)
    """
    return -np.log(p_next)


@formula(
    Eq(-log(P_prefix[T]), Sum(L_t[t], t, 1, T)),
    source="zhang2023",
    given=[next_token, token_loss],
    where=[START],
    derivation=[
        (
            "=",
            Sum(-log(p_next[t]), t, 1, T),
            "the logarithm of a product is the sum of the logarithms",
        ),
        ("=", "the loss of one token"),
    ],
)
def sequence_loss(L_ts: Array) -> Scalar:
    """Loss of a sequence.

    loss : Negative logarithm of the probability of the sequence.

    Three tokens, of one bit, one bit and two bits, and a sequence of four bits: of
    probability 1/16.

    >>> sequence_loss(np.log([2, 2, 4])) == np.log(16)
    np.True_
    """
    return np.sum(L_ts)


@formula(
    Eq(L_mean, -Sum(log(p_next[t]), t, 1, T) / T),
    source=["zhang2023", "hf_perplexity"],
    given=[token_loss, loss_mean],
    derivation=[
        ("=", Sum(L_t[t], t, 1, T) / T, "the mean loss of a step"),
        ("=", "the loss of one token"),
    ],
)
def mean_loss(p_nexts: Array) -> Scalar:
    r"""Mean loss of a token.

    Half of :math:`\ln 2 + \ln 8 = 4 \ln 2`.

    >>> (mean_loss([1 / 2, 1 / 8]) / np.log(2)).round(9)
    np.float64(2.0)
    """
    return -np.sum(np.log(p_nexts)) / len(p_nexts)


# -- Perplexity and bits ---------------------------------------------------------------------------


@formula(Eq(PPL, exp(L_mean)), source=["zhang2023", "hf_perplexity"])
def perplexity(L_mean: float) -> Scalar:
    """Perplexity.

    PPL : Number that is at least 1.

    A mean loss of two bits is that of four tokens which are all as probable.

    >>> perplexity(2 * np.log(2)).round(9)
    np.float64(4.0)
    """
    return np.exp(L_mean)


@formula(
    Eq(PPL**T, 1 / P_prefix[T]),
    source="zhang2023",
    given=[next_token, token_loss, sequence_loss, loss_mean, perplexity],
    where=[START],
    derivation=[
        ("=", exp(Sum(L_t[t], t, 1, T)), "a power of an exponential, and T times the mean"),
        ("=", exp(-log(P_prefix[T])), "the loss of a sequence"),
        ("=", "the exponential undoes the logarithm"),
    ],
    bindings={"P": P_prefix[T]},
)
def perplexity_power(P: float) -> Scalar:
    """Perplexity and the probability of the sequence.

    P : Probability of the whole sequence.
    power : Perplexity to the power of the number of tokens.

    Two tokens of probability 1/2 and 1/8 are a sequence of 1/16: a perplexity of 4.

    >>> perplexity_power(1 / 16)
    16.0
    """
    return 1 / P


@formula(
    Eq(PPL, Number(V)),
    source="zhang2023",
    given=[token_loss, loss_mean, perplexity],
    where=[Eq(p_next[t], wrap(1) / V)],
    derivation=[
        ("=", exp(-log(wrap(1) / V)), "each token costs the same"),
        ("=", "the exponential undoes the logarithm"),
    ],
)
def perplexity_uniform(V: int) -> int:
    """Perplexity of a guess among all tokens alike.

    PPL : How many tokens there are.

    >>> perplexity_uniform(V=6)
    6
    """
    return V


@formula(
    Le(1, PPL),
    source="zhang2023",
    given=[token_loss, loss_mean, perplexity],
    where=[Le(p_next[t], 1)],
    derivation=[
        ("<=", 1 + L_mean, "no token that has a probability of at most one costs less than zero"),
        ("<=", exp(L_mean), "an exponential is above its tangent"),
        ("=", "the perplexity"),
    ],
    bindings={"p_nexts": Steps(p_next)},
)
def perplexity_bound(p_nexts: Array) -> Scalar:
    """Bound of the perplexity.

    PPL : Perplexity, which is 1 where each token was certain.

    >>> perplexity_bound([1.0, 1.0])
    np.float64(1.0)
    """
    return np.exp(-np.sum(np.log(p_nexts)) / len(p_nexts))


@formula(Eq(L_bits, L_mean / log(wrap(2))), source="eleuther_metrics")
def bits(L_mean: float) -> Scalar:
    r"""Mean loss in bits.

    L_bits : Bits per token: per character, if each token is one.

    A loss of :math:`\ln 8` is three bits.

    >>> bits(np.log(8)).round(9)
    np.float64(3.0)
    """
    return L_mean / np.log(2)


@formula(
    Eq(L_bits, -Sum(log(p_next[t]) / log(wrap(2)), t, 1, T) / T),
    source="eleuther_metrics",
    given=[token_loss, loss_mean, bits],
    derivation=[
        ("=", -Sum(log(p_next[t]), t, 1, T) / T / log(wrap(2)), "the mean loss of a token"),
        ("=", "a quotient of a sum is the sum of the quotients"),
    ],
)
def bits_of_tokens(p_nexts: Array) -> Scalar:
    """Mean loss by logarithms to the base 2.

    A logarithm to the base 2 is a natural one, divided by that of 2.

    >>> bits_of_tokens([1 / 2, 1 / 8]).round(9)
    np.float64(2.0)
    """
    return -np.sum(np.log(p_nexts) / np.log(2)) / len(p_nexts)


@formula(
    Eq(PPL, exp(log(wrap(2)) * L_bits)),
    source=["zhang2023", "eleuther_metrics"],
    given=[bits, perplexity],
    derivation=[
        ("=", exp(L_mean), "the perplexity"),
        ("=", "a bit is the logarithm of 2 in nats"),
    ],
)
def perplexity_of_bits(L_bits: float) -> Scalar:
    """Perplexity from bits.

    PPL : Two to the power of the bits, written with an exponential.

    >>> perplexity_of_bits(3.0).round(9)
    np.float64(8.0)
    """
    return np.exp(np.log(2) * L_bits)


@formula(Eq(L_char, Sum(L_t[t], t, 1, T) / (Y * log(wrap(2)))), source="eleuther_metrics")
def bits_per_character(L_ts: Array, Y: int) -> Scalar:
    r"""Bits per character.

    Two tokens of :math:`\ln 8` each are six bits, for a text of four characters.

    >>> bits_per_character(np.log([8, 8]), Y=4).round(9)
    np.float64(1.5)
    """
    return np.sum(L_ts) / (Y * np.log(2))


@formula(
    Eq(L_char, wrap(T) / Y * L_bits),
    source="eleuther_metrics",
    given=[loss_mean, bits, bits_per_character],
    derivation=[
        ("=", T * L_mean / (Y * log(wrap(2))), "the mean loss of a token"),
        ("=", "the mean loss in bits"),
    ],
)
def character_share(L_bits: float, T: int, Y: int) -> Scalar:
    """Bits per character from bits per token.

    >>> character_share(3.0, T=2, Y=4)
    1.5
    """
    return T / Y * L_bits


# -- Padding in a loss -----------------------------------------------------------------------------

COUNTED = Sum(mask[j], j, 1, T + Z)
"""How many steps count."""

SOME = Ne(COUNTED, 0)
"""One step at least counts."""


@formula(
    Eq(L_masked, Sum(mask[j] * L_long[j], j, 1, T + Z) / COUNTED), source="zhang2023", where=[SOME]
)
def masked_loss(L_longs: Array, masks: Array) -> Scalar:
    """Mean loss of the steps that count.

    The last step is padding, and its loss of 99 does not matter.

    >>> masked_loss([2.0, 4.0, 99.0], masks=[1, 1, 0])
    np.float64(3.0)
    """
    return np.sum(masks * L_longs) / np.sum(masks)


@formula(
    Eq(Sum(mask[j] * L_long[j], j, 1, T + Z) / (T + Z), COUNTED / (T + Z) * L_masked),
    source="zhang2023",
    given=[masked_loss],
    where=[SOME],
    derivation=[("=", "the sum of the losses is the mean, times the number of steps that count")],
)
def mean_over_all(masks: Array, L_masked: float) -> Scalar:
    """Mean over all steps of what a mask leaves.

    mean : Masked losses, divided by the number of all steps.

    Two thirds of the steps count, so two thirds of the mean are left.

    >>> mean_over_all([1, 1, 0], L_masked=3.0)
    np.float64(2.0)
    """
    return np.sum(masks) / len(masks) * L_masked


@formula(
    Eq(L_masked, Sum(L_long[j], j, 1, T) / T),
    source="zhang2023",
    given=[masked_loss],
    where=[SOME, Eq(mask[t], Bracket(Le(t, T)))],
    ranges={t: (1, T + Z)},
    derivation=[("=", "the steps of the sequence count, and those of padding do not")],
    bindings={"L_ts": Steps(L_long, 1, T)},
)
def unpadded_loss(L_ts: Array) -> Scalar:
    """Mean loss of a sequence, whatever its padding.

    L_ts : Losses of the steps before the padding.

    >>> unpadded_loss([2.0, 4.0])
    np.float64(3.0)
    """
    return np.sum(L_ts) / len(L_ts)


@formula(
    Eq(Gradient(L_masked, L_long[t]), mask[t] / COUNTED),
    source="zhang2023",
    given=[masked_loss],
    where=[SOME],
    ranges={t: (1, T + Z)},
    derivation=[("=", "of the sum, one term has the loss of this step")],
)
def step_weight(mask: float, masks: Array) -> Scalar:
    """Weight of the loss of one step.

    weight : Derivative of the mean loss: zero at a step of padding.

    >>> print(step_weight(1, masks=[1, 1, 0]), step_weight(0, masks=[1, 1, 0]))
    0.5 0.0
    """
    return mask / np.sum(masks)


# -- Padding in a network --------------------------------------------------------------------------

LONG = {t: (1, T + Z)}
"""All steps, of padding too."""

PADDED = Eq(mask[t], 0)
"""The step at hand is padding."""


@formula(
    Eq(
        s_long[t],
        mask[t] * F(s_long[t - 1], x_long[t], theta) + (1 - mask[t]) * s_long[t - 1],
    ),
    source="keras_rnn",
    ranges=LONG,
)
def masked_state(x_long: Array, s_long_prev: Array, mask: float, theta: Array, F: Map) -> Array:
    """State of a network that skips padding.

    s_long_prev : State after the step before.
    theta : Parameters, the same at every step.

    A state that halves what it held and adds the input, at a step that counts and at one of
    padding:

    >>> halve = lambda s, x, theta: theta * s + x
    >>> masked_state([8.0], [2.0], mask=1, theta=[0.5], F=halve)
    array([9.])
    >>> masked_state([8.0], [2.0], mask=0, theta=[0.5], F=halve)
    array([2.])
    """
    return mask * F(s_long_prev, x_long, theta) + (1 - mask) * s_long_prev


@formula(Eq(o_long[t], mask[t] * s_long[t]), source="keras_rnn", ranges=LONG)
def masked_output(s_long: Array, mask: float) -> Array:
    """What a network shows that skips padding.

    >>> print(masked_output([2.0], mask=1), masked_output([2.0], mask=0))
    [2.] [0.]
    """
    return mask * s_long


@formula(
    Eq(s_long[t], F(s_long[t - 1], x_long[t], theta)),
    source="keras_rnn",
    given=[masked_state],
    where=[Eq(mask[t], 1)],
    ranges=LONG,
    derivation=[
        ("=", "the step is taken whole, and of the state before nothing is left beside it")
    ],
)
def counted_state(x_long: Array, s_long_prev: Array, theta: Array, F: Map) -> Array:
    """State after a step that counts.

    s_long_prev : State after the step before.
    theta : Parameters, the same at every step.

    >>> counted_state([8.0], [2.0], theta=[0.5], F=lambda s, x, theta: theta * s + x)
    array([9.])
    """
    return F(s_long_prev, x_long, theta)


@formula(
    Eq(s_long[t], s_long[t - 1]),
    source="keras_rnn",
    given=[masked_state],
    where=[PADDED],
    ranges=LONG,
    derivation=[("=", "of the step nothing is taken, and all of the state before is kept")],
)
def frozen_state(s_long_prev: Array) -> Array:
    """State after a step of padding.

    s_long_prev : State after the step before, which stays.

    >>> frozen_state([2.0])
    array([2.])
    """
    return s_long_prev


@formula(
    Eq(o_long[t], Zeros(H)),
    source="keras_rnn",
    given=[masked_output],
    where=[PADDED],
    ranges=LONG,
    derivation=[("=", "the mask is zero")],
)
def padded_output(H: int) -> Array:
    """What is shown at a step of padding.

    >>> padded_output(2)
    array([0., 0.])
    """
    return np.zeros(H)


@formula(
    Eq(s_long[t], s_long[T]),
    source="keras_rnn",
    given=[masked_state],
    where=[Eq(mask[j], 0)],
    ranges={t: (T, T + Z), j: (T + 1, T + Z)},
    derivation=[("=", "at each step of padding the state stays, so it stays for all of them")],
    bindings={"s_T": s_long[T]},
)
def last_state(s_T: Array) -> Array:
    """State at the end of the padding.

    s_T : State after the last step that counts.

    >>> last_state([2.0])
    array([2.])
    """
    return s_T


@formula(
    Eq(Jacobian(s_long[t], x_long[t]), Zeros(H, D)),
    source="keras_rnn",
    given=[masked_state],
    where=[PADDED],
    ranges=LONG,
    derivation=[("=", "the state does not read the input")],
)
def padded_input(D: int, H: int) -> Array:
    """Derivative of a state by an input of padding.

    J : Jacobian of the state by the input of the same step.

    >>> padded_input(D=2, H=1)
    array([[0., 0.]])
    """
    return np.zeros((H, D))


@formula(
    Eq(Jacobian(s_long[t], s_long[t - 1]), Identity(H)),
    source="keras_rnn",
    given=[masked_state],
    where=[PADDED],
    ranges=LONG,
    derivation=[("=", "the state is that before")],
)
def padded_jacobian(H: int) -> Array:
    """Jacobian of a step of padding.

    J : Jacobian of the state by the state before: a gradient passes unchanged.

    >>> padded_jacobian(2)
    array([[1., 0.],
           [0., 1.]])
    """
    return np.eye(H)
