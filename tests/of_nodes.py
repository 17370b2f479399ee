"""Statements of each node that stands for others, or that asks how whole numbers compare.

Each true one stands beside one that differs in little and is false.
"""

from __future__ import annotations

from typing import NamedTuple

from rnnnotes.book.find.finding import find
from rnnnotes.book.language.derived import (
    AmongLargest,
    Argmax,
    Columns,
    Concat,
    Expectation,
    Largest,
    Rows,
    Variance,
)
from rnnnotes.book.language.nodes import (
    Bracket,
    Entry,
    Eq,
    Expression,
    Le,
    Lt,
    Ne,
    Ones,
    Outer,
    Relation,
    Stack,
    Steps,
    Sum,
    Total,
    put,
    wrap,
)
from rnnnotes.book.state.formulas import Formula, Line
from rnnnotes.notation import (
    B,
    D,
    H,
    M,
    P,
    T,
    W_hh,
    W_hy,
    W_x4,
    W_xh,
    X,
    b_h,
    eps,
    exp,
    i,
    j,
    k,
    log,
    n,
    p,
    scores,
    softmax,
    t,
    u,
    v,
    w,
    x,
)

__all__ = ["FALSE", "MEASURE_ZERO", "PAIRS", "TRUE", "Claim", "formula_of", "masked"]


class Claim(NamedTuple):
    """Two sides, what is given, and conditions."""

    left: Expression
    right: Expression
    given: tuple[str, ...] = ()
    where: tuple[Relation, ...] = ()
    sign: str = "="


def formula_of(claim: Claim) -> Formula:
    """Theorem in one line, with no code to speak of."""

    def claimed():
        """Claimed."""
        return float("nan")

    return Formula(
        id="nodes.claimed",
        statement=Relation(claim.left, claim.sign, wrap(claim.right)),
        code=claimed,
        sources=(),
        given=tuple(map(find, claim.given)),
        derivation=(Line(claim.sign, wrap(claim.right), "it is claimed"),),
        where=claim.where,
    )


SOFTMAX = ("building_blocks.softmax",)
S = X @ W_xh.T
"""Scores: a row for each example."""
PROBABILITIES = Rows(softmax, S)

CAUSAL = Stack(Stack(Bracket(Le(j, t)), j, 1, T), t, 1, T)
"""Ones at all steps up to the one at hand."""
PAIRS = Steps(x) @ Steps(x).T
"""Scores of every step by every step."""


def masked(mask):
    """Softmax of the scores of a step, of those places alone that a mask leaves open."""
    open_, k_open = mask, put(mask, {j: k})
    weight = exp(Entry(PAIRS, t, k)) * k_open
    row = open_ * exp(Entry(PAIRS, t, j)) / Sum(weight, k, 1, T)
    return Stack(Stack(row, j, 1, T), t, 1, T)


ONE_IN_ALL = (Eq(Total(p), 1),)
"""Weights that are probabilities add up to one."""
HEADS = Concat(M[j], j, 1, T)
"""As many matrices as there are steps, beside one another."""
BLOCKS = W_x4.T
SHARES = softmax(scores)
FIRST = AmongLargest(v, 1)
KEPT = Total(AmongLargest(v, i) * exp(v))
"""Total of the weights of the largest entries."""
REVERSED = Stack(Entry(v, H + 1 - i), i, 1, H)
BIASED = S + Outer(Ones(B), b_h)


def shares_of_keys(reach):
    """Total of the shares of the keys that a mask leaves open: more keys than queries."""

    def weight(place):
        return Bracket(Le(place, reach)) * exp(u * wrap(place))

    return Sum(weight(j) / Sum(weight(k), k, 1, T + P), j, 1, T + P)


