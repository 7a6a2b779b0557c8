"""What a service finds in a citizen: values around the reference range, or a reader's text."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from mappings.synthetic.catalogue import Diagnosis, Index, Service
from mappings.synthetic.people import FEMALE, Person

if TYPE_CHECKING:
    from mappings.synthetic.visits import Occasion

_ADULT = 15
_NORMAL = {"M": (66, 84), "T": (36.5, 37.0), "S": (108, 128), "D": (66, 80), "NT": (16, 19)}
_SPREAD = 0.06


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of results: a value with its unit and range, or a description with a conclusion."""

    key: str
    name: str
    value: str = ""
    unit: str = ""
    text: str = ""
    conclusion: str = ""


def findings(
    rng: Random, person: Person, occasion: "Occasion", service: Service
) -> tuple[Finding, ...]:
    """Give what a service finds, the diseases of the occasion taken into account."""
    diseases = (occasion.diagnosis, *occasion.others)
    if service.findings:
        told = service.findings
        code = next((one.code for one in diseases if one.code in told), "")
        text, conclusion = told[code]
        return (Finding("", service.name, text=text, conclusion=conclusion),)
    return tuple(
        _measured(rng, person, index, diseases, occasion.progress) for index in service.indices
    )


def vital_signs(rng: Random, person: Person, occasion: "Occasion", progress: float) -> str:
    """Give the inside of CSST<…>, as M75_T37_HA120/70_NT18_SP98; blood pressure for adults only.

    Decision 4750/QĐ-BYT, table 5, DIEN_BIEN_LS.
    """
    age = person.age(occasion.arrived.date())
    diseases = (occasion.diagnosis, *occasion.others)

    def sign(name: str) -> float:
        said = next((one.vitals[name] for one in diseases if name in one.vitals), None)
        if said is None:
            return rng.uniform(*_NORMAL.get(name, (97, 99.4)))
        mild, severe = said if said[0] < said[1] or name == "SP" else said[::-1]
        if name == "SP":
            mild, severe = severe, mild
        return _between(rng, mild, severe, progress)

    faster = max(0, 12 - age) * 3
    parts = [f"M{sign('M') + faster:.0f}", f"T{sign('T'):.1f}"]
    if age >= _ADULT:
        parts.append(f"HA{sign('S') / 5:.0f}".replace("HA", "") if False else _pressure(sign))
    parts += [f"NT{sign('NT') + faster / 3:.0f}", f"SP{min(100, sign('SP')):.0f}"]
    return "_".join(parts)
