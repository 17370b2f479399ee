"""What a formula says of itself, for those who look for it.

It says it in words, in LaTeX and in code, and by what libraries call its parts, which
`ALSO_CALLED` declares.
"""

from __future__ import annotations

from typing import Any

from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.published import load
from rnnnotes.book.find.tokens import with_parts, words_of
from rnnnotes.book.keeping import data_file
from rnnnotes.book.language.symbols import FUNCTIONS, SYMBOLS
from rnnnotes.book.state.bibliography import sources
from rnnnotes.book.state.formulas import Formula
from rnnnotes.book.state.legend import documented
from rnnnotes.book.write.plaintext import text

__all__ = ["ALSO_CALLED", "documents", "texts_of"]

ALSO_CALLED = {
    # symbols
    "W_xh": "weight_ih W_ih W_in kernel",
    "W_hh": "weight_hh W_hn recurrent_kernel",
    "b_ih": "bias_ih b_in input_bias",
    "b_hh": "bias_hh b_hn recurrent_bias",
    "W_xr": "weight_ih W_ir kernel",
    "W_xz": "weight_ih W_iz kernel",
    "W_hr": "weight_hh recurrent_kernel",
    "W_hz": "weight_hh recurrent_kernel",
    "b_xr": "bias_ih b_ir input_bias",
    "b_hr": "bias_hh recurrent_bias",
    "b_xz": "bias_ih b_iz input_bias",
    "b_hz": "bias_hh recurrent_bias",
    "W_xi": "weight_ih W_ii kernel",
    "W_xf": "weight_ih W_if kernel",
    "W_xo": "weight_ih W_io kernel",
    "W_xc": "weight_ih W_ig kernel",
    "W_hi": "weight_hh recurrent_kernel",
    "W_hf": "weight_hh recurrent_kernel",
    "W_ho": "weight_hh recurrent_kernel",
    "W_hc": "weight_hh W_hg recurrent_kernel",
    "W_x4": "weight_ih W_ih kernel",
    "W_h4": "weight_hh recurrent_kernel",
    "b_ih4": "bias_ih input_bias",
    "b_hh4": "bias_hh recurrent_bias",
    "W_proj": "weight_hr",
    "c": "c_n c_0 cell state memory",
    "c_tilde": "g_t cell gate",
    "h_tilde": "n_t new gate",
    "h_back": "bidirectional backward direction reverse",
    "h_ahead": "bidirectional forward direction",
    # formulas
    "building_blocks.batch_row": "nn.Linear batch_first",
    "building_blocks.cross_entropy": "nn.CrossEntropyLoss nll_loss categorical_crossentropy",
    "building_blocks.hadamard_product": "elementwise product np.multiply",
    "building_blocks.sigmoid": "recurrent_activation expit logistic",
    "bptt.final_state_gradient": "last hidden state h_n",
    "bptt.finite_difference": "gradcheck gradient_check numerical gradient",
    "bptt.truncated_gradient": "TBPTT detach stateful",
    "gradients.clip_by_norm": "clip_grad_norm_ clipnorm max_norm",
    "gradients.clip_by_value": "clip_grad_value_ clipvalue",
    "gradients.global_norm": "clip_by_global_norm clip_grad_norm_ global_clipnorm get_total_norm",
    "gru.bias_count_two": "nn.GRU bias_ih bias_hh",
    "gru.pre_activation_reset_after": "nn.GRU nn.GRUCell cuDNN reset_after linear_before_reset",
    "gru.pre_activation_reset_before": "reset_after linear_before_reset",
    "gru.recurrent_part": "nn.GRU nn.GRUCell cuDNN reset_after recurrent_bias",
    "lstm.cell_update": "nn.LSTM nn.LSTMCell",
    "lstm.hidden_state": "nn.LSTM nn.LSTMCell",
    "lstm.last_cell_gradient": "c_n",
    "lstm.last_hidden_gradient": "last hidden state h_n",
    "lstm.peephole_forget_gate": "use_peepholes",
    "lstm.peephole_input_gate": "use_peepholes",
    "lstm.peephole_output_gate": "use_peepholes",
    "lstm_variants.clipped_cell": "cell_clip",
    "lstm_variants.convolutional_gate": "ConvLSTM2D",
    "lstm_variants.coupled_cell": "input_forget CIFG",
    "lstm_variants.coupled_forget_gate": "input_forget CIFG",
    "lstm_variants.forget_gate_at_start": "unit_forget_bias forget_bias",
    "lstm_variants.fused_pre_activation":
        "nn.LSTM nn.LSTMCell cuDNN weight_ih weight_hh bias_ih bias_hh",
    "lstm_variants.merged_forget_bias": "unit_forget_bias forget_bias bias_ih bias_hh",
    "lstm_variants.order_haiku": "hk.LSTM gate order convert",
    "lstm_variants.order_onnx": "iofc ifgo gate order convert",
    "lstm_variants.projected_state": "proj_size num_proj LSTMP",
    "vanilla_rnn.bidirectional_output": "last hidden state h_n merge_mode BiRNN BiLSTM BiGRU",
    "vanilla_rnn.deep_state": "num_layers stacked",
    "vanilla_rnn.elman": "nn.RNN nn.RNNCell SimpleRNN",
    "vanilla_rnn.hidden_state": "nn.RNN nn.RNNCell SimpleRNN h_t",
    "vanilla_rnn.two_bias_pre_activation":
        "nn.RNN nn.RNNCell weight_ih weight_hh bias_ih bias_hh",
    "vanilla_rnn.unrolled": "last hidden state h_n",
}  # fmt: skip
"""What libraries and people call a symbol or a formula, where the book has another name for it.

The names are those of PyTorch, Keras, TensorFlow, ONNX, Haiku and NumPy.
"""


def documents() -> list[dict[str, Any]]:
    """Id, title, names and words of each formula."""
    published = load(data_file("published-ids.toml"))
    return [
        {
            "id": stated.id,
            "title": stated.title,
            "names": [
                stated.id,
                *published.keywords(stated.id),
                *published.earlier(stated.id),
            ],
            "words": {place: list(dict.fromkeys(with_parts(words_of(text))))
                      for place, text in texts_of(stated, published.keywords(stated.id)).items()},
        }
        for stated in find_all().values()
    ]  # fmt: skip


GRADIENT = r"\nabla", r"\nabla \frac \partial ∂"
"""A gradient, and how it is written elsewhere."""


def texts_of(stated: Formula, keywords: list[str]) -> dict[str, str]:
    """What is said of a formula, by where it stands."""
    letters = [one for one in stated.letters if one.kind in ("symbol", "function")]
    names = [one.name for one in letters]
    tex = [SYMBOLS[symbol].tex for symbol in stated.symbols]
    tex += [FUNCTIONS[name].tex for name in stated.functions]
    _, _, rest = documented(stated).partition("\n\n")
    parts = {
        "id": [stated.id],
        "title": [stated.title],
        "also called": [ALSO_CALLED.get(stated.id, "")],
        "keyword": [name.replace("-", " ") for name in keywords],
        "symbol": [*names, *tex],
        "a symbol also called": [ALSO_CALLED.get(name, "") for name in names],
        "equation": [
            stated.latex.replace(*GRADIENT),
            text(stated.statement),
            *map(text, stated.where),
        ],
        "meaning": [one.meaning for one in letters],
        "docstring": [rest.partition("Examples\n---")[0]],
        "reason": [line.because for line in stated.derivation],
        "source": [sources()[key].cited() for key in stated.sources if key in sources()],
        "code": [stated.source_code],
    }
    return {place: " ".join(texts) for place, texts in parts.items()}
