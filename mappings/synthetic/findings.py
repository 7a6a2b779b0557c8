"""What a service finds in a citizen: values around the reference range, or a reader's text."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from mappings.synthetic.catalogue import Diagnosis, Index, Range, Service
from mappings.synthetic.people import FEMALE

_ADULT = 15
_FAST_UNTIL = 12  # children's hearts and lungs work faster, the younger the more
_USUAL: dict[str, Range] = {
    "M": (68, 82),
    "T": (36.5, 37.0),
    "S": (110, 128),
    "D": (68, 80),
    "NT": (16, 19),
    "SP": (97, 99.4),
}


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
    rng: Random, service: Service, sex: str, diseases: Sequence[Diagnosis], progress: float
) -> tuple[Finding, ...]:
    """Give what a service finds; `progress` goes from 0, untreated, to 1, under control."""
    if service.findings:
        code = next((one.code for one in diseases if one.code in service.findings), "")
        text, conclusion = service.findings[code]
        return (Finding("", service.name, text=text, conclusion=conclusion),)
    return tuple(_measured(rng, index, sex, diseases, progress) for index in service.indices)


def vital_signs(
    rng: Random, age: int, diseases: Sequence[Diagnosis], progress: float, better: float = 0
) -> str:
    """Give the inside of CSST<…>, as M75_T37.0_HA120/70_NT18_SP98; no pressure for children.

    `better` goes from 0 to 1 over the days in bed.
    Decision 4750/QĐ-BYT, table 5, DIEN_BIEN_LS.
    """
    sign = {}
    for name, usual in _USUAL.items():
        ill = next((one for one in diseases if name in one.vitals), None)
        control = max(better, progress if ill and ill.chronic else 0)
        sign[name] = _ill(rng, ill.vitals[name], control) if ill else rng.uniform(*usual)
    faster = max(0, _FAST_UNTIL - age)
    pressure = f"HA{sign['S']:.0f}/{sign['D']:.0f}_" if age >= _ADULT else ""
    breath = f"NT{sign['NT'] + faster:.0f}_SP{sign['SP']:.0f}"
    return f"M{sign['M'] + 3 * faster:.0f}_T{sign['T']:.1f}_{pressure}{breath}"


def _measured(
    rng: Random, index: Index, sex: str, diseases: Sequence[Diagnosis], progress: float
) -> Finding:
    disease = next((one for one in diseases if index.key in one.abnormal), None)
    ill = disease.abnormal[index.key] if disease else None
    control = progress if disease and disease.chronic else 0
    if isinstance(ill, str) or index.normal:
        positive = isinstance(ill, str) and rng.random() > control
        said = str(ill) if positive else index.normal
        conclusion = f"{index.name}: {said.lower()}" if positive else ""
        return Finding(index.key, index.name, said, conclusion=conclusion)
    low, high = index.female if index.female and sex == FEMALE else (index.low, index.high)
    value = round(_ill(rng, ill, control) if ill else _well(rng, low, high), index.digits)
    return Finding(
        index.key,
        index.name,
        f"<{index.least:g}" if value < index.least else f"{value:.{index.digits}f}",
        index.unit,
        f"Khoảng tham chiếu: {low:g} - {high:g} {index.unit}".rstrip(),
        f"{index.name} tăng" if value > high else f"{index.name} giảm" if value < low else "",
    )


def _ill(rng: Random, bounds: Range, progress: float) -> float:
    """Give a value between the well treated (first) and the untreated (second) one."""
    treated, untreated = bounds
    share = rng.uniform(0.55, 1) * (1 - progress) + rng.uniform(0, 0.2) * progress
    return treated + (untreated - treated) * share


def _well(rng: Random, low: float, high: float) -> float:
    return min(max(rng.gauss((low + high) / 2, (high - low) / 6), low), high)
