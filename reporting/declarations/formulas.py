"""Formulas: arithmetic over named inputs, read by an allow-list and never run as Python."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

ALLOWED = "inputs, numbers, + - * /, lag(x, years), growth(x), change(x)"


def parse(formula: str) -> ast.expr:
    """The tree of a formula.

    Raises
    ------
    ValueError
        When the text is no expression.
    """
    try:
        return ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(getattr(error, "msg", "too deep")) from None


def faults(formula: str, names: Collection[str]) -> Iterator[str]:
    """All that is wrong with a formula over inputs of these names."""
    try:
        tree = parse(formula)
    except ValueError as error:
        yield f"formula {formula!r} cannot be read: {error}"
        return
    yield from dict.fromkeys(_faults(tree, formula, names))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in names:
        if name not in used:
            yield f"input {name!r} is not in the formula {formula!r}"


def _faults(node: ast.expr, formula: str, names: Collection[str]) -> Iterator[str]:
    match node:
        case ast.Name(id=name):
            if name not in names:
                yield f"formula names an undeclared input {name!r}"
        case ast.Constant(value=int() | float() as number) if number is not True and abs(number) < 1e300:
            pass
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
            yield from _faults(left, formula, names)
            yield from _faults(right, formula, names)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield from _faults(operand, formula, names)
        case ast.Call(func=ast.Name(id="growth" | "change"), args=[ast.Name() as name], keywords=[]):
            yield from _faults(name, formula, names)
        case ast.Call(func=ast.Name(id="lag"), args=[ast.Name() as name, ast.Constant(value=int() as y)], keywords=[]):
            yield from _faults(name, formula, names)
            if y is True or not 1 <= y <= 100:
                yield f"formula {formula!r}: a lag is a number of years from 1 to 100"
        case _:
            yield f"formula {formula!r}: {ast.unparse(node)!r} is not allowed. Allowed: {ALLOWED}"
