"""Letters of attention."""

import sympy as sp

from rnnnotes.book.language.symbols import declare, function, means, size
from rnnnotes.notation.common import *
from rnnnotes.notation.functions import exp, psi, softmax, tanh
from rnnnotes.notation.vanilla_rnn import L, h
from rnnnotes.notation.bptt import C

# -- Sizes -----------------------------------------------------------------------------------------

T_x = size("T_x", "keys, each with a value: steps of the sequence that is read")
d_k = size("d_k", "entries of a query and of a key")
d_a = size("d_a", "units that compare a query with a key")

ROOT = wrap(sp.sqrt(d_k))
"""What a dot product is divided by."""

# -- One query -------------------------------------------------------------------------------------

query = declare("query", r"\mathbf{q}", "query: what is looked for", d_k)
keys = declare("keys", r"\mathbf{K}", "keys, one a row: what values are found by", T_x, d_k)
values = declare("values", r"\mathbf{V}", "values, one a row: what is read", T_x, H)
e = declare("energy", r"\boldsymbol{\epsilon}", "scores of the keys", T_x)
alpha = declare("alpha", r"\boldsymbol{\alpha}", "attention weights of the keys", T_x)
context = declare("context", r"\mathbf{c}", "context: mean of the values that a query reads", H)
fits = declare(
    "fits", r"\tilde{\boldsymbol{\alpha}}", "how well each key fits, before it is normalised", T_x
)

# -- Scores ----------------------------------------------------------------------------------------

W_a = declare("W_a", r"\mathbf{W}_{a}", "weights between query and key", d_k, d_k)
W_q = declare("W_q", r"\mathbf{W}_{q}", "weights from query to the units that compare", d_a, d_k)
W_k = declare("W_k", r"\mathbf{W}_{k}", "weights from key to the units that compare", d_a, d_k)
W_qk = declare(
    "W_qk", r"\mathbf{W}_{qk}", "weights from query and key, in one vector", d_a, 2 * d_k
)
v_a = declare("v_a", r"\mathbf{v}_{a}", "weights from the units that compare to the score", d_a)
a_keys = declare(
    "a_keys", r"\mathbf{A}^{k}", "pre-activations of the units that compare, a key a row", T_x, d_a
)
W_c = declare(
    "W_c", r"\mathbf{W}_{c}", "weights from context and state to the attentional state", H, 2 * H
)
h_att = declare("h_att", r"\mathbf{h}^{\mathrm{att}}", "attentional state", H, times=(1, T))
products = declare(
    "products", r"\mathbf{Z}", "products of query and key entry by entry, one case a row", B, d_k
)

# -- Rows and masks --------------------------------------------------------------------------------

queries = declare("queries", r"\mathbf{Q}", "queries, one a row", T, d_k)
E_rows = declare("E_rows", r"\mathbf{E}", "scores of every query, one a row", T, T_x)
A = declare("A", r"\mathbf{A}", "attention weights of every query, one a row", T, T_x)
contexts = declare("contexts", r"\mathbf{C}", "contexts of every query, one a row", T, H)
Psi = function(
    "Psi", r"\Psi", "any smooth scalar function of a matrix", takes=[(T, H)], smooth=True
)
key_mask = declare(
    "key_mask", r"\boldsymbol{\mu}", "mask: one at a key that may be seen, zero at another", T_x
)
mask_rows = declare("mask_rows", r"\mathbf{M}", "masks of all queries, one a row", T, T_x)

# -- One key after the other -----------------------------------------------------------------------

e_key = declare("e_key", r"\epsilon", "score of one key", times=(1, T))
v_key = declare("v_key", r"\mathbf{v}", "value of one key", H, times=(1, T))
e_max = declare("e_max", r"\epsilon^{\mathrm{max}}", "largest score so far", times=(0, T))
mass = declare("mass", r"\omega", "sum of the exponentials so far", times=(0, T))
read = declare("read", r"\mathbf{o}", "sum of the values so far, not yet divided", H, times=(0, T))

means("attention", C, "number that is taken from the score of a masked key")
