r"""Variants of the LSTM: what was there before it, what was changed, and how programs write it.

Each variant is one change to the step of `rnnnotes.lstm`.  Where a variant is the same
function in other letters, the map is a theorem; where it is another function, the formula
says what became of the cell or of the state.
"""

from __future__ import annotations

import numpy as np

from rnnnotes import building_blocks, lstm
from rnnnotes.book.state.arrays import Array, Entrywise, Scalar
from rnnnotes.book.state.formulas import Code, formula
from rnnnotes.notation.lstm_variants import *

# -- The cell of 1997 ------------------------------------------------------------------------------


@formula(Eq(g_c(u), 4 * sigmoid(u) - 2), source="hochreiter1997", given=[building_blocks.sigmoid])
def squash_in(u: Entrywise) -> Entrywise:
    """Squashing of what enters the cell of 1997.

    g : Number in (-2, 2).

    Four times 3/4, less 2.

    >>> squash_in(np.log([3, 1 / 3]))
    array([ 1., -1.])
    """
    return 4 * building_blocks.sigmoid(u) - 2


@formula(Eq(h_c(u), 2 * sigmoid(u) - 1), source="hochreiter1997", given=[building_blocks.sigmoid])
def squash_out(u: Entrywise) -> Entrywise:
    """Squashing of what leaves the cell of 1997.

    h : Number in (-1, 1).

    Twice 3/4, less 1.

    >>> squash_out(np.log([3, 1 / 3]))
    array([ 0.5, -0.5])
    """
    return 2 * building_blocks.sigmoid(u) - 1


@formula(
    Eq(g_c(u), 2 * tanh(u / 2)),
    source="hochreiter1997",
    given=[squash_in, building_blocks.sigmoid, building_blocks.tanh],
    derivation=[
        ("=", 4 * sigmoid(u) - 2, "the definition of the squashing"),
        ("=", 4 / (1 + exp(-u)) - 2, "the definition of the sigmoid"),
        ("=", 2 * ((1 - exp(-u)) / (1 + exp(-u))), "one fraction, with a common factor"),
        ("=", "the definition of tanh, at half the number"),
    ],
)
def squash_in_tanh(u: Entrywise) -> Entrywise:
    r"""Squashing of the input, as a hyperbolic tangent.

    g : Twice the hyperbolic tangent of half the number.

    Half of :math:`2 \ln 3` has the tangent 4/5.

    >>> squash_in_tanh(2 * np.log([3, 2]))
    array([1.6, 1.2])
    """
    return 2 * np.tanh(u / 2)


@formula(
    Eq(h_c(u), tanh(u / 2)),
    source="hochreiter1997",
    given=[squash_out, building_blocks.sigmoid, building_blocks.tanh],
    derivation=[
        ("=", 2 * sigmoid(u) - 1, "the definition of the squashing"),
        ("=", 2 / (1 + exp(-u)) - 1, "the definition of the sigmoid"),
        ("=", (1 - exp(-u)) / (1 + exp(-u)), "one fraction"),
        ("=", "the definition of tanh, at half the number"),
    ],
)
def squash_out_tanh(u: Entrywise) -> Entrywise:
    r"""Squashing of the output, as a hyperbolic tangent.

    h : Hyperbolic tangent of half the number.

    Half of :math:`2 \ln 3` has the tangent 4/5.

    >>> squash_out_tanh(2 * np.log([3, 2]))
    array([0.8, 0.6])
    """
    return np.tanh(u / 2)


@formula(
    Lt(g_c(u) ** 2, wrap(4)),
    source="hochreiter1997",
    given=[squash_in, building_blocks.sigmoid],
    derivation=[
        ("=", (4 * sigmoid(u) - 2) ** 2, "the definition of the squashing"),
        ("=", 4 - 16 * sigmoid(u) * sigmoid(-u), "what a sigmoid lacks to one is its mirror image"),
        ("<", "both sigmoids are positive"),
    ],
)
def squash_in_range() -> float:
    """Range of what enters the cell of 1997.

    bound : The square of the squashing stays below it: the squashing lies in (-2, 2).

    >>> squash_in_range()
    4.0
    """
    return 4.0


@formula(
    Lt(h_c(u) ** 2, wrap(1)),
    source="hochreiter1997",
    given=[squash_out, building_blocks.sigmoid],
    derivation=[
        ("=", (2 * sigmoid(u) - 1) ** 2, "the definition of the squashing"),
        ("=", 1 - 4 * sigmoid(u) * sigmoid(-u), "what a sigmoid lacks to one is its mirror image"),
        ("<", "both sigmoids are positive"),
    ],
)
def squash_out_range() -> float:
    """Range of what leaves the cell of 1997.

    bound : The square of the squashing stays below it: the squashing lies in (-1, 1).

    >>> squash_out_range()
    1.0
    """
    return 1.0


@formula(
    Eq(c[t], c[t - 1] + i_gate[t] * g_c(a_c[t])),
    source="hochreiter1997",
    given=[building_blocks.sigmoid, squash_in],
)
def original_cell(c_prev: Array, i_gate: Array, a_c: Array) -> Array:
    """Cell of 1997 after one step.

    a_c : Pre-activation of what is written.
    c : Cell after this step: all that was there, and what is added.

    All of 4 is kept, and half of 1 is added.

    >>> original_cell([4.0], [0.5], np.log([3]))
    array([4.5])
    """
    return c_prev + i_gate * (4 * building_blocks.sigmoid(a_c) - 2)


@formula(
    Eq(h[t], o_gate[t] * h_c(c[t])),
    source="hochreiter1997",
    given=[building_blocks.sigmoid, squash_out],
)
def original_hidden_state(o_gate: Array, c: Array) -> Array:
    """Hidden state of 1997.

    h : What the cell shows; every entry lies in (-1, 1).

    Half of 1/2.

    >>> original_hidden_state([0.5], np.log([3]))
    array([0.25])
    """
    return o_gate * (2 * building_blocks.sigmoid(c) - 1)