TRUE = {
    "rows of a softmax add up to one": Claim(PROBABILITIES @ Ones(H), Ones(B), SOFTMAX),
    "a shift of each row": Claim(
        Rows(softmax, S + Outer(X @ W_xh.T @ v, Ones(H))), PROBABILITIES, SOFTMAX
    ),
    "as many steps as there have been": Claim(CAUSAL @ Ones(T), Stack(wrap(t), t, 1, T)),
    "a step is open or closed": Claim(Bracket(Le(t, 3)) + Bracket(Lt(3, t)), 1),
    "a number is small or large": Claim(Bracket(Le(u, 3)) + Bracket(Lt(3, u)), 1),
    "a step that is not before and not after": Claim(
        Bracket(Le(j, t)) - Bracket(Lt(j, t)), Bracket(Eq(t, j))
    ),
    "two steps that differ": Claim(Bracket(Ne(j, t)), 1 - Bracket(Eq(j, t))),
    "a sum under a mask": Claim(Sum(Bracket(Le(k, t)) * x[k], k, 1, T), Sum(x[k], k, 1, t)),
    "masked rows add up to one": Claim(masked(Bracket(Le(j, t))) @ Ones(T), Ones(T)),
    "a mask that is aligned at the last step": Claim(shares_of_keys(t + P), 1),
    "a mask that is aligned at the first step": Claim(shares_of_keys(t), 1),
    "a bias in each row": Claim(Entry(BIASED, n).T, W_xh @ Entry(X, n).T + b_h),
    "a variance by squares": Claim(
        Variance(p, scores),
        Expectation(p, scores**2) - Expectation(p, scores) ** 2,
        where=ONE_IN_ALL,
    ),
    "a variance of what is scaled": Claim(
        Variance(SHARES, u * (W_hy @ v) + u), u**2 * Variance(SHARES, W_hy @ v), SOFTMAX
    ),
    "an expectation of what is shifted": Claim(
        Expectation(SHARES, scores + u), Expectation(SHARES, scores) + u, SOFTMAX
    ),
    "an expectation of a sum": Claim(
        Expectation(p, scores + W_hy @ v), Expectation(p, scores) + Expectation(p, W_hy @ v)
    ),
    "an entry is not above the largest": Claim(Entry(S, n, i), Largest(Entry(S, n).T), sign="<="),
    "none is above the largest": Claim(v, Largest(v), sign="<="),
    "the largest is not above a bound of all": Claim(Largest(v), u, where=(Le(v, u),), sign="<="),
    "the largest is one of what it is of": Claim(Largest(Ones(H) * u), u),
    "the largest of what is shifted": Claim(Largest(v + u), Largest(v) + u),
    "the largest of what is scaled": Claim(Largest(eps * v), eps * Largest(v)),
    "what is at a largest entry is the largest": Claim(
        Bracket(Eq(Entry(v, i), Largest(v))) * (Largest(v) - Entry(v, i)), 0
    ),
    "a softmax that cannot overflow": Claim(softmax(v - Largest(v)), softmax(v), SOFTMAX),
    "heads beside one another, times a matrix": Claim(
        HEADS @ Concat(M[j] @ W_hh, j, 1, T).T, Sum(M[j] @ (M[j] @ W_hh).T, j, 1, T)
    ),
    "a head of those beside one another": Claim(Columns(HEADS, (k - 1) * H + 1, k * H), M[k]),
    "heads that are split and put together": Claim(
        Concat(Columns(HEADS, (k - 1) * H + 1, k * H), k, 1, T), HEADS
    ),
    "four blocks that are split and put together": Claim(
        Concat(Columns(BLOCKS, (k - 1) * H + 1, k * H), k, 1, 4), BLOCKS
    ),
    "heads under a mask that captures nothing": Claim(
        Concat(Bracket(Eq(j, t)) * M[j], j, 1, T) @ Concat(M[j], j, 1, T).T, M[t] @ M[t].T
    ),
    "the place of the largest share": Claim(Argmax(softmax(v)), Argmax(v), SOFTMAX),
    "the place of the largest share at any temperature": Claim(
        Argmax(softmax(v / eps)), Argmax(v), SOFTMAX
    ),
    "the place of the largest logarithm of a share": Claim(
        Argmax(log(softmax(v))), Argmax(v), SOFTMAX
    ),
    "the place of the largest of what is shifted": Claim(Argmax(v + u), Argmax(v)),
    "the place of the largest of what is scaled": Claim(Argmax(eps * v), Argmax(v)),
    "the place of the largest of equals": Claim(Argmax(Ones(H) * u), 1),
    "the place of the largest is one": Claim(1, Argmax(v), sign="<="),
    "the place of the largest is within": Claim(Argmax(v), H, sign="<="),
    "at the place of the largest": Claim(Bracket(Eq(i, Argmax(v))), Entry(FIRST, i)),
    "what stands at the place of the largest": Claim(FIRST @ v, Largest(v)),
    "none is above what stands at the place of the largest": Claim(v, FIRST @ v, sign="<="),
    "what is at the place of the largest is the largest": Claim(
        Bracket(Eq(i, Argmax(v))) * (Largest(v) - Entry(v, i)), 0
    ),
    "as many as are asked for": Claim(Total(AmongLargest(v, i)), i),
    "the largest share and the next": Claim(
        AmongLargest(softmax(v), i), AmongLargest(v, i), SOFTMAX
    ),
    "all are among as many as there are": Claim(AmongLargest(v, H), Ones(H)),
    "the largest is among the largest": Claim(FIRST, AmongLargest(v, i), sign="<="),
    "a place is the first or not": Claim(FIRST, Ones(H), sign="<="),
    "what is among some is among more": Claim(
        AmongLargest(v, i - 1), AmongLargest(v, i), sign="<="
    ),
    "of equals the first are the largest": Claim(
        AmongLargest(Ones(H) * u, i), Stack(Bracket(Le(k, i)), k, 1, H)
    ),
    "the shares of the largest add up to one": Claim(
        Total(AmongLargest(v, i) * exp(v) / KEPT), 1, where=(Lt(0, KEPT),)
    ),
    "a bracket whose index is bound": Claim(
        Sum(Bracket(Eq(k, t)) * Sum(Bracket(Le(t, k)) * x[t], t, 1, T), k, 1, T),
        Sum(x[k], k, 1, t),
    ),
}

