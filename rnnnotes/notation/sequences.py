"""Letters of sequences and their losses."""

from rnnnotes.book.language.symbols import declare, means, size
from rnnnotes.notation.common import *
from rnnnotes.notation.functions import F, exp, log, phi
from rnnnotes.notation.building_blocks import v
from rnnnotes.notation.vanilla_rnn import L_mean, L_t, s, theta

V = size("V", "tokens of a vocabulary")
Y = size("Y", "characters of a text")
Z = size("Z", "steps of padding after the steps of a sequence")

P_prefix = declare(
    "P_prefix", r"\Pi", "probability of the first tokens, up to the one at hand", times=(0, T),
    positive=True,
)  # fmt: skip
P_each = declare(
    "P_each", r"\boldsymbol{\Pi}", "probabilities of the first tokens, with each one after them",
    O, times=(0, T), positive=True,
)  # fmt: skip
p_next = declare(
    "p_next", "p", "probability of a token, given all before it", times=(1, T), positive=True
)
P_window = declare(
    "P_window", r"\Pi^{w}", "probability of the tokens from one step to another", times=(1, T),
    positive=True,
)  # fmt: skip
p_window = declare(
    "p_window", r"p^{w}", "probability of a token, given a few before it", times=(1, T),
    positive=True,
)  # fmt: skip
p_state = declare("p_state", r"p^{s}", "probability of a token, given a state", times=(1, T + 1))
token = declare(
    "token", r"\mathbf{y}^{\mathrm{true}}", "token: one at its place, else zero", O,
    times=(1, T + 1),
)  # fmt: skip
PPL = declare("PPL", r"\mathrm{PPL}", "perplexity")
L_bits = declare("L_bits", r"\overline{L}_{2}", "mean loss of a token in bits")
L_char = declare("L_char", r"\overline{L}_{\mathrm{char}}", "loss of a text in bits per character")

mask = declare("mask", "m", "mask: one at a step that counts, else zero", times=(1, T + Z))
L_long = declare("L_long", "L'", "loss of one step, of padding too", times=(1, T + Z))
L_masked = declare("L_masked", "L^{m}", "mean loss of the steps that count")
x_long = declare("x_long", r"\mathbf{x}'", "input, of padding too", D, times=(1, T + Z))
s_long = declare("s_long", r"\mathbf{s}'", "state, after padding too", H, times=(0, T + Z))
o_long = declare("o_long", r"\mathbf{o}'", "what is shown, of padding too", H, times=(1, T + Z))

means("sequences", L_mean, "mean loss of a token, in nats")