@formula(
    Eq(c[t] / 2, c[t - 1] / 2 + i_gate[t] * tanh(a_c[t] / 2)),
    source="hochreiter1997",
    given=[original_cell, squash_in, building_blocks.sigmoid, building_blocks.tanh],
    derivation=[
        ("=", (c[t - 1] + i_gate[t] * g_c(a_c[t])) / 2, "the cell of 1997"),
        ("=", "the squashing is twice the hyperbolic tangent of half"),
    ],
)
def original_cell_halved(c_prev: Array, i_gate: Array, a_c: Array) -> Array:
    """Half of the cell of 1997, in today's functions.

    a_c : Pre-activation of what is written.
    half : Half of the cell after this step.

    Half of 4, and half of the tangent 4/5.

    >>> original_cell_halved([4.0], [0.5], 2 * np.log([3]))
    array([2.4])
    """
    return c_prev / 2 + i_gate * np.tanh(a_c / 2)


@formula(
    Eq(h[t], o_gate[t] * tanh(c[t] / 2)),
    source="hochreiter1997",
    given=[original_hidden_state, squash_out, building_blocks.sigmoid, building_blocks.tanh],
    derivation=[
        ("=", o_gate[t] * h_c(c[t]), "the hidden state of 1997"),
        ("=", "the squashing is the hyperbolic tangent of half"),
    ],
)
def original_hidden_state_tanh(o_gate: Array, c: Array) -> Array:
    """Hidden state of 1997, in today's functions.

    h : What half of the cell shows.

    Half of the tangent 3/5.

    >>> original_hidden_state_tanh([0.5], 2 * np.log([2]))
    array([0.3])
    """
    return o_gate * np.tanh(c / 2)


ORIGINAL: list[Code] = [
    lstm.input_gate_pre_activation,
    lstm.input_gate,
    lstm.output_gate_pre_activation,
    lstm.output_gate,
    lstm.candidate_pre_activation,
    squash_in,
    squash_out,
    original_cell,
    original_hidden_state,
]
"""One step of 1997."""


@formula(
    Eq(Immediate(c[t], c[t - 1]), Identity(H)),
    source="hochreiter1997",
    given=ORIGINAL,
    derivation=[
        (
            "=",
            "the cell before is a term of this one; the state before is held, and so are the gates",
        )
    ],
)
def truncated_carousel(H: int) -> Array:
    """Derivative of the cell of 1997 by the cell before, truncated.

    J : The identity.

    >>> truncated_carousel(H=2)
    array([[1., 0.],
           [0., 1.]])
    """
    return np.eye(H)


@formula(
    Eq(Product(Immediate(c[j], c[j - 1]), j, t, k + 1), Identity(H)),
    source="hochreiter1997",
    given=[*ORIGINAL, truncated_carousel],
    ranges={k: (0, t)},
    derivation=[
        ("=", Product(Identity(H), j, t, k + 1), "the truncated derivative of each step"),
        ("=", "a product of identities, of however many"),
    ],
)
def carousel_over_steps(H: int) -> Array:
    """Truncated derivative of the cell of 1997 over many steps.

    J : The identity, however far apart the two times are.

    >>> carousel_over_steps(H=1)
    array([[1.]])
    """
    return np.eye(H)


@formula(
    Eq(
        Jacobian(c[t], c[t - 1]),
        Identity(H)
        + (
            Diag(g_c(a_c[t]) * i_gate[t] * (1 - i_gate[t])) @ W_hi
            + Diag(i_gate[t] * (1 - g_c(a_c[t]) ** 2 / 4)) @ W_hc
        )
        @ Jacobian(h[t - 1], c[t - 1]),
    ),
    source="hochreiter1997",
    given=[*ORIGINAL, truncated_carousel],
    ranges={t: (2, T)},
    derivation=[
        (
            "=",
            Immediate(c[t], c[t - 1]) + Immediate(c[t], h[t - 1]) @ Jacobian(h[t - 1], c[t - 1]),
            "the cell before acts on its own, and through the state it shows",
        ),
        (
            "=",
            Identity(H) + Immediate(c[t], h[t - 1]) @ Jacobian(h[t - 1], c[t - 1]),
            "the truncated derivative",
        ),
        ("=", "the state before acts through the input gate, and through what is written"),
    ],
    bindings={"written": g_c(a_c[t]), "J": Jacobian(h[t - 1], c[t - 1])},
)
def truncation_cuts(J: Array, i_gate: Array, written: Array, W_hi: Array, W_hc: Array) -> Array:
    """Total derivative of the cell of 1997 by the cell before.

    written : What the cell is offered at this step, squashed into (-2, 2).
    J_c : The identity, and all that the truncation cuts.

    One unit: the identity, 1/4 through the gate and 3/8 through what is written.

    >>> one = np.eye(1)
    >>> truncation_cuts(one, [0.5], [1.0], W_hi=one, W_hc=one)
    array([[1.625]])
    """
    by_gate = np.diag(written * i_gate * (1 - i_gate)) @ W_hi
    by_input = np.diag(i_gate * (1 - written**2 / 4)) @ W_hc
    return np.eye(len(i_gate)) + (by_gate + by_input) @ J


# -- All gates in one product ----------------------------------------------------------------------

INPUT_BLOCKS = Block([W_xi], [W_xf], [W_xc], [W_xo])
"""Weights from the input, in the order of PyTorch and Keras."""

STATE_BLOCKS = Block([W_hi], [W_hf], [W_hc], [W_ho])
"""Weights from the state, in the order of PyTorch and Keras."""

BIASES = Concatenate(b_i, b_f, b_c, b_o)
"""One bias for each block, in the order of PyTorch and Keras."""


