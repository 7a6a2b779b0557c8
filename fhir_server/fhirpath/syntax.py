"""FHIRPath text → syntax tree, by precedence climbing.

Grammar: https://hl7.org/fhirpath/N1/grammar.html
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias


class FhirPathError(ValueError):
    """The text is not FHIRPath, or asks for what these definitions do not have."""


@dataclass(frozen=True, slots=True)
class Literal:
    """`'phone'`, `false`, `0`; `{}` is None.

    `kind` is decimal, date, dateTime, time or quantity where Python has no such type: the value is
    then the text as it was written, and `unit` that of a quantity (`'mg'`, `days`).
    """

    value: str | bool | int | None
    kind: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable: `$this` or `%resource`."""

    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """`source.name`; without a source, an element of the focus or a type."""

    source: "Node | None"
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """`source.function(arguments)`."""

    source: "Node | None"
    function: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Index:
    """`source[position]`."""

    source: "Node"
    position: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; for `is` and `as` the right side names a type."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Sign:
    """`-operand` or `+operand`."""

    sign: str
    operand: "Node"


Node: TypeAlias = Literal | Variable | Name | Call | Index | Binary | Sign

# An expression is at most this long, and its tree this deep.
MAX_LENGTH = 20_000
MAX_DEPTH = 100

_MAX_DIGITS = 19

# From loose to tight: https://hl7.org/fhirpath/N1/#operator-precedence
_LEVELS = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "~", "!=", "!~"),
    ("<", ">", "<=", ">="),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)
