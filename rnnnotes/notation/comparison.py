"""Letters of the comparison."""

from rnnnotes.notation.common import *
from rnnnotes.notation.functions import f, tanh
from rnnnotes.notation.vanilla_rnn import W_hh, a, b_h, h
from rnnnotes.notation.lstm import (
    W_hc,
    W_hf,
    W_hi,
    W_ho,
    W_xc,
    W_xf,
    W_xi,
    W_xo,
    b_c,
    b_f,
    b_i,
    b_o,
    c,
    c_tilde,
    f_gate,
    i_gate,
    o_gate,
)
from rnnnotes.notation.gru import W_hr, W_hz, W_xr, W_xz, b_r, b_z, h_tilde, r_gate, z_gate