@formula(Eq(a_4[t], W_x4 @ x[t] + b_ih4 + W_h4 @ h[t - 1] + b_hh4), source="pytorch_lstm")
def fused_pre_activation(
    x: Array, h_prev: Array, W_x4: Array, W_h4: Array, b_ih4: Array, b_hh4: Array
) -> Array:
    """Pre-activations of all four blocks at once, with two biases.

    a_4 : Pre-activations, one block below the other.

    >>> fused_pre_activation(
    ...     x=[1], h_prev=[2], W_x4=[[1], [2], [3], [4]], W_h4=np.full((4, 1), 10),
    ...     b_ih4=np.full(4, 100), b_hh4=np.full(4, 1000),
    ... )
    array([1121, 1122, 1123, 1124])
    """
    return W_x4 @ x + b_ih4 + W_h4 @ h_prev + b_hh4


@formula(
    Eq(
        INPUT_BLOCKS @ x[t] + STATE_BLOCKS @ h[t - 1] + BIASES,
        Concatenate(a_i[t], a_f[t], a_c[t], a_o[t]),
    ),
    source="pytorch_lstm",
    given=[
        lstm.input_gate_pre_activation,
        lstm.forget_gate_pre_activation,
        lstm.candidate_pre_activation,
        lstm.output_gate_pre_activation,
    ],
    derivation=[
        (
            "=",
            Concatenate(
                W_xi @ x[t] + W_hi @ h[t - 1] + b_i,
                W_xf @ x[t] + W_hf @ h[t - 1] + b_f,
                W_xc @ x[t] + W_hc @ h[t - 1] + b_c,
                W_xo @ x[t] + W_ho @ h[t - 1] + b_o,
            ),
            "each block of rows makes a block of the product",
        ),
        ("=", "the pre-activations of gates and candidate"),
    ],
)
def fused_split(a_i: Array, a_f: Array, a_c: Array, a_o: Array) -> Array:
    """One product with all weights is the four pre-activations.

    a_4 : Pre-activations in the order of PyTorch and Keras.

    >>> fused_split([1], [2], [3], [4])
    array([1, 2, 3, 4])
    """
    return np.concatenate([a_i, a_f, a_c, a_o])


@formula(
    Eq(
        Block(
            [Identity(H), Zeros(H, H), Zeros(H, H), Zeros(H, H)],
            [Zeros(H, H), Zeros(H, H), Zeros(H, H), Identity(H)],
            [Zeros(H, H), Identity(H), Zeros(H, H), Zeros(H, H)],
            [Zeros(H, H), Zeros(H, H), Identity(H), Zeros(H, H)],
        )
        @ INPUT_BLOCKS,
        Block([W_xi], [W_xo], [W_xf], [W_xc]),
    ),
    source=["pytorch_lstm", "onnx_lstm"],
    derivation=[("=", "each row of blocks has one identity, which picks one block of weights")],
    bindings={"W_x4": INPUT_BLOCKS},
)
def order_onnx(W_x4: Array) -> Array:
    """Weights in the order of ONNX.

    W_x4 : Weights to input gate, forget gate, candidate and output gate: the order of PyTorch.
    W_x4 : Weights to input gate, output gate, forget gate and candidate: the order of ONNX.

    >>> order_onnx([[1], [2], [3], [4]]).ravel()
    array([1, 4, 2, 3])
    """
    W_i, W_f, W_c, W_o = np.split(W_x4, 4)
    return np.vstack([W_i, W_o, W_f, W_c])


@formula(
    Eq(
        Block(
            [Identity(H), Zeros(H, H), Zeros(H, H), Zeros(H, H)],
            [Zeros(H, H), Zeros(H, H), Identity(H), Zeros(H, H)],
            [Zeros(H, H), Identity(H), Zeros(H, H), Zeros(H, H)],
            [Zeros(H, H), Zeros(H, H), Zeros(H, H), Identity(H)],
        )
        @ INPUT_BLOCKS,
        Block([W_xi], [W_xc], [W_xf], [W_xo]),
    ),
    source=["pytorch_lstm", "haiku_recurrent"],
    derivation=[("=", "each row of blocks has one identity, which picks one block of weights")],
    bindings={"W_x4": INPUT_BLOCKS},
)
def order_haiku(W_x4: Array) -> Array:
    """Weights in the order of Haiku.

    W_x4 : Weights to input gate, forget gate, candidate and output gate: the order of PyTorch.
    W_x4 : Weights to input gate, candidate, forget gate and output gate: the order of Haiku.

    >>> order_haiku([[1], [2], [3], [4]]).ravel()
    array([1, 3, 2, 4])
    """
    W_i, W_f, W_c, W_o = np.split(W_x4, 4)
    return np.vstack([W_i, W_c, W_f, W_o])


# -- Coupled gates ---------------------------------------------------------------------------------


@formula(Eq(f_gate[t], 1 - i_gate[t]), source="greff2017")
def coupled_forget_gate(i_gate: Array) -> Array:
    """Forget gate that is coupled to the input gate.

    f_gate : What the input gate leaves.

    >>> coupled_forget_gate([0.25])
    array([0.75])
    """
    return 1 - i_gate


@formula(
    Eq(c[t], c[t - 1] + i_gate[t] * (c_tilde[t] - c[t - 1])),
    source="greff2017",
    given=[lstm.cell_update, coupled_forget_gate],
    derivation=[
        ("=", f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t], "the cell update"),
        ("=", (1 - i_gate[t]) * c[t - 1] + i_gate[t] * c_tilde[t], "the coupled forget gate"),
        ("=", "both have the input gate"),
    ],
)
def coupled_cell(c_prev: Array, i_gate: Array, c_tilde: Array) -> Array:
    """Cell with coupled gates.

    c : Cell after this step, between the cell before and the candidate.

    A quarter of the way from 4 to 0.

    >>> coupled_cell([4.0], [0.25], [0.0])
    array([3.])
    """
    return c_prev + i_gate * (c_tilde - c_prev)


