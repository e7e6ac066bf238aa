"""The Financial Well-Being Scale of the Consumer Financial Protection Bureau, from total to score.

Ten answers of 0 to 4 each make a total of 0 to 40. The score that goes with it depends on the
person's age (18 to 61, or 62 and older) and on whether they answered by themselves or someone read
the questions to them; the Bureau publishes the four lists (cfpb2015). All ten answers are needed:
the lists say nothing of a total with one missing.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from rung.records import query

OLDER = 62
Kind = tuple[bool, bool]  # 62 or older, read aloud
SCORES: Mapping[Kind, tuple[int, ...]] = {
    (False, False): (
        14, 19, 22, 25, 27, 29, 31, 32, 34, 35, 37, 38, 40, 41, 42, 44, 45, 46, 47, 49, 50,
        51, 52, 54, 55, 56, 58, 59, 60, 62, 63, 65, 66, 68, 69, 71, 73, 75, 78, 81, 86,
    ),
    (True, False): (
        14, 20, 24, 26, 29, 31, 33, 35, 36, 38, 39, 41, 42, 44, 45, 46, 48, 49, 50, 52, 53,
        54, 56, 57, 58, 60, 61, 63, 64, 66, 67, 69, 71, 73, 75, 77, 79, 82, 84, 88, 95,
    ),
    (False, True): (
        16, 21, 24, 27, 29, 31, 33, 34, 36, 38, 39, 40, 42, 43, 44, 45, 47, 48, 49, 50, 52,
        53, 54, 55, 57, 58, 59, 60, 62, 63, 65, 66, 68, 70, 71, 73, 76, 78, 81, 85, 91,
    ),
    (True, True): (
        18, 23, 26, 28, 30, 32, 33, 35, 36, 38, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 50,
        52, 53, 54, 55, 56, 57, 58, 60, 61, 62, 64, 65, 67, 68, 70, 72, 75, 77, 81, 87,
    ),
}  # fmt: skip
"""The score of each total from 0 to 40."""


def score(total: int, age: int, *, read_aloud: bool = False) -> int:
    """The score of a total; ValueError outside 0 to 40, or for someone under 18."""
    if not 0 <= total <= 40 or age < 18:
        raise ValueError("a total is 0 to 40, and the scale is for people of 18 and older")
    return SCORES[age >= OLDER, read_aloud][total]


def score_of(total: exp.Expr, age: exp.Expr, read_aloud: exp.Expr) -> exp.Expr:
    """The same as a tree; NULL where the total or the age is. Not said: they answered alone."""
    aloud = exp.func("coalesce", read_aloud.copy(), exp.false())
    older = exp.GTE(this=age.copy(), expression=query.tree(OLDER))
    case = exp.Case()
    for (old, heard), scores in SCORES.items():
        whose = older if old else exp.LT(this=age.copy(), expression=query.tree(OLDER))
        how = aloud if heard else exp.not_(aloud.copy())
        inner = exp.Case()
        for i, each in enumerate(scores):
            on = exp.EQ(this=total.copy(), expression=query.tree(i))
            inner = inner.when(on, query.tree(each))
        case = case.when(exp.and_(whose.copy(), how.copy()), inner)
    return case