_PRECEDENCE = {
    operator: power for power, level in enumerate(_LEVELS, start=1) for operator in level
}
# https://hl7.org/fhirpath/N1/#time-valued-quantities
CALENDAR = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
_CALENDAR = frozenset(CALENDAR) | frozenset(f"{unit}s" for unit in CALENDAR)
_TIME = r"\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?"
_WHITE_SPACE = re.compile(r"(?>\s|//[^\r\n]*|/\*(?s:.*?)\*/)*+")
_TOKEN = re.compile(
    rf"""(?P<dateTime>@\d{{4}}(?:-\d\d(?:-\d\d)?)?T(?:{_TIME}(?:Z|[+-]\d\d:\d\d)?)?)
      | (?P<date>@\d{{4}}(?:-\d\d(?:-\d\d)?)?)
      | (?P<time>@T{_TIME})
      | (?P<decimal>[0-9]+\.[0-9]+)
      | (?P<integer>[0-9]+)
      | (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<variable>\$[a-z]+|%(?:(?:vs|ext)-[A-Za-z0-9-]+|[A-Za-z_][A-Za-z0-9_]*))
      | %(?P<delimited>`[^`]+`|'[^']+'|"[^"]+")
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<quoted>`(?:[^`\\]|\\.)*`)
      | (?P<sign>!=|!~|<=|>=|[().,|=~<>+*/&\[\]{{}}-])
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_WHITE = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


class _Token(NamedTuple):
    kind: str
    text: str


_END = _Token("end", "the end")


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """Give the tree of a FHIRPath expression; FhirPathError if it is none."""
    if len(text) > MAX_LENGTH:
        raise FhirPathError(f"the expression is longer than {MAX_LENGTH} characters")
    tokens = _tokens(text)
    try:
        tree, rest = _expression(tokens, 0, 0)
    except RecursionError:
        raise FhirPathError("the expression is nested too deeply") from None
    if tokens[rest] is not _END:
        raise FhirPathError(f"unexpected {tokens[rest].text!r} in {text!r}")
    _check_depth(tree)
    return tree


def parts(node: Node) -> tuple[Node, ...]:
    """Give the nodes a node is made of."""
    match node:
        case Name(Literal() | Variable() | Name() | Call() | Index() | Binary() | Sign() as source):
            return (source,)
        case Call(source, _, arguments):
            return arguments if source is None else (source, *arguments)
        case Index(left, right) | Binary(_, left, right):
            return (left, right)
        case Sign(_, operand):
            return (operand,)
        case _:
            return ()


def _check_depth(tree: Node) -> None:
    level: list[Node] = [tree]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise FhirPathError("the expression is nested too deeply")
        level = [part for node in level for part in parts(node)]


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = _after_white_space(text, 0)
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise FhirPathError(f"cannot read {text[position : position + 20]!r} in {text!r}")
        kind, token = match.lastgroup, match.group(match.lastgroup)
        if kind == "delimited":
            kind, token = "variable", f"%{token[1:-1]}"
        found.append(_Token(kind, token))
        position = _after_white_space(text, match.end())
    return [*found, _END]


def _after_white_space(text: str, position: int) -> int:
    match = _WHITE_SPACE.match(text, position)
    return match.end() if match else position


def _expression(tokens: list[_Token], at: int, floor: int) -> tuple[Node, int]:
    left, at = _signed(tokens, at)
    while (power := _PRECEDENCE.get(tokens[at].text, 0)) > floor:
        operator = tokens[at].text
        if operator in ("is", "as"):
            right, at = _type_name(tokens, at + 1)
        else:
            right, at = _expression(tokens, at + 1, power)
        left = Binary(operator, left, right)
    return left, at


def _signed(tokens: list[_Token], at: int) -> tuple[Node, int]:
    sign = tokens[at].text
    if sign not in ("-", "+"):
        return _term(tokens, at)
    operand, at = _signed(tokens, at + 1)
    return Sign(sign, operand), at


def _type_name(tokens: list[_Token], at: int) -> tuple[Node, int]:
    """Read `Patient`, `FHIR.Patient`, or either in parentheses."""
    if tokens[at].text == "(":
        inner, at = _type_name(tokens, at + 1)
        return inner, _expect(tokens, at, ")")
    node: Node | None = None
    while True:
        if tokens[at].kind not in ("name", "quoted"):
            raise FhirPathError(f"a type is expected, not {tokens[at].text!r}")
        node, at = Name(node, _identifier(tokens[at])), at + 1
        # Behind the last point there may be one token only, the end.
        if tokens[at].text != "." or tokens[at + 2 : at + 3] == [_Token("sign", "(")]:
            return node, at
        at += 1


def _term(tokens: list[_Token], at: int) -> tuple[Node, int]:
    node, at = _primary(tokens, at)
    while tokens[at].text in (".", "["):
        if tokens[at].text == ".":
            node, at = _invocation(tokens, at + 1, node)
        else:
            position, at = _expression(tokens, at + 1, 0)
            node, at = Index(node, position), _expect(tokens, at, "]")
    return node, at


def _primary(tokens: list[_Token], at: int) -> tuple[Node, int]:  # noqa: PLR0911 (a case for each kind)
    kind, text = tokens[at]
    if kind in ("integer", "decimal"):
        return _number(tokens, at)
    if kind in ("date", "dateTime", "time"):
        return Literal(text.removeprefix("@").removeprefix("T"), kind), at + 1
    if kind == "string":
        return Literal(_unescaped(text)), at + 1
    if kind == "variable":
        return Variable(text), at + 1
    if kind == "name" and text in ("true", "false"):
        return Literal(text == "true"), at + 1
    if text == "{":
        return Literal(None), _expect(tokens, at + 1, "}")
    if text == "(":
        node, at = _expression(tokens, at + 1, 0)
        return node, _expect(tokens, at, ")")
    return _invocation(tokens, at, None)


def _number(tokens: list[_Token], at: int) -> tuple[Node, int]:
    kind, text = tokens[at]
    unit = tokens[at + 1]
    if unit.kind == "string":
        return Literal(text, "quantity", unit.text), at + 2
    if unit.text in _CALENDAR:
        return Literal(text, "quantity", unit.text), at + 2
    if kind == "integer" and len(text) > _MAX_DIGITS:
        raise FhirPathError(f"{text[:20]}… is too large")
    if kind == "integer":
        return Literal(int(text)), at + 1
    return Literal(text, "decimal"), at + 1


def _invocation(tokens: list[_Token], at: int, source: Node | None) -> tuple[Node, int]:
    if tokens[at].kind not in ("name", "quoted"):
        raise FhirPathError(f"a name is expected, not {tokens[at].text!r}")
    name = _identifier(tokens[at])
    if tokens[at + 1].text != "(":
        return Name(source, name), at + 1
    arguments: list[Node] = []
    at += 2
    while tokens[at].text != ")":
        if arguments:
            at = _expect(tokens, at, ",")
        argument, at = _expression(tokens, at, 0)
        arguments.append(argument)
    return Call(source, name, tuple(arguments)), at + 1


def _identifier(token: _Token) -> str:
    return token.text if token.kind == "name" else _unescaped(token.text)


def _unescaped(quoted: str) -> str:
    """Give a string or a delimited identifier without its quotes and escapes."""
    text = _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _WHITE.get(found[2], found[2]),
        quoted[1:-1],
    )
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise FhirPathError(f"{quoted[:20]} has half of a character") from None


def _expect(tokens: list[_Token], at: int, sign: str) -> int:
    if tokens[at].text != sign:
        raise FhirPathError(f"{sign!r} is expected, not {tokens[at].text!r}")
    return at + 1
