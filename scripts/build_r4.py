"""Write profiles/r4 from the folder of HL7's unpacked definitions package: build_r4.py FOLDER."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from fhir_server.spec import pack, trimmed
from fhir_server.spec.codes import bare, enumerated, systems_of
from fhir_server.spec.packages import compartment_of, parameter_of, structure_of
from fhir_server.spec.structures import Structure

TARGET = Path(__file__).resolve().parent.parent / "profiles" / "r4"
# Kept although they are abstract: the concrete types inherit their elements.
BASES = ("Element", "BackboneElement", "Resource", "DomainResource")
# R4 gives these two components each other's expression: a reference is no code.
_RELATIONSHIP = "http://hl7.org/fhir/SearchParameter/DocumentReference-relationship"
ERRATA = {_RELATIONSHIP: {"code": "target", "target": "code"}}

# R4's own definitions and examples use these extensions elsewhere than their contexts say.
_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
CONTEXTS = {
    f"{_EXTENSION}structuredefinition-fhir-type": ("ElementDefinition.type",),
    f"{_EXTENSION}structuredefinition-normative-version": ("DomainResource", "ElementDefinition"),
    f"{_EXTENSION}regex": ("ElementDefinition.type",),
    f"{_EXTENSION}translation": ("ValueSet.expansion.contains",),
    f"{_EXTENSION}valueset-concept-comments": ("CodeSystem.concept",),
}
# R4 binds whatever a component of a vital sign measures to units of vital signs: a flow of oxygen,
# a position have others.
UNITS = "http://hl7.org/fhir/ValueSet/ucum-vitals-common"


def main(package: Path) -> None:
    """Write the tables; the same package always gives the same bytes."""
    structures = _structures(package)
    write("structures.json", [_row(item) for item in structures])
    write("search_params.json", _search_params(package))
    write("compartments.json", _compartments(package))
    write("codes.json", _codes(package, structures))
    write("systems.json", _systems(package, structures))
    count = pack.write(TARGET / "terminology.pack", _terminology(package))
    print(f"terminology.pack: {count} definitions")
    count = pack.write(TARGET / "definitions.pack", _definitions(package))
    print(f"definitions.pack: {count} definitions")


def definitions(package: Path, type_: str) -> Iterator[dict[str, Any]]:
    """Give every definition of a type in the package, in the order of file names."""
    for path in sorted(package.glob(f"{type_}-*.json")):
        resource = json.loads(path.read_bytes())
        if resource["id"] != "example" and not resource["id"].startswith("example-"):
            yield resource


def _structures(package: Path) -> list[Structure]:
    kinds = ("resource", "complex-type", "primitive-type")
    found = [
        structure_of(definition)
        for definition in definitions(package, "StructureDefinition")
        if definition["kind"] in kinds and definition.get("derivation") != "constraint"
    ]
    kept = [item for item in found if not item.abstract or item.name in BASES]
    return sorted(kept, key=lambda item: (kinds.index(item.kind), item.name))


def _search_params(package: Path) -> list[dict[str, Any]]:
    # Ten parameters of the package name no base: they cannot apply to anything.
    rows = [
        parameter_of(_corrected(definition))
        for definition in definitions(package, "SearchParameter")
        if "base" in definition
    ]
    return [_row(row) for row in sorted(rows, key=lambda row: row.url)]


def _corrected(definition: dict[str, Any]) -> dict[str, Any]:
    meant = ERRATA.get(definition["url"], {})
    for part in definition.get("component", ()):
        part["expression"] = meant.get(part["expression"], part["expression"])
    return definition


def _compartments(package: Path) -> dict[str, Any]:
    found = definitions(package, "CompartmentDefinition")
    return {item["code"]: compartment_of(item) for item in sorted(found, key=lambda i: i["code"])}


def _codes(package: Path, structures: list[Structure]) -> dict[str, Any]:
    systems = {item["url"]: item for item in definitions(package, "CodeSystem") if "url" in item}
    sets = _bound(package, structures)
    found = {url: enumerated(item, systems, {}) for url, item in sets.items()}
    return {url: None if codes is None else sorted(codes) for url, codes in found.items()}


def _terminology(package: Path) -> Iterator[dict[str, Any]]:
    """Give what terminology/ reads, and a ValueSet where a CodeSystem names one that is missing."""
    of_type = {
        type_: [item for item in definitions(package, type_) if "url" in item]
        for type_ in ("CodeSystem", "ValueSet", "ConceptMap")
    }
    known = {item["url"] for item in of_type["ValueSet"]}
    for item in of_type["CodeSystem"]:
        if item.get("valueSet", "") not in known | {""}:
            of_type["ValueSet"].append(_whole(item))
    for items in of_type.values():
        for item in sorted(items, key=lambda item: item["url"]):
            yield trimmed.terminology(item)


def _whole(system: Mapping[str, Any]) -> dict[str, Any]:
    """Give the ValueSet of all its codes."""
    kept = {key: system[key] for key in ("version", "name", "title", "status") if key in system}
    return {
        "resourceType": "ValueSet",
        "url": bare(system["valueSet"]),
        **kept,
        "compose": {"include": [{"system": system["url"]}]},
    }


def _systems(package: Path, structures: list[Structure]) -> dict[str, list[str]]:
    return {url: sorted(systems_of(item, {})) for url, item in _bound(package, structures).items()}


def _bound(package: Path, structures: list[Structure]) -> dict[str, dict[str, Any]]:
    """Give the value sets that `code` elements are bound to, by url in order."""
    sets = {item["url"]: item for item in definitions(package, "ValueSet") if "url" in item}
    needed = {
        element.required
        for structure in structures
        for elements in structure.elements.values()
        for element in elements
        if element.required and "code" in element.types
    }
    return {url: sets[url] for url in sorted(needed)}


def _definitions(package: Path) -> Iterator[dict[str, Any]]:
    """Give every StructureDefinition of a type, profile or extension, cut to what is checked."""
    found = {item["url"]: item for item in definitions(package, "StructureDefinition")}
    types = {
        url: item
        for url, item in found.items()
        if item["kind"] != "logical" and item.get("derivation") != "constraint"
    }
    profiles = {url: item for url, item in found.items() if item.get("derivation") == "constraint"}
    for url, item in sorted({**types, **profiles}.items()):
        if url:
            yield _cut(item, types)


def _cut(definition: dict[str, Any], types: Mapping[str, Any]) -> dict[str, Any]:
    """Give a StructureDefinition with what it says itself; a type needs no differential."""
    views = ("snapshot",) if definition["url"] in types else ("differential", "snapshot")
    cut = trimmed.structure(definition, types.__contains__, *views)
    for more in CONTEXTS.get(definition["url"], ()):
        cut["context"].append({"type": "element", "expression": more})
    for element in (one for view in views if view in cut for one in cut[view]["element"]):
        if bare(element.get("binding", {}).get("valueSet", "")) == UNITS:
            element["binding"]["strength"] = "extensible"
    return cut


def _row(item: Any) -> dict[str, Any]:
    """Give a dataclass as JSON, without the values that equal their default."""
    row = {}
    for slot in fields(item):
        value = getattr(item, slot.name)
        default = slot.default if slot.default_factory is MISSING else slot.default_factory()
        if value != default:
            row[slot.name] = _plain(value)
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return _row(value) if is_dataclass(value) else value


def write(name: str, table: list[dict[str, Any]] | dict[str, Any]) -> None:
    """Write a table, one line for each entry."""
    if isinstance(table, list):
        text = "[\n" + ",\n".join(_compact(row) for row in table) + "\n]\n"
    else:
        lines = [f"{json.dumps(key)}: {_compact(value)}" for key, value in table.items()]
        text = "{\n" + ",\n".join(lines) + "\n}\n"
    (TARGET / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(table)} entries")


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
