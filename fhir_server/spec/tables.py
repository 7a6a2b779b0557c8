"""Tables: the definitions of R4, or of a guest's folder, read into rows.

https://hl7.org/fhir/R4/resourcelist.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.spec.codes import enumerated, systems_of
from fhir_server.spec.packages import ParameterRow, compartment_of, parameter_of, structure_of
from fhir_server.spec.structures import Structure


class SpecError(ValueError):
    """A definition that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Definitions as rows.

    `compartments` is name → resource type → parameter codes, `systems` the code systems of value
    sets that code elements are bound to.
    """

    structures: tuple[Structure, ...]
    parameters: tuple[ParameterRow, ...]
    compartments: Mapping[str, Mapping[str, tuple[str, ...]]]
    value_sets: Mapping[str, frozenset[str]]
    systems: Mapping[str, frozenset[str]]


def r4() -> Tables:
    """Give HL7's own definitions, as scripts/build_r4.py left them in profiles/r4."""
    folder = Path(str(files("profiles"))) / "r4"
    codes: Any = _decode(folder / "codes.json", dict[str, frozenset[str] | None])
    return Tables(
        structures=_decode(folder / "structures.json", tuple[Structure, ...]),
        parameters=_decode(folder / "search_params.json", tuple[ParameterRow, ...]),
        compartments=_decode(folder / "compartments.json", dict[str, dict[str, tuple[str, ...]]]),
        value_sets={url: listed for url, listed in codes.items() if listed is not None},
        systems=_decode(folder / "systems.json", dict[str, frozenset[str]]),
    )


def _decode(path: Path, type_: Any) -> Any:
    return msgspec.json.decode(path.read_bytes(), type=type_)


def of_folder(folder: Path, known: Tables, addresses: Mapping[str, str] | None = None) -> Tables:
    """Give the definitions in a folder's `*.json`; resources that define nothing are passed over.

    Read are StructureDefinition (kind resource or complex-type, derivation specialization),
    SearchParameter, CompartmentDefinition, and ValueSet and CodeSystem, which may import
    `known` ones. Each address of `addresses` is replaced by what it leads to, wherever it starts
    another. Raises SpecError naming a file that cannot be used.
    """
    found = list(_resources(folder, addresses or {}))
    return Tables(
        structures=tuple(
            _converted(structure_of, path, definition)
            for path, definition in _of_type(found, "StructureDefinition")
            if definition.get("derivation") == "specialization"
        ),
        parameters=tuple(
            _converted(parameter_of, path, definition)
            for path, definition in _of_type(found, "SearchParameter")
        ),
        compartments={
            definition["code"]: _converted(compartment_of, path, definition)
            for path, definition in _of_type(found, "CompartmentDefinition")
        },
        value_sets=_value_sets(found, known.value_sets),
        systems=_systems(found, known.systems),
    )


def _resources(folder: Path, addresses: Mapping[str, str]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.rglob("*.json")):
        text = path.read_bytes()
        for address, here in addresses.items():
            text = text.replace(address.encode(), here.encode())
        try:
            resource = json.parse(text)
        except Invalid as error:
            raise SpecError(f"{path.name}: {error}") from None
        if isinstance(resource, dict):
            yield path, resource


def _of_type(
    found: Sequence[tuple[Path, dict[str, Any]]], type_: str
) -> Iterator[tuple[Path, dict[str, Any]]]:
    return ((path, item) for path, item in found if item.get("resourceType") == type_)


def _converted(convert: Any, path: Path, definition: dict[str, Any]) -> Any:
    try:
        return convert(definition)
    except KeyError as error:
        raise SpecError(f"{path.name}: {error} is missing") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise SpecError(f"{path.name}: {error}") from None


def _value_sets(
    found: Sequence[tuple[Path, dict[str, Any]]], known: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    systems = {item["url"]: item for _path, item in _of_type(found, "CodeSystem") if "url" in item}
    listed: dict[str, frozenset[str]] = {}
    for path, item in _of_type(found, "ValueSet"):
        codes = _converted(lambda vs: enumerated(vs, systems, {**known, **listed}), path, item)
        if codes is not None and "url" in item:
            listed[item["url"]] = codes
    return listed


def _systems(
    found: Sequence[tuple[Path, dict[str, Any]]], known: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    told: dict[str, frozenset[str]] = {}
    for path, item in _of_type(found, "ValueSet"):
        systems = _converted(lambda vs: systems_of(vs, {**known, **told}), path, item)
        if "url" in item:
            told[item["url"]] = systems
    return told