@formula(
    Eq(C - c[t], (1 - i_gate[t]) * (C - c[t - 1]) + i_gate[t] * (C - c_tilde[t])),
    source="greff2017",
    given=[coupled_forget_gate, coupled_cell, lstm.cell_update],
    derivation=[
        ("=", C - (c[t - 1] + i_gate[t] * (c_tilde[t] - c[t - 1])), "the cell with coupled gates"),
        ("=", "the two shares add up to one, so each takes its share of the bound"),
    ],
)
def coupled_distance(c_prev: Array, i_gate: Array, c_tilde: Array, C: float) -> Array:
    """Distance of a cell with coupled gates from any bound.

    distance : Not negative, if neither the cell before nor the candidate is above the bound.

    A cell of 4 and a candidate of 0 are 1 and 5 below a bound of 5.

    >>> coupled_distance([4.0], [0.25], [0.0], C=5.0)
    array([2.])
    """
    return (1 - i_gate) * (C - c_prev) + i_gate * (C - c_tilde)


@formula(
    Le(Abs(c[t]), Max(Abs(c[0]), 1)),
    source="greff2017",
    given=[coupled_forget_gate, coupled_cell, lstm.cell_update, lstm.input_gate, lstm.candidate],
    derivation=[
        (
            "=",
            Abs((1 - i_gate[t]) * c[t - 1] + i_gate[t] * c_tilde[t]),
            "the cell with coupled gates",
        ),
        (
            "<=",
            (1 - i_gate[t]) * Abs(c[t - 1]) + i_gate[t] * Abs(c_tilde[t]),
            "the triangle inequality; neither share is negative",
        ),
        ("<=", Max(Abs(c[t - 1]), 1), "an average is at most the larger; a candidate is below 1"),
        ("<=", "the same bound one step before, which is the hypothesis of the induction"),
    ],
)
def coupled_bound(c_0: Array) -> Array:
    """Bound of a cell with coupled gates.

    bound : Largest size of each entry of the cell, at any step.

    A cell that starts inside of (-1, 1) never leaves it.

    >>> coupled_bound([0.0, -4.0])
    array([1., 4.])
    """
    return np.maximum(np.abs(c_0), 1)


# -- Projection and clipping -----------------------------------------------------------------------


@formula(Eq(h_proj[t], W_proj @ (o_gate[t] * tanh(c[t]))), source=["sak2014", "pytorch_lstm"])
def projected_state(o_gate: Array, c: Array, W_proj: Array) -> Array:
    """Projected hidden state.

    h_proj : What the next step, and the output, read.

    Two cells that show 3/5 and 4/5 become one number.

    >>> projected_state(np.ones(2), np.log([2, 3]), [[5.0, 10.0]])
    array([11.])
    """
    return W_proj @ (o_gate * np.tanh(c))


@formula(
    Eq(a_4[t], W_x4 @ x[t] + b_ih4 + W_p4 @ h_proj[t - 1] + b_hh4),
    source=["sak2014", "pytorch_lstm"],
)
def projected_pre_activation(
    x: Array, h_proj_prev: Array, W_x4: Array, W_p4: Array, b_ih4: Array, b_hh4: Array
) -> Array:
    """Pre-activations of all four blocks, from a projected state.

    a_4 : Pre-activations, one block below the other.

    >>> projected_pre_activation(
    ...     x=[1], h_proj_prev=[2, 3], W_x4=[[1], [2], [3], [4]], W_p4=np.full((4, 2), 10),
    ...     b_ih4=np.full(4, 100), b_hh4=np.full(4, 1000),
    ... )
    array([1151, 1152, 1153, 1154])
    """
    return W_x4 @ x + b_ih4 + W_p4 @ h_proj_prev + b_hh4


@formula(
    Eq(W_p4 @ h_proj[t], (W_p4 @ W_proj) @ h[t]),
    source="sak2014",
    given=[projected_state, lstm.hidden_state],
    derivation=[
        ("=", W_p4 @ (W_proj @ (o_gate[t] * tanh(c[t]))), "the projected state"),
        ("=", W_p4 @ (W_proj @ h[t]), "the hidden state"),
        ("=", "products may be grouped either way"),
    ],
)
def projection_rank(h: Array, W_p4: Array, W_proj: Array) -> Array:
    """What a projected state adds to the gates.

    h : Hidden state at this step, before it is projected.
    a_4 : The same as without a projection, with recurrent weights of rank at most `E`.

    >>> projection_rank([1, 1], np.ones((8, 1), dtype=int), [[2, 3]])
    array([5, 5, 5, 5, 5, 5, 5, 5])
    """
    return (W_p4 @ W_proj) @ h


@formula(
    Eq(c[t], Min(Max(f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t], -c_max), c_max)),
    source="tensorflow_lstmcell",
)
def clipped_cell(
    f_gate: Array, c_prev: Array, i_gate: Array, c_tilde: Array, c_max: float
) -> Array:
    """Cell that is clipped after the update.

    c : Cell after this step; every entry lies in [-c_max, c_max].

    Cells of 4 and -1, all of which is kept, with a largest size of 3.

    >>> one, zero = np.ones(2), np.zeros(2)
    >>> clipped_cell(one, [4.0, -1.0], zero, zero, c_max=3.0)
    array([ 3., -1.])
    """
    return np.minimum(np.maximum(f_gate * c_prev + i_gate * c_tilde, -c_max), c_max)


@formula(
    Le(Abs(c[t]), c_max),
    source="tensorflow_lstmcell",
    given=[clipped_cell],
    derivation=[("<=", "the larger of two is at least the second, the smaller at most")],
)
def clip_bound(c_max: float) -> Scalar:
    """Bound of a cell that is clipped.

    bound : The largest size itself.

    >>> clip_bound(c_max=3.0)
    3.0
    """
    return c_max


# -- The textbook's cell ---------------------------------------------------------------------------


@formula(
    Eq(c[t], f_gate[t] * c[t - 1] + i_gate[t] * sigmoid(a_c[t])),
    source="goodfellow2016",
    given=[building_blocks.sigmoid],
)
def goodfellow_cell(f_gate: Array, c_prev: Array, i_gate: Array, a_c: Array) -> Array:
    """Cell with a sigmoid at its input.

    a_c : Pre-activation of what is written.
    c : Cell after this step: what is added is never negative.

    Half of 4, and half of 3/4.

    >>> half = np.array([0.5])
    >>> goodfellow_cell(half, [4.0], half, np.log([3]))
    array([2.375])
    """
    return f_gate * c_prev + i_gate * building_blocks.sigmoid(a_c)


