"""The portable subset of SQL, as a lint over a parsed tree (docs/decisions/0001)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

_FLOATING = (exp.Avg, exp.Median, exp.Stddev, exp.StddevSamp, exp.Variance, exp.Corr, exp.CovarSamp)
_INTEGERS = {"INT", "BIGINT", "SMALLINT", "TINYINT", "UBIGINT", "UINT"}


def _is_double(node: exp.Expr) -> bool:
    if isinstance(node, (exp.Paren, exp.Nullif, exp.Coalesce)):
        return _is_double(node.this)
    if isinstance(node, (exp.Mul, exp.Add, exp.Sub, exp.Div)):
        return _is_double(node.left) or _is_double(node.right)
    return isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.DOUBLE


def faults(tree: exp.Expr) -> Iterator[str]:
    """What in a query would differ between engines."""
    for node in tree.walk():
        if isinstance(node, exp.Div) and not (_is_double(node.left) or _is_double(node.right)):
            yield f"division without CAST AS DOUBLE: {node.sql()}"
        if isinstance(node, _FLOATING) and not _is_double(node.this):
            yield f"floating aggregate without CAST AS DOUBLE: {node.sql()}"
        if isinstance(node, exp.Cast) and node.to.this.value in _INTEGERS:
            inner = node.this
            if _is_double(inner) and not isinstance(inner, (exp.Floor, exp.Round)):
                yield f"double to integer without floor or round: {node.sql()}"
        if isinstance(node, (exp.Group, exp.Order)):
            for each in node.expressions:
                by = each.this if isinstance(each, exp.Ordered) else each
                if isinstance(by, exp.Literal):
                    yield f"GROUP BY or ORDER BY a number: {node.sql()}"
        if isinstance(node, exp.Join):
            on = node.args.get("on")
            if on is not None:
                for part in on.flatten() if isinstance(on, exp.And) else [on]:
                    if not isinstance(part.unnest(), exp.EQ):
                        yield f"join on something other than equality: {node.sql()}"
        if isinstance(node, exp.Substring) and node.args.get("start") == exp.Literal.number(0):
            yield f"substring from 0: {node.sql()}"
        if isinstance(node, exp.TryCast):
            yield f"try_cast belongs to import: {node.sql()}"
