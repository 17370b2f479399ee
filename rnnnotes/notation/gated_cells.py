"""Letters of the other gated cells."""

from rnnnotes.book.language.symbols import declare, means
from rnnnotes.notation.common import *
from rnnnotes.notation.functions import sigmoid, tanh
from rnnnotes.notation.vanilla_rnn import W_hh, b_h, b_hh, b_ih, h, s
from rnnnotes.notation.bptt import kappa
from rnnnotes.notation.gradients import Q, eigenvalues
from rnnnotes.notation.lstm import W_hf, W_xc, W_xf, b_f, c, c_tilde, f_gate, p_f
from rnnnotes.notation.gru import W_hr, W_hz, W_xr, W_xz, b_r, b_z, h_tilde, r_gate, z_gate

x_fit = declare("x_fit", r"\hat{\mathbf{x}}", "input, at the size of the state", H, times=(1, T))
p_r = declare("p_r", r"\mathbf{p}_{r}", "peephole weights of the reset gate", H)
W_xf_prev = declare(
    "W_xf_prev", r"\mathbf{W}'_{xf}", "weights from the input before to forget gate", H, D
)
W_xh_prev = declare(
    "W_xh_prev", r"\mathbf{W}'_{xh}", "weights from the input before to candidate", H, D
)
t_gate = declare("t_gate", r"\mathbf{t}", "transform gate", H, times=(1, T))
k_gate = declare("k_gate", r"\mathbf{k}", "carry gate", H, times=(1, T))
W_xt = declare("W_xt", r"\mathbf{W}_{xt}", "weights from input to transform gate", H, D)
W_xk = declare("W_xk", r"\mathbf{W}_{xk}", "weights from input to carry gate", H, D)
R_h = declare("R_h", r"\mathbf{R}^{h}", "weights of the candidate of a layer", H, H, times=(1, N))
R_t = declare("R_t", r"\mathbf{R}^{t}", "weights of a transform gate", H, H, times=(1, N))
R_k = declare("R_k", r"\mathbf{R}^{k}", "weights of a carry gate", H, H, times=(1, N))
b_lh = declare("b_lh", r"\mathbf{b}^{h}", "bias of the candidate of a layer", H, times=(1, N))
b_lt = declare("b_lt", r"\mathbf{b}^{t}", "bias of a transform gate", H, times=(1, N))
b_lk = declare("b_lk", r"\mathbf{b}^{k}", "bias of a carry gate", H, times=(1, N))
radius = declare("radius", r"\varrho", "radius of a disc", times=(1, H))

means("gated_cells", W_xh, "weights from input to candidate")
means("gated_cells", W_hh, "weights from hidden state to candidate")
means("gated_cells", b_h, "bias of the candidate")
