"""Functions of numbers, and how exactly values are known.

https://hl7.org/fhirpath/N1/#math
"""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException
from typing import Any

from fhir_server.fhirpath.language.arithmetic import DIVIDED, EXACT, integer, number
from fhir_server.fhirpath.language.calls import AMOUNT, INTEGER, NUMBER, Signature, function
from fhir_server.fhirpath.language.environment import Frame, Item
from fhir_server.fhirpath.language.step import NOTHING
from fhir_server.fhirpath.language.values import system

_MAX_PLACES = 28
_MAX_POWER = 1000


def _guarded(work: Callable[..., list[Item]]) -> Callable[..., list[Item]]:
    """Give the function that yields nothing where a result does not exist."""

    def run(frame: Frame, *values: Any) -> list[Item]:
        try:
            return work(frame, *values)
        except DecimalException:
            return NOTHING

    return run


def _abs(_frame: Frame, found: Any) -> list[Item]:
    if isinstance(found, tuple):
        return [system("Quantity", (abs(found[0]), *found[1:]))]
    return number(abs(found))


def _whole(rounding: str) -> Callable[..., list[Item]]:
    def run(_frame: Frame, found: int | Decimal) -> list[Item]:
        value = Decimal(found)
        if value.adjusted() > _MAX_PLACES:
            return NOTHING
        return integer(int(value.to_integral_value(rounding)))

    return run


def _truncate(_frame: Frame, found: int | Decimal) -> list[Item]:
    return NOTHING if Decimal(found).adjusted() > _MAX_PLACES else integer(int(found))


def _round(_frame: Frame, found: int | Decimal, places: int = 0) -> list[Item]:
    if not 0 <= places <= _MAX_PLACES:
        return NOTHING
    unit = Decimal((0, (1,), -places))
    return number(Decimal(found).quantize(unit, ROUND_HALF_UP, EXACT))


def _power(_frame: Frame, found: int | Decimal, exponent: int | Decimal) -> list[Item]:
    if abs(Decimal(exponent)) > _MAX_POWER:
        return NOTHING
    if isinstance(found, int) and isinstance(exponent, int) and exponent >= 0:
        return integer(found**exponent) if _fits(found, exponent) else NOTHING
    exact = exponent == int(exponent)
    return number((EXACT if exact else DIVIDED).power(Decimal(found), Decimal(exponent)))


def _fits(found: int, exponent: int) -> bool:
    return found.bit_length() * exponent <= 64 or abs(found) <= 1  # noqa: PLR2004 (bits)


def _log(_frame: Frame, found: int | Decimal, base: int | Decimal) -> list[Item]:
    value = DIVIDED.divide(DIVIDED.ln(Decimal(found)), DIVIDED.ln(Decimal(base)))
    nearest = value.to_integral_value()
    return number(nearest if DIVIDED.power(Decimal(base), nearest) == found else value)


def _sqrt(_frame: Frame, found: int | Decimal) -> list[Item]:
    return number(DIVIDED.sqrt(Decimal(found)))


def _ln(_frame: Frame, found: int | Decimal) -> list[Item]:
    return number(DIVIDED.ln(Decimal(found)))


def _exp(_frame: Frame, found: int | Decimal) -> list[Item]:
    return NOTHING if abs(Decimal(found)) > _MAX_POWER else number(DIVIDED.exp(Decimal(found)))


FUNCTIONS: dict[str, Signature] = {
    "abs": function(AMOUNT, _abs),
    "ceiling": function(NUMBER, _whole(ROUND_CEILING)),
    "floor": function(NUMBER, _whole(ROUND_FLOOR)),
    "truncate": function(NUMBER, _truncate),
    "round": function(NUMBER, _guarded(_round), INTEGER, optional=1),
    "sqrt": function(NUMBER, _guarded(_sqrt)),
    "exp": function(NUMBER, _guarded(_exp)),
    "ln": function(NUMBER, _guarded(_ln)),
    "log": function(NUMBER, _guarded(_log), NUMBER),
    "power": function(NUMBER, _guarded(_power), NUMBER),
}