@formula(
    Eq(c[t], f_gate[t] * c[t - 1] + i_gate[t] * ((1 + tanh(a_c[t] / 2)) / 2)),
    source="goodfellow2016",
    given=[goodfellow_cell, building_blocks.sigmoid, building_blocks.tanh],
    derivation=[
        ("=", f_gate[t] * c[t - 1] + i_gate[t] * sigmoid(a_c[t]), "the cell of the textbook"),
        ("=", "a sigmoid is a hyperbolic tangent, shifted and halved"),
    ],
)
def goodfellow_cell_tanh(f_gate: Array, c_prev: Array, i_gate: Array, a_c: Array) -> Array:
    """Cell with a sigmoid at its input, as a hyperbolic tangent.

    a_c : Pre-activation of what is written.

    Half of 4, and half of 9/10, as the tangent is 4/5.

    >>> half = np.array([0.5])
    >>> goodfellow_cell_tanh(half, [4.0], half, 2 * np.log([3]))
    array([2.45])
    """
    return f_gate * c_prev + i_gate * (1 + np.tanh(a_c / 2)) / 2


# -- One part taken away ---------------------------------------------------------------------------


@formula(Eq(i_gate[t], Ones(H)), source="greff2017")
def no_input_gate(H: int) -> Array:
    """Input gate that is always open.

    >>> no_input_gate(H=2)
    array([1., 1.])
    """
    return np.ones(H)


@formula(Eq(f_gate[t], Ones(H)), source="greff2017")
def no_forget_gate(H: int) -> Array:
    """Forget gate that is always open.

    >>> no_forget_gate(H=2)
    array([1., 1.])
    """
    return np.ones(H)


@formula(Eq(o_gate[t], Ones(H)), source="greff2017")
def no_output_gate(H: int) -> Array:
    """Output gate that is always open.

    >>> no_output_gate(H=2)
    array([1., 1.])
    """
    return np.ones(H)


@formula(
    Eq(c[t], f_gate[t] * c[t - 1] + c_tilde[t]),
    source="greff2017",
    given=[lstm.cell_update, no_input_gate],
    derivation=[
        ("=", f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t], "the cell update"),
        ("=", "the input gate is open"),
    ],
)
def no_input_gate_cell(f_gate: Array, c_prev: Array, c_tilde: Array) -> Array:
    """Cell without an input gate.

    c : Cell after this step: the whole candidate is written.

    >>> no_input_gate_cell([0.75], [4.0], [0.5])
    array([3.5])
    """
    return f_gate * c_prev + c_tilde


@formula(
    Eq(c[t], c[t - 1] + i_gate[t] * c_tilde[t]),
    source="greff2017",
    given=[lstm.cell_update, no_forget_gate],
    derivation=[
        ("=", f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t], "the cell update"),
        ("=", "the forget gate is open"),
    ],
)
def no_forget_gate_cell(c_prev: Array, i_gate: Array, c_tilde: Array) -> Array:
    """Cell without a forget gate.

    c : Cell after this step: all of the cell is kept.

    >>> no_forget_gate_cell([4.0], [0.5], [0.5])
    array([4.25])
    """
    return c_prev + i_gate * c_tilde


@formula(
    Eq(h[t], tanh(c[t])),
    source="greff2017",
    given=[lstm.hidden_state, no_output_gate],
    derivation=[
        ("=", o_gate[t] * tanh(c[t]), "the hidden state"),
        ("=", "the output gate is open"),
    ],
)
def no_output_gate_state(c: Array) -> Array:
    """Hidden state without an output gate.

    h : The whole cell is shown, between -1 and 1.

    >>> no_output_gate_state(np.log([2, 3]))
    array([0.6, 0.8])
    """
    return np.tanh(c)


@formula(Eq(c_tilde[t], a_c[t]), source="greff2017")
def linear_candidate(a_c: Array) -> Array:
    """Candidate without an activation.

    c_tilde : The same numbers, of any size.

    >>> linear_candidate([7.0])
    array([7.])
    """
    return a_c


@formula(Eq(h[t], o_gate[t] * c[t]), source="greff2017")
def linear_hidden_state(o_gate: Array, c: Array) -> Array:
    """Hidden state without an activation.

    h : What the cell shows, of any size.

    >>> linear_hidden_state([0.5], [7.0])
    array([3.5])
    """
    return o_gate * c


# -- Gates that read gates -------------------------------------------------------------------------


@formula(
    Eq(
        a_i[t],
        W_xi @ x[t]
        + W_hi @ h[t - 1]
        + p_i * c[t - 1]
        + (W_ii @ i_gate[t - 1] + W_fi @ f_gate[t - 1] + W_oi @ o_gate[t - 1])
        + b_i,
    ),
    source="greff2017",
    ranges={t: (2, T)},
)
def full_recurrence_input_gate(
    x: Array,
    h_prev: Array,
    c_prev: Array,
    i_gate_prev: Array,
    f_gate_prev: Array,
    o_gate_prev: Array,
    W_xi: Array,
    W_hi: Array,
    W_ii: Array,
    W_fi: Array,
    W_oi: Array,
    p_i: Array,
    b_i: Array,
) -> Array:
    """Pre-activation of an input gate that reads all gates.

    a_i : Pre-activation at this step, from the second on.

    One unit, each term of it a digit.

    >>> n = [np.array([10**i]) for i in range(6)]
    >>> one, weight = np.ones(1, dtype=int), np.ones((1, 1), dtype=int)
    >>> full_recurrence_input_gate(
    ...     n[0], n[1], n[2], n[3], n[4], n[5], weight, weight, weight, weight, weight,
    ...     p_i=one, b_i=10**6 * one,
    ... )
    array([1111111])
    """
    gates = W_ii @ i_gate_prev + W_fi @ f_gate_prev + W_oi @ o_gate_prev
    return W_xi @ x + W_hi @ h_prev + p_i * c_prev + gates + b_i


