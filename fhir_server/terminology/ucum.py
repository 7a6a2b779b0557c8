"""UCUM: a unit code → its exact factor and dimension; a quantity → base units, to compare by.

https://ucum.org/ucum
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

from fhir_server.terminology.units import units

# Longer codes, deeper parentheses, higher powers and greater factors are no units anybody wrote.
MAX_LENGTH = 200
MAX_DEPTH = 16
MAX_EXPONENT = 99
MAX_BITS = 4096
# A value with more digits, or further from one, is not converted.
MAX_DIGITS = 400
DIGITS = 28

# Where zero is, in degrees of its own above absolute zero.
_ZERO = {"Cel": Fraction("273.15"), "degF": Fraction("459.67"), "degRe": Fraction("218.52")}

_ROUNDED = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, Emin=-99_999, Emax=99_999, traps=[])

# Digits and operators stand inside a unit's symbol only in brackets, and in 10* and 10^.
_SYMBOL = r"10[*^]|(?:[!#-'*,:-Z\\^-z|~]|\[[!-Z\\^-~]*\])+"
_ANNOTATION = r"\{[ -z|~]*\}"
_TOKEN = re.compile(
    rf"(?P<symbol>{_SYMBOL})(?P<exponent>[+-]?\d+)?|(?P<factor>\d+)|(?P<annotation>{_ANNOTATION})"
    r"|(?P<operator>[./()])",
    re.ASCII,
)
_ALONE = re.compile(rf"({_SYMBOL})(?:{_ANNOTATION})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unit:
    """A value in this unit is `factor` times it, plus `offset`, in base units of `dimension`.

    `dimension` is a UCUM code of base and arbitrary units in alphabetical order, `g.m-3`, or `1`:
    two units are commensurable where it is the same text.
    """

    factor: Fraction
    offset: Fraction
    dimension: str


class _UnreadableError(ValueError):
    """The code is not UCUM, or cannot be compared by its value."""


@dataclass(frozen=True, slots=True)
class _Product:
    """A factor and the powers of base units; no power is zero."""

    factor: Fraction
    powers: Mapping[str, int]

    def times(self, other: "_Product", sign: int) -> "_Product":
        """Give the product, or with `sign` -1 the quotient."""
        powers = dict(self.powers)
        for base, power in other.powers.items():
            powers[base] = powers.get(base, 0) + sign * power
        factor = self.factor * other.factor if sign > 0 else self.factor / other.factor
        return _bounded(factor, {base: power for base, power in powers.items() if power})

    def raised(self, exponent: int) -> "_Product":
        """Give the power, zero and negative ones too."""
        if abs(exponent) > MAX_EXPONENT or _bits(self.factor) * abs(exponent) > MAX_BITS:
            raise _UnreadableError
        powers = {base: power * exponent for base, power in self.powers.items() if exponent}
        return _bounded(self.factor**exponent, powers)


_ONE = _Product(Fraction(1), MappingProxyType({}))


def canonical(value: Decimal, code: str) -> tuple[Decimal, str] | None:
    """Give a value in base units and their code: 1 `mg/L` is 1 `g.m-3`, 1 `Cel` is 274.15 `K`.

    The value is rounded once, to 28 significant digits, which keeps the order of values. None for
    a code that is not UCUM, a unit on a logarithmic or other curved scale, or a value that is out
    of bounds (over 400 digits).
    """
    known = unit(code)
    if known is None or not _convertible(value):
        return None
    # value * factor + offset, as one fraction that need not be in its lowest terms.
    numerator, denominator = value.as_integer_ratio()
    numerator *= known.factor.numerator
    denominator *= known.factor.denominator
    numerator = numerator * known.offset.denominator + known.offset.numerator * denominator
    denominator *= known.offset.denominator
    rounded = _ROUNDED.divide(Decimal(numerator), Decimal(denominator))
    return rounded.normalize(_ROUNDED), known.dimension


def _convertible(value: Decimal) -> bool:
    if not value.is_finite():
        return False
    _, digits, exponent = value.as_tuple()
    return len(digits) <= MAX_DIGITS and abs(int(exponent)) <= MAX_DIGITS


@lru_cache(maxsize=4096)
def unit(code: str) -> Unit | None:
    """Give what a case-sensitive code means; None as `canonical` says."""
    if not 0 < len(code) <= MAX_LENGTH:
        return None
    try:
        return _alone(code) or _linear(_product(code))
    except _UnreadableError:
        return None


def is_unit(code: str) -> bool:
    """Say whether a code is UCUM, on a curved scale (`[pH]`) or not."""
    return len(code) <= MAX_LENGTH and unit(_TOKEN.sub(_straight, code)) is not None


def _straight(token: re.Match[str]) -> str:
    """Give a token, 1 in place of a unit that goes through a function."""
    try:
        _, name = _split(token["symbol"] or "")
    except _UnreadableError:
        return token[0]
    return "1" if units().atoms[name].function and not token["exponent"] else token[0]


def _alone(code: str) -> Unit | None:
    """Give a unit whose scale has another zero; it takes no part in products."""
    found = _ALONE.fullmatch(code)
    if found is None:
        return None
    prefix, name = _split(found[1])
    atom = units().atoms[name]
    if atom.function not in _ZERO:
        return None
    degree = _product(atom.definition).factor * atom.factor
    linear = _linear(_product(atom.definition))
    return Unit(prefix * degree, _ZERO[atom.function] * degree, linear.dimension)


def _linear(product: _Product) -> Unit:
    text = ".".join(
        base if power == 1 else f"{base}{power}" for base, power in sorted(product.powers.items())
    )
    return Unit(product.factor, Fraction(0), text or "1")


def _product(code: str) -> _Product:
    tokens: list[re.Match[str]] = []
    at = 0
    while at < len(code):
        found = _TOKEN.match(code, at)
        if found is None:
            raise _UnreadableError
        tokens.append(found)
        at = found.end()
    tokens.reverse()
    whole = _divided(tokens) if _next(tokens, "/") else _term(tokens, 0)
    if tokens:
        raise _UnreadableError
    return whole


def _divided(tokens: list[re.Match[str]]) -> _Product:
    """Read what follows a leading slash: `/m.s` is `m-1.s`."""
    return _continued(_ONE.times(_component(tokens, 0), -1), tokens, 0)


def _term(tokens: list[re.Match[str]], depth: int) -> _Product:
    """Read components joined by `.` and `/`, worked from left to right."""
    return _continued(_component(tokens, depth), tokens, depth)


def _continued(product: _Product, tokens: list[re.Match[str]], depth: int) -> _Product:
    while True:
        if _next(tokens, "."):
            product = product.times(_component(tokens, depth), 1)
        elif _next(tokens, "/"):
            product = product.times(_component(tokens, depth), -1)
        else:
            return product


def _component(tokens: list[re.Match[str]], depth: int) -> _Product:
    # An annotation is the unit 1, and changes nothing behind another: https://ucum.org/ucum#para-6
    if tokens and tokens[-1]["annotation"]:
        tokens.pop()
        return _ONE
    product = _parenthesis(tokens, depth) if _next(tokens, "(") else _simple(tokens)
    if tokens and tokens[-1]["annotation"]:
        tokens.pop()
    return product


def _parenthesis(tokens: list[re.Match[str]], depth: int) -> _Product:
    if depth == MAX_DEPTH:
        raise _UnreadableError
    inner = _term(tokens, depth + 1)
    if not _next(tokens, ")"):
        raise _UnreadableError
    return inner


def _simple(tokens: list[re.Match[str]]) -> _Product:
    if not tokens or tokens[-1]["operator"]:
        raise _UnreadableError
    token = tokens.pop()
    if token["symbol"]:
        return _power(token["symbol"], token["exponent"] or "1")
    number = Fraction(token["factor"])
    if number == 0:
        raise _UnreadableError
    return _bounded(number, {})


def _next(tokens: list[re.Match[str]], operator: str) -> bool:
    if tokens and tokens[-1]["operator"] == operator:
        tokens.pop()
        return True
    return False


def _power(symbol: str, exponent: str) -> _Product:
    prefix, name = _split(symbol)
    atom = _atom(name)
    return _bounded(prefix * atom.factor, atom.powers).raised(int(exponent))


def _split(symbol: str) -> tuple[Fraction, str]:
    """Give prefix and unit; a symbol that is a unit as it stands has no prefix."""
    known = units()
    if symbol in known.atoms:
        return Fraction(1), symbol
    for length in (2, 1):
        prefix, name = symbol[:length], symbol[length:]
        if prefix in known.prefixes and name in known.atoms and known.atoms[name].metric:
            return known.prefixes[prefix], name
    raise _UnreadableError


@lru_cache(maxsize=1024)
def _atom(name: str) -> _Product:
    atom = units().atoms[name]
    if atom.function:
        raise _UnreadableError
    if not atom.definition:
        return _Product(Fraction(1), {name: 1})
    return _Product(atom.factor, {}).times(_product(atom.definition), 1)


def _bounded(factor: Fraction, powers: Mapping[str, int]) -> _Product:
    if _bits(factor) > MAX_BITS:
        raise _UnreadableError
    return _Product(factor, powers)


def _bits(factor: Fraction) -> int:
    return max(factor.numerator.bit_length(), factor.denominator.bit_length())
