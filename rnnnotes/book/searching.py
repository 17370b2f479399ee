r"""Find formulas by the words, symbols and names that people have for them.

A formula is found by what it says of itself, in words, in LaTeX and in code, and by what
libraries call its parts, which `ALSO_CALLED` declares.  Rare words count more than common
ones, and a word in a title more than one in a reason.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from rnnnotes.book.keeping import answered, data_file

if TYPE_CHECKING:
    from rnnnotes.book.formulas import Formula

__all__ = ["ALSO_CALLED", "Hit", "find_named", "nearest", "search", "suggestion"]

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

WEIGHTS = {
    "title": 7, "id": 6, "also called": 6, "keyword": 5, "symbol": 4, "a symbol also called": 4,
    "equation": 3, "meaning": 3, "docstring": 2, "reason": 2, "source": 2, "code": 1,
}  # fmt: skip
"""What a word counts, by where it stands."""


class Hit(NamedTuple):
    """A formula that is found, and why: where it holds which words."""

    id: str
    title: str
    reason: str


# -- Words -----------------------------------------------------------------------------------------


FONTS = re.compile(r"\\(?:math[a-z]+|boldsymbol|operatorname|left|right|displaystyle|big)(?![a-z])")

WORD = re.compile(r"\\[a-z]+|[^\W_]\w*(?:\.\w+)*|[^\x00-\x7f]")
"""A command of LaTeX, a word or a name of code with its dots, or a sign such as the partial."""


def words_of(text: str) -> list[str]:
    r"""Words of a text: LaTeX and code give the same word for the same symbol.

    Examples
    --------
    >>> words_of(r"Weights \mathbf{W}_{hh} \odot nn.GRU")
    ['weights', 'w_hh', '\\odot', 'nn.gru']
    """
    plain = FONTS.sub("", re.sub(r"(\\[A-Za-z]+)\{", r"\1 ", text))
    return [word.rstrip("_") for word in WORD.findall(re.sub("[{}]", "", plain).casefold())]


def _with_parts(words: Iterable[str]) -> Iterator[str]:
    """Words, and the parts of those that are put together, as in ``bptt.step_jacobian``."""
    for word in words:
        yield word
        yield from (part for part in re.split(r"[._]", word) if len(part) > 1)


def _stem(word: str) -> str:
    """Word without its ending, if it is long enough to keep its meaning.

    Examples
    --------
    >>> _stem("gradients"), _stem("clipping"), _stem("gate")
    ('gradient', 'clip', 'gate')
    """
    single = re.sub(r"(?<=[a-z]{2})([^aeiouls])\1(?:ing|ed)$", r"\1", word)
    return re.sub(r"(?<=[a-z]{4})(?:ing|ed|es|s|e)$", "", single)


# -- What there is ---------------------------------------------------------------------------------


def _index() -> list[dict[str, Any]]:
    """Id, title, names and words of each formula, from disk if they are known."""
    entries: list[dict[str, Any]] = answered(("search",), _made)
    return entries


def _made() -> list[dict[str, Any]]:
    from rnnnotes.book.formulas import find_all
    from rnnnotes.book.published import load

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
            "words": {place: list(dict.fromkeys(_with_parts(words_of(text))))
                      for place, text in _texts(stated, published.keywords(stated.id)).items()},
        }
        for stated in find_all().values()
    ]  # fmt: skip


GRADIENT = r"\nabla", r"\nabla \frac \partial ∂"
"""A gradient, and how it is written elsewhere."""


def _texts(stated: Formula, keywords: list[str]) -> dict[str, str]:
    """What is said of a formula, by where it stands."""
    from rnnnotes.book.bibliography import sources
    from rnnnotes.book.legend import documented
    from rnnnotes.book.plaintext import text
    from rnnnotes.book.symbols import FUNCTIONS, SYMBOLS

    symbols = [*(symbol.name for symbol in stated.symbols), *stated.functions]
    meanings = [SYMBOLS[symbol] for symbol in stated.symbols]
    meanings += [FUNCTIONS[name] for name in stated.functions]
    _, _, rest = documented(stated).partition("\n\n")
    parts = {
        "id": [stated.id],
        "title": [stated.title],
        "also called": [ALSO_CALLED.get(stated.id, "")],
        "keyword": [name.replace("-", " ") for name in keywords],
        "symbol": [*symbols, *(meaning.tex for meaning in meanings)],
        "a symbol also called": [ALSO_CALLED.get(name, "") for name in symbols],
        "equation": [
            stated.latex.replace(*GRADIENT),
            text(stated.statement),
            *map(text, stated.where),
        ],
        "meaning": [
            *map(stated.meaning, stated.symbols),
            *(FUNCTIONS[name].text for name in stated.functions),
        ],
        "docstring": [rest.partition("Examples\n---")[0]],
        "reason": [line.because for line in stated.derivation],
        "source": [sources()[key].cited() for key in stated.sources if key in sources()],
        "code": [stated.source_code],
    }
    return {place: " ".join(texts) for place, texts in parts.items()}


# -- What is found ---------------------------------------------------------------------------------


def search(query: str, limit: int = 10) -> list[Hit]:
    r"""Find formulas by words, symbols, LaTeX, names of libraries, keywords or old ids.

    Parameters
    ----------
    query : str
        What is looked for, such as ``last hidden state``, ``W_{hh}`` or ``bias_hh``.
    limit : int, optional
        How many formulas are wanted at most.

    Returns
    -------
    list of Hit
        Formulas, the best first.  Each holds half of the words at least; a word that no
        formula holds does not count.

    Examples
    --------
    >>> for hit in search("clip_grad_norm_"):
    ...     print(hit.id, "--", hit.reason)
    gradients.clip_by_norm -- also called (clip_grad_norm)
    gradients.global_norm -- also called (clip_grad_norm)
    """
    entries = _index()
    vocabulary = {word for entry in entries for words in entry["words"].values() for word in words}
    terms = [alike for word in dict.fromkeys(words_of(query)) for alike in _known(word, vocabulary)]
    found = [[_best(entry["words"], alike) for alike in terms] for entry in entries]
    rarity = [math.log(1 + len(entries) / sum(bool(best.weight) for best in column))
              for column in zip(*found, strict=True)]  # fmt: skip
    scored = []
    for entry, row in zip(entries, found, strict=True):
        share = sum(bool(best.weight) for best in row) / max(1, len(row))
        score = sum(best.weight * rare for best, rare in zip(row, rarity, strict=True))
        score *= share * (1 + _share_of_title(entry["title"], terms))
        named = [name for name in entry["names"] if name.casefold() == query.strip().casefold()]
        if named or share >= 0.5:
            reason = f"named {named[0]}" if named else _reason(row)
            scored.append((bool(named), score, Hit(entry["id"], entry["title"], reason)))
    return [hit for *_, hit in sorted(scored, key=lambda one: one[:2], reverse=True)][:limit]


def _share_of_title(title: str, terms: list[dict[str, float]]) -> float:
    """Return which share of the words of a title is looked for."""
    words = words_of(title)
    return sum(any(word in alike for alike in terms) for word in words) / len(words)


class _Best(NamedTuple):
    """Where a word counts most in a formula; its weight is zero if it stands nowhere."""

    weight: float = 0.0
    place: str = ""
    word: str = ""


def _best(words: dict[str, list[str]], alike: dict[str, float]) -> _Best:
    return max((_Best(WEIGHTS[place] * alike[word], place, word)
                for place, those in words.items() for word in those if word in alike),
               key=lambda best: best.weight, default=_Best())  # fmt: skip


def _reason(row: Iterable[_Best]) -> str:
    """Where a formula holds which words, as in ``title (hidden, state)``."""
    places: dict[str, dict[str, None]] = {}
    for best in row:
        if best.weight:
            places.setdefault(best.place, {})[best.word] = None
    return ", ".join(f"{place} ({', '.join(words)})" for place, words in places.items())


def _known(word: str, vocabulary: set[str]) -> list[dict[str, float]]:
    """Words of formulas that are meant by a word, with how surely; its parts, if none is.

    A parameter of a layer, such as ``weight_ih_l0_reverse``, is that of any layer.
    """
    word = re.sub(r"_l\d+(?:_reverse)?$", "", word)
    if alike := _alike(word, vocabulary):
        return [alike]
    _, dot, rest = word.partition(".")
    if dot:
        return _known(rest, vocabulary)
    if parts := [part for part in word.split("_") if part != word]:
        return [alike for part in parts for alike in _known(part, vocabulary)]
    close = difflib.get_close_matches(word, vocabulary, n=1, cutoff=0.8) if len(word) > 5 else []
    return [dict.fromkeys(close, 0.5)] if close else []


def _alike(word: str, vocabulary: set[str]) -> dict[str, float]:
    """Words that are a word itself, or have its stem, or begin with it."""
    alike = {word: 1.0} if word in vocabulary else {}
    stem = _stem(word)
    if word.isalpha() and len(stem) > 3:
        for one in vocabulary - {word}:
            if one.startswith(stem) and one.isalpha():
                alike[one] = 0.9 if _stem(one) == stem else 0.6
    return alike


# -- Names -----------------------------------------------------------------------------------------


def find_named(name: str) -> Formula:
    """Find a formula by its id, an id that it had before, or a keyword that it alone has.

    Parameters
    ----------
    name : str
        Such as ``vanilla_rnn.hidden_state``, ``lstm-backward-df`` or ``my_cells.py:my_step``.

    Returns
    -------
    Formula
        The formula.

    Raises
    ------
    UnknownFormulaError
        If there is none, or more than one; the message names them, or the nearest.

    Examples
    --------
    >>> find_named("lstm-backward-df").id
    'lstm.forget_gate_gradient'
    """
    from rnnnotes.book.files import is_path
    from rnnnotes.book.formulas import UnknownFormulaError, find, find_all
    from rnnnotes.book.published import load

    if is_path(name) or name in find_all():
        return find(name)
    meant = [entry["id"] for entry in _index() if name in entry["names"]]
    if len(meant) > 1:
        raise UnknownFormulaError(f"{name!r} is a keyword of several: {', '.join(meant)}")
    why = load(data_file("published-ids.toml")).withdrawn.get(name)
    if why is not None:
        raise UnknownFormulaError(f"{name!r} is withdrawn: {why}")
    return find(*meant or [name])


def nearest(name: str, count: int = 3) -> list[str]:
    """Ids of the formulas whose names are nearest to one, and of what a search finds for it.

    Parameters
    ----------
    name : str
        A name that no formula has, or words.
    count : int, optional
        How many are wanted.

    Returns
    -------
    list of str
        Ids, the nearest first; none if nothing is near.

    Examples
    --------
    >>> nearest("bptt.step_jacobain", 1)
    ['bptt.step_jacobian']
    """
    names = {name: entry["id"] for entry in reversed(_index()) for name in entry["names"]}
    close = [names[one] for one in difflib.get_close_matches(name, names, n=count, cutoff=0.7)]
    found = [hit.id for hit in search(re.sub(r"[\W_]+", " ", name), count)]
    far = [names[one] for one in difflib.get_close_matches(name, names, n=count, cutoff=0.4)]
    return list(dict.fromkeys([*close, *found, *far]))[:count]


def suggestion(name: str) -> str:
    """What to try in place of a name that no formula has, for a message.

    Examples
    --------
    >>> suggestion("clip_by_nrm")
    'the nearest are gradients.clip_by_norm, gradients.clip_by_value, gradients.clipped_norm'
    """
    ids = nearest(name)
    return f"the nearest are {', '.join(ids)}" if ids else "`rnnnotes list` shows all"