FALSE = {
    "columns of a softmax add up to one": Claim(PROBABILITIES.T @ Ones(B), Ones(H), SOFTMAX),
    "a shift of each column": Claim(Rows(softmax, S + Outer(Ones(B), v)), PROBABILITIES, SOFTMAX),
    "one step less": Claim(CAUSAL @ Ones(T), Stack(wrap(t - 1), t, 1, T)),
    "at the edge twice": Claim(Bracket(Le(t, T)) + Bracket(Le(T, t)), 1),
    "a number at the edge twice": Claim(Bracket(Le(u, 3)) + Bracket(Le(3, u)), 1),
    "a step that is not before": Claim(Bracket(Le(j, t)) - Bracket(Lt(t, j)), Bracket(Eq(t, j))),
    "two steps that are equal": Claim(Bracket(Ne(j, t)), Bracket(Eq(j, t))),
    "a sum under the mask of what comes later": Claim(
        Sum(Bracket(Le(t, k)) * x[k], k, 1, T), Sum(x[k], k, 1, t)
    ),
    "masked columns add up to one": Claim(masked(Bracket(Le(j, t))).T @ Ones(T), Ones(T)),
    "a bias in each column": Claim(Entry(BIASED, n).T, W_xh @ Entry(X, n).T + b_h * n),
    "a variance by squares, whatever the weights": Claim(
        Variance(p, scores), Expectation(p, scores**2) - Expectation(p, scores) ** 2
    ),
    "a variance that is linear": Claim(
        Variance(SHARES, u * (W_hy @ v)), u * Variance(SHARES, W_hy @ v), SOFTMAX
    ),
    "an expectation of a product": Claim(
        Expectation(SHARES, W_hy @ v * scores),
        Expectation(SHARES, W_hy @ v) * Expectation(SHARES, scores),
        SOFTMAX,
    ),
    "an entry is below the largest": Claim(Entry(v, i), Largest(v), sign="<"),
    "the largest is an entry": Claim(Largest(v), Entry(v, i)),
    "the largest is not above a bound of another": Claim(
        Largest(v), u, where=(Le(w, u),), sign="<="
    ),
    "the largest of what is scaled by any number": Claim(Largest(u * v), u * Largest(v)),
    "what is at no largest entry is the largest": Claim(
        Bracket(Lt(Entry(v, i), Largest(v))) * (Largest(v) - Entry(v, i)), 0
    ),
    "the largest of a sum": Claim(Largest(v + w), Largest(v) + Largest(w)),
    "the place of the largest at a temperature of any sign": Claim(
        Argmax(softmax(u * v)), Argmax(v), SOFTMAX
    ),
    "the place of the largest of a sum": Claim(Argmax(v + w), Argmax(v)),
    "the place of the least": Claim(Argmax(-v), Argmax(v)),
    "the place of the last of the largest": Claim(H + 1 - Argmax(REVERSED), Argmax(v)),
    "the place of the largest, counted from zero": Claim(
        Sum(wrap(i - 1) * Entry(FIRST, i), i, 1, H), Argmax(v)
    ),
    "after the place of the largest": Claim(Bracket(Eq(i, Argmax(v) + 1)), Entry(FIRST, i)),
    "the place of the largest is the first": Claim(Argmax(v), 1),
    "what stands at the place of another": Claim(AmongLargest(w, 1) @ v, Largest(v)),
    "one less than are asked for": Claim(Total(AmongLargest(v, i)), i - 1),
    "what is among more is among some": Claim(
        AmongLargest(v, i), AmongLargest(v, i - 1), sign="<="
    ),
    "all are among one less": Claim(AmongLargest(v, H - 1), Ones(H)),
    "the largest of what is turned around": Claim(AmongLargest(-v, 1), FIRST),
    "the largest of a sum of rows": Claim(
        Sum(AmongLargest(Entry(W_xh, j).T, 1) @ Entry(W_xh, j).T, j, 1, H),
        Largest(Stack(Sum(Entry(W_xh, j, k), j, 1, H), k, 1, D)),
        sign="<=",
    ),
    "a softmax of what is divided": Claim(softmax(Largest(v) * v), softmax(v), SOFTMAX),
    "heads beside one another, in another order": Claim(
        HEADS @ Concat(M[T + 1 - j], j, 1, T).T, Sum(M[j] @ M[j].T, j, 1, T)
    ),
    "the head before": Claim(Columns(HEADS, (k - 1) * H + 1, k * H), M[1]),
    "heads of the wrong width": Claim(Concat(Columns(HEADS, k, k + H - 1), k, 1, T), HEADS),
    "four blocks in another order": Claim(
        Concat(Columns(BLOCKS, (4 - k) * H + 1, (5 - k) * H), k, 1, 4), BLOCKS
    ),
    "heads under a mask that captures": Claim(
        Concat(Bracket(Eq(j, t)) * M[j], j, 1, T) @ Concat(M[j], j, 1, T).T,
        Sum(M[t] @ M[t].T, t, 1, T),
    ),
    "a bracket that captures": Claim(
        Sum(Bracket(Eq(k, t)) * Sum(Bracket(Le(t, k)) * x[t], t, 1, T), k, 1, T),
        Sum(x[k], k, 1, T),
    ),
}

MEASURE_ZERO = ("a number at the edge twice", "the place of the last of the largest")
"""False where two real numbers are equal, and nowhere else: few numbers that are drawn tell."""
