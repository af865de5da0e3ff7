"""The bearer tokens and keys in the tests' own source, so that no output may hold one of them."""

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

TAKES_SECRET = frozenset({"with_bearer_token", "with_state_key"})
"""Functions whose first argument is a secret."""
KEYWORDS = frozenset({"api_key", "token", "secret"})
BEFORE_SECRET = frozenset({"--token", "TOOLYARD_TOKEN", "TOOLYARD_STATE_KEY"})
"""Words whose neighbour is one, in a command line or a call that sets a variable."""


def secrets_in(directory: Path) -> frozenset[str]:
    """Every literal, or constant of a module, that stands where a token is given."""
    sources = [path.read_text("utf-8") for path in directory.rglob("*.py")]
    trees = [ast.parse(source) for source in sources if "token" in source.lower()]
    constants = dict[str, set[str]]()
    for name, value in _constants(trees):
        constants.setdefault(name, set()).add(value)
    found = set[str]()
    for expression in _expressions(trees):
        if isinstance(expression, ast.Name):
            found |= constants.get(expression.id, set())
        elif text := _text(expression):
            found.add(text)
    return frozenset(found)


def _constants(trees: Sequence[ast.Module]) -> Iterator[tuple[str, str]]:
    for tree in trees:
        for node in tree.body:
            if isinstance(node, ast.Assign) and (value := _text(node.value)):
                yield from ((each.id, value) for each in node.targets if isinstance(each, ast.Name))


def _expressions(trees: Sequence[ast.Module]) -> Iterator[ast.expr]:
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from _given(node)
            elif isinstance(node, ast.List | ast.Tuple):
                yield from _neighbours(node.elts)
            elif isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                yield from (value for key, value in pairs if _text(key) in BEFORE_SECRET)


def _given(call: ast.Call) -> Iterator[ast.expr]:
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr in TAKES_SECRET:
        yield from call.args[:1]
    yield from (each.value for each in call.keywords if each.arg in KEYWORDS)
    yield from _neighbours(call.args)


def _neighbours(expressions: Sequence[ast.expr]) -> Iterator[ast.expr]:
    for word, secret in pairwise(expressions):
        if _text(word) in BEFORE_SECRET:
            yield secret


def _text(expression: ast.expr | None) -> str | None:
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return expression.value
    return None