@formula(
    Eq(
        a_f[t],
        W_xf @ x[t]
        + W_hf @ h[t - 1]
        + p_f * c[t - 1]
        + (W_if @ i_gate[t - 1] + W_ff @ f_gate[t - 1] + W_of @ o_gate[t - 1])
        + b_f,
    ),
    source="greff2017",
    ranges={t: (2, T)},
)
def full_recurrence_forget_gate(
    x: Array,
    h_prev: Array,
    c_prev: Array,
    i_gate_prev: Array,
    f_gate_prev: Array,
    o_gate_prev: Array,
    W_xf: Array,
    W_hf: Array,
    W_if: Array,
    W_ff: Array,
    W_of: Array,
    p_f: Array,
    b_f: Array,
) -> Array:
    """Pre-activation of a forget gate that reads all gates.

    a_f : Pre-activation at this step, from the second on.

    One unit, each term of it a digit.

    >>> n = [np.array([10**i]) for i in range(6)]
    >>> one, weight = np.ones(1, dtype=int), np.ones((1, 1), dtype=int)
    >>> full_recurrence_forget_gate(
    ...     n[0], n[1], n[2], n[3], n[4], n[5], weight, weight, weight, weight, weight,
    ...     p_f=one, b_f=10**6 * one,
    ... )
    array([1111111])
    """
    gates = W_if @ i_gate_prev + W_ff @ f_gate_prev + W_of @ o_gate_prev
    return W_xf @ x + W_hf @ h_prev + p_f * c_prev + gates + b_f


@formula(
    Eq(
        a_o[t],
        W_xo @ x[t]
        + W_ho @ h[t - 1]
        + p_o * c[t]
        + (W_io @ i_gate[t - 1] + W_fo @ f_gate[t - 1] + W_oo @ o_gate[t - 1])
        + b_o,
    ),
    source="greff2017",
    ranges={t: (2, T)},
)
def full_recurrence_output_gate(
    x: Array,
    h_prev: Array,
    c: Array,
    i_gate_prev: Array,
    f_gate_prev: Array,
    o_gate_prev: Array,
    W_xo: Array,
    W_ho: Array,
    W_io: Array,
    W_fo: Array,
    W_oo: Array,
    p_o: Array,
    b_o: Array,
) -> Array:
    """Pre-activation of an output gate that reads all gates.

    a_o : Pre-activation at this step, from the second on.

    One unit, each term of it a digit.

    >>> n = [np.array([10**i]) for i in range(6)]
    >>> one, weight = np.ones(1, dtype=int), np.ones((1, 1), dtype=int)
    >>> full_recurrence_output_gate(
    ...     n[0], n[1], n[2], n[3], n[4], n[5], weight, weight, weight, weight, weight,
    ...     p_o=one, b_o=10**6 * one,
    ... )
    array([1111111])
    """
    gates = W_io @ i_gate_prev + W_fo @ f_gate_prev + W_oo @ o_gate_prev
    return W_xo @ x + W_ho @ h_prev + p_o * c + gates + b_o


# -- A vanilla network inside ----------------------------------------------------------------------


@formula(Eq(f_gate[t], Zeros(H)), source="gers2000")
def closed_forget_gate(H: int) -> Array:
    """Forget gate that is always closed.

    f_gate : Zeros.

    >>> closed_forget_gate(H=2)
    array([0., 0.])
    """
    return np.zeros(H)


@formula(
    Eq(h[t], tanh(tanh(W_xc @ x[t] + W_hc @ h[t - 1] + b_c))),
    source="greff2017",
    given=[
        lstm.candidate_pre_activation,
        lstm.candidate,
        lstm.cell_update,
        lstm.hidden_state,
        no_input_gate,
        closed_forget_gate,
        no_output_gate,
    ],
    derivation=[
        ("=", o_gate[t] * tanh(c[t]), "the hidden state"),
        ("=", tanh(c[t]), "the output gate is open"),
        ("=", tanh(f_gate[t] * c[t - 1] + i_gate[t] * c_tilde[t]), "the cell update"),
        ("=", tanh(c_tilde[t]), "the forget gate is closed, and the input gate open"),
        ("=", tanh(tanh(a_c[t])), "the candidate"),
        ("=", "the pre-activation"),
    ],
)
def reduces_to_rnn(x: Array, h_prev: Array, W_xc: Array, W_hc: Array, b_c: Array) -> Array:
    r"""LSTM that keeps nothing, writes all and shows all.

    h : State of a vanilla network whose activation is applied twice.

    The pre-activation is :math:`\ln 6 - \ln 2 = \ln 3`, so the state is the tangent of 4/5.

    >>> one = np.eye(1)
    >>> h = reduces_to_rnn(np.log([6]), np.log([2]), one, -one, np.zeros(1))
    >>> np.arctanh(h)
    array([0.8])
    """
    return np.tanh(np.tanh(W_xc @ x + W_hc @ h_prev + b_c))


# -- Numbers of parameters -------------------------------------------------------------------------


@formula(
    Eq(Size(INPUT_BLOCKS) + Size(STATE_BLOCKS) + Size(BIASES), Number(4 * H * (D + H + 1))),
    source="keras_lstm",
    derivation=[
        (
            "=",
            Number(4 * H * D) + Number(4 * H * H) + Number(4 * H),
            "three gates and a candidate, each with two matrices and a bias",
        ),
        ("=", "each of the rows has a bias of its own"),
    ],
)
def parameter_count(D: int, H: int) -> int:
    """Number of parameters with one bias.

    count : Numbers that training sets, without those of an output.

    Four times two rows of 3 + 2 + 1.

    >>> parameter_count(D=3, H=2)
    48
    """
    return 4 * H * (D + H + 1)


