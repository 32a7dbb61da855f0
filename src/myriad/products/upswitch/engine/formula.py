"""Formulas of a trace: what they name, and what they come to.

The language is that of a spreadsheet (+ - * / ^, comparisons, IF, SUM, MIN, MAX, SQRT, EXP, LN,
ROUND, NORMSDIST), with the keys of the trace instead of cells, so that a formula can be read by a
person, checked by this module and written into a workbook.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
import re
from collections.abc import Callable, Mapping

from myriad.products.upswitch.engine.options import normal

_NAME = re.compile(r"\b[a-z][a-z0-9_]*\b")
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
}


def _round(value: float, digits: float) -> float:
    scale = 10.0 ** int(digits)
    return math.copysign(math.floor(abs(value) * scale + 0.5) / scale, value)


_FUNCTIONS: dict[str, Callable[..., float]] = {
    "SUM": lambda *values: math.fsum(values),
    "MIN": lambda *values: min(values),
    "MAX": lambda *values: max(values),
    "SQRT": math.sqrt,
    "EXP": math.exp,
    "LN": math.log,
    "ROUND": _round,
    "NORMSDIST": normal,
}


def names_in(expression: str) -> tuple[str, ...]:
    """Return the keys that a formula reads, each once, in order."""
    return tuple(dict.fromkeys(_NAME.findall(expression)))


def with_names(expression: str, replace: Callable[[str], str]) -> str:
    """Return the formula with each key replaced, as by the address of its cell."""
    return _NAME.sub(lambda found: replace(found[0]), expression)


def evaluate(expression: str, values: Mapping[str, float]) -> float:
    """Return what a formula comes to; raises KeyError for a name without value."""
    return _value(_parsed(expression), values)


@functools.lru_cache(maxsize=4096)
def _parsed(expression: str) -> ast.expr:
    text = expression.replace("^", "**")
    text = re.sub(r"(?<![<>=])=(?!=)", "==", text)
    return ast.parse(text, mode="eval").body


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, values)
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.Compare):
        compare = _COMPARISONS[type(node.ops[0])]
        return float(compare(_value(node.left, values), _value(node.comparators[0], values)))
    return _call(node, values)


def _call(node: ast.expr, values: Mapping[str, float]) -> float:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise TypeError(f"a formula cannot hold {ast.dump(node)}")
    if node.func.id == "IF":
        test, yes, no = node.args
        return _value(yes if _value(test, values) else no, values)
    return _FUNCTIONS[node.func.id](*(_value(argument, values) for argument in node.args))
