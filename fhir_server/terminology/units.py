"""The units of UCUM, as its essence file lists them: read once, when first asked for.

https://ucum.org/ucum
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files

from fhir_server.fhir import xml

_SPACE = "{http://unitsofmeasure.org/ucum-essence}"


@dataclass(frozen=True, slots=True)
class Atom:
    """A unit symbol: `factor` times the unit `definition`, empty for a dimension of its own.

    `metric`: it takes prefixes. `function`: its values are no multiples but go through a function
    (`Cel`, `pH`), whose argument is measured in `factor` times `definition`.
    """

    factor: Fraction
    definition: str = ""
    metric: bool = False
    function: str = ""


@dataclass(frozen=True, slots=True)
class Units:
    """Prefixes and unit symbols by their case-sensitive codes."""

    prefixes: Mapping[str, Fraction]
    atoms: Mapping[str, Atom]


@cache
def units() -> Units:
    """Give the units of profiles/ucum/ucum-essence.xml."""
    root = xml.parse((files("profiles") / "ucum" / "ucum-essence.xml").read_bytes())
    atoms = {_code(row): Atom(Fraction(1), metric=True) for row in root.iter(f"{_SPACE}base-unit")}
    return Units(
        prefixes={
            _code(row): Fraction(str(_value(row).get("value")))
            for row in root.iter(f"{_SPACE}prefix")
        },
        atoms=atoms | {_code(row): _derived(row) for row in root.iter(f"{_SPACE}unit")},
    )


def _code(row: xml.Element) -> str:
    return str(row.get("Code"))


def _value(row: xml.Element) -> xml.Element:
    return next(row.iter(f"{_SPACE}value"))


def _derived(row: xml.Element) -> Atom:
    function = next(row.iter(f"{_SPACE}function"), None)
    given = _value(row) if function is None else function
    definition = str(given.get("Unit"))
    if row.get("isArbitrary") == "yes" and definition == "1":
        # Arbitrary units are commensurable with nothing else: https://ucum.org/ucum#para-24
        definition = ""
    return Atom(
        factor=Fraction(str(given.get("value"))),
        definition=definition,
        metric=row.get("isMetric") == "yes",
        function="" if function is None else str(function.get("name")),
    )