@formula(
    Eq(Size(W_x4) + Size(W_h4) + Size(b_ih4) + Size(b_hh4), Number(4 * H * (D + H + 2))),
    source="pytorch_lstm",
    derivation=[
        (
            "=",
            Number(4 * H * D) + Number(4 * H * H) + Number(4 * H) + Number(4 * H),
            "each of the rows has two biases",
        ),
        ("=", "all four have the number of rows as a factor"),
    ],
)
def parameter_count_two_biases(D: int, H: int) -> int:
    """Number of parameters with two biases.

    count : Numbers that training sets, without those of an output.

    Four times two rows of 3 + 2 + 2.

    >>> parameter_count_two_biases(D=3, H=2)
    56
    """
    return 4 * H * (D + H + 2)


@formula(
    Eq(
        Size(INPUT_BLOCKS) + Size(STATE_BLOCKS) + Size(BIASES) + Size(Concatenate(p_i, p_f, p_o)),
        Number(4 * H * (D + H + 1) + 3 * H),
    ),
    source="greff2017",
    given=[parameter_count],
    derivation=[
        (
            "=",
            Number(4 * H * (D + H + 1)) + Number(3 * H),
            "three gates have a peephole for each unit, and the candidate has none",
        ),
        ("=", "their sum"),
    ],
)
def parameter_count_peepholes(D: int, H: int) -> int:
    """Number of parameters with peepholes.

    count : Numbers that training sets, without those of an output.

    48 without the peepholes, and three for each of two units.

    >>> parameter_count_peepholes(D=3, H=2)
    54
    """
    return 4 * H * (D + H + 1) + 3 * H


@formula(
    Eq(
        Size(W_x4) + Size(W_p4) + Size(W_proj) + Size(b_ih4) + Size(b_hh4),
        Number(4 * H * (D + E + 2) + E * H),
    ),
    source="pytorch_lstm",
    derivation=[
        (
            "=",
            Number(4 * H * D) + Number(4 * H * E) + Number(E * H) + Number(4 * H) + Number(4 * H),
            "the recurrent weights read the projected state, and the projection has its own",
        ),
        ("=", "the blocks have the same number of rows"),
    ],
)
def parameter_count_projected(D: int, H: int, E: int) -> int:
    """Number of parameters with a projection and two biases.

    count : Numbers that training sets, without those of an output.

    Four times two rows of 3 + 1 + 2, and two weights that project.

    >>> parameter_count_projected(D=3, H=2, E=1)
    50
    """
    return 4 * H * (D + E + 2) + E * H


# -- The bias of the forget gate -------------------------------------------------------------------


@formula(Eq(a_f[t], b_f), source=["gers2000", "jozefowicz2015"])
def silent_forget_pre_activation(b_f: Array) -> Array:
    """Pre-activation of a forget gate that hears nothing.

    a_f : The bias: inputs and states are zero, or their weights are.

    >>> silent_forget_pre_activation([1.0])
    array([1.])
    """
    return b_f


@formula(
    Eq(f_gate[t], sigmoid(b_f)),
    source=["gers2000", "jozefowicz2015"],
    given=[building_blocks.sigmoid, silent_forget_pre_activation, lstm.forget_gate],
    derivation=[("=", sigmoid(a_f[t]), "the forget gate"), ("=", "nothing but the bias is heard")],
)
def forget_gate_at_start(b_f: Array) -> Array:
    """Forget gate that hears nothing but its bias.

    f_gate : Share of the cell that is kept at each step.

    With no bias, half of the cell is lost at each step.

    >>> forget_gate_at_start([0.0, 1.0]).round(3)
    array([0.5  , 0.731])
    """
    return building_blocks.sigmoid(b_f)


@formula(
    Eq(Product(Diag(f_gate[j]), j, t, k + 1), Diag(sigmoid(b_f) ** Number(t - k))),
    source=["gers2000", "jozefowicz2015"],
    given=[
        building_blocks.sigmoid,
        silent_forget_pre_activation,
        lstm.forget_gate,
        forget_gate_at_start,
    ],
    ranges={k: (0, t)},
    derivation=[
        ("=", Product(Diag(sigmoid(b_f)), j, t, k + 1), "each step keeps the same share"),
        ("=", "equal factors, one for each step"),
    ],
)
def kept_at_start(b_f: Array, t: int, k: int) -> Array:
    """Share of a cell that is kept over many steps.

    kept : Diagonal matrix of what is left at `t` of a cell at `k`.

    The gate keeps 3/4 at each of two steps.

    >>> kept_at_start(np.log([3]), t=2, k=0)
    array([[0.5625]])
    """
    return np.diag(building_blocks.sigmoid(b_f) ** (t - k))


@formula(
    Eq(W_xf @ x[t] + b_ih + W_hf @ h[t - 1] + b_hh, W_xf @ x[t] + W_hf @ h[t - 1] + (b_ih + b_hh)),
    source="pytorch_lstm",
    derivation=[("=", "a sum does not depend on the order of its terms")],
)
def merged_forget_bias(
    x: Array, h_prev: Array, W_xf: Array, W_hf: Array, b_ih: Array, b_hh: Array
) -> Array:
    """Forget gate with two biases, as one with their sum.

    a_f : Pre-activation of the forget gate.

    Two biases of one are a bias of two.

    >>> zero, one, weight = np.zeros(1), np.ones(1), np.eye(1)
    >>> merged_forget_bias(zero, zero, weight, weight, b_ih=one, b_hh=one)
    array([2.])
    """
    return W_xf @ x + W_hf @ h_prev + (b_ih + b_hh)


@formula(
    Eq(f_gate[t], sigmoid(a_f[t] + 1)),
    source=["haiku_recurrent", "flax_recurrent"],
    given=[building_blocks.sigmoid],
)
def shifted_forget_gate(a_f: Array) -> Array:
    """Forget gate that adds one in the forward pass.

    f_gate : Share of the cell that is kept; every entry lies in (0, 1).

    >>> shifted_forget_gate(np.log([3]) - 1)
    array([0.75])
    """
    return building_blocks.sigmoid(a_f + 1)


@formula(
    Eq(f_gate[t], sigmoid(W_xf @ x[t] + W_hf @ h[t - 1] + (b_f + 1))),
    source=["haiku_recurrent", "flax_recurrent"],
    given=[building_blocks.sigmoid, shifted_forget_gate, lstm.forget_gate_pre_activation],
    derivation=[
        ("=", sigmoid(a_f[t] + 1), "the gate that adds one"),
        ("=", sigmoid(W_xf @ x[t] + W_hf @ h[t - 1] + b_f + 1), "the pre-activation"),
        ("=", "a sum does not depend on how its terms are grouped"),
    ],
)
def shift_is_a_bias(x: Array, h_prev: Array, W_xf: Array, W_hf: Array, b_f: Array) -> Array:
    r"""Forget gate that adds one, as a gate with another bias.

    b_f : Bias of the forget gate, as the program that adds one stores it.
    f_gate : The gate of a program that adds nothing, and stores a bias that is larger by one.

    A bias of :math:`\ln 3 - 1` is stored, and :math:`\ln 3` acts.

    >>> zero, weight = np.zeros(1), np.eye(1)
    >>> shift_is_a_bias(zero, zero, weight, weight, b_f=np.log([3]) - 1)
    array([0.75])
    """
    return building_blocks.sigmoid(W_xf @ x + W_hf @ h_prev + (b_f + 1))


@formula(Eq(b_f, log(spans)), source="tallec2018")
def chrono_forget_bias(spans: Array) -> Array:
    """Bias of a forget gate that is to remember for some steps.

    For one step more the bias is zero.

    >>> chrono_forget_bias([1.0, 3.0]) - np.log([1, 3])
    array([0., 0.])
    """
    return np.log(spans)


@formula(Eq(b_i, -log(spans)), source="tallec2018")
def chrono_input_bias(spans: Array) -> Array:
    """Bias of an input gate that is to write as much as is forgotten.

    b_i : Bias of the input gate: that of the forget gate, with the other sign.

    >>> chrono_input_bias([3.0]) + np.log([3])
    array([0.])
    """
    return -np.log(spans)


@formula(
    Eq(sigmoid(b_f), 1 - 1 / (1 + spans)),
    source="tallec2018",
    given=[building_blocks.sigmoid, chrono_forget_bias],
    derivation=[
        ("=", sigmoid(log(spans)), "the bias of the forget gate"),
        ("=", 1 / (1 + exp(-log(spans))), "the definition of the sigmoid"),
        ("=", 1 / (1 + 1 / spans), "the exponential of a logarithm"),
        ("=", "one fraction"),
    ],
)
def chrono_forget_gate(spans: Array) -> Array:
    """Forget gate after the chrono initialization.

    f_gate : Share of the cell that is kept at each step.

    >>> chrono_forget_gate([1.0, 3.0, 99.0])
    array([0.5 , 0.75, 0.99])
    """
    return 1 - 1 / (1 + spans)


@formula(
    Eq(sigmoid(b_i), 1 / (1 + spans)),
    source="tallec2018",
    given=[building_blocks.sigmoid, chrono_input_bias],
    derivation=[
        ("=", sigmoid(-log(spans)), "the bias of the input gate"),
        ("=", 1 / (1 + exp(log(spans))), "the definition of the sigmoid"),
        ("=", "the exponential of a logarithm"),
    ],
)
def chrono_input_gate(spans: Array) -> Array:
    """Input gate after the chrono initialization.

    i_gate : Share of the candidate that is written: what the forget gate leaves.

    >>> chrono_input_gate([1.0, 3.0, 99.0])
    array([0.5 , 0.25, 0.01])
    """
    return 1 / (1 + spans)


@formula(
    Eq(1 / (1 - sigmoid(b_f)), 1 + spans),
    source="tallec2018",
    given=[building_blocks.sigmoid, chrono_forget_bias, chrono_forget_gate],
    derivation=[
        ("=", 1 / (1 - (1 - 1 / (1 + spans))), "the forget gate after the chrono initialization"),
        ("=", "the inverse of an inverse"),
    ],
)
def chrono_memory(spans: Array) -> Array:
    """Memory of a cell after the chrono initialization.

    memory : Sum of what is left of a cell now and at all later steps: the steps it stands for.

    >>> chrono_memory([3.0])
    array([4.])

    Notes
    -----
    What is left after `n` steps is the `n`-th power of the gate, and the powers of a number
    below one add up to the inverse of what it lacks to one.
    """
    return 1 + spans


@formula(
    Le((1 - 1 / (1 + span)) ** age, exp(-(age / (1 + span)))),
    source="tallec2018",
    derivation=[("<=", "the exponential lies above its tangent at zero")],
)
def chrono_decay(age: float, span: float) -> Scalar:
    """Share of a cell that is left after some steps.

    bound : At most this is left: after as many steps as the unit is to remember, about 0.37.

    >>> print(round(float(chrono_decay(age=100.0, span=99.0)), 3))
    0.368
    """
    return np.exp(-age / (1 + span))


# -- Convolution -----------------------------------------------------------------------------------


@formula(
    Eq(
        a_map[t],
        Convolve(x_map[t], kernel_x)
        + Convolve(h_map[t - 1], kernel_h)
        + p_map * c_map[t - 1]
        + b_map,
    ),
    source="shi2015",
)
def convolutional_gate(
    x_map: Array,
    h_map_prev: Array,
    c_map_prev: Array,
    kernel_x: Array,
    kernel_h: Array,
    p_map: Array,
    b_map: float,
) -> Array:
    """Pre-activation of a gate that reads maps.

    x_map : Input map at this step: a number at each place.
    kernel_x : Kernel from input map to gate; an odd number of taps, no more than places.
    a_map : Pre-activation at each place; beyond its ends a map is zero.

    A one in the middle of the input is smeared by the kernel, read from left to right.

    >>> zero, kernel = np.zeros(5), np.array([1.0, 2.0, 3.0])
    >>> convolutional_gate(np.eye(5)[2], zero, zero, kernel, kernel, p_map=zero, b_map=0.0)
    array([0., 1., 2., 3., 0.])
    """
    by_input = np.convolve(x_map, kernel_x, mode="same")
    by_state = np.convolve(h_map_prev, kernel_h, mode="same")
    return by_input + by_state + p_map * c_map_prev + b_map
