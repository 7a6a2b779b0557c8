"""The Spec of one base: R4's definitions and its guests', loaded once, then only asked."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from fhir_server.spec import packages
from fhir_server.spec.codes import bare, enumerated
from fhir_server.spec.packages import ParameterRow
from fhir_server.spec.search_params import SearchParam, SpecError, compiled
from fhir_server.spec.structures import Structure, Structures

# Raise by one whenever what search/index writes for the same definitions changes.
ENGINE_FORMAT = 1

Compartments = Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True, eq=False)
class Spec:
    """What the definitions of one base say.

    `types` are the concrete resource types by name; `structures` answers what stands in a type
    or path; search parameters are compiled when a type is first asked for.
    """

    types: Mapping[str, Structure]
    structures: Structures
    parameters: Mapping[str, ParameterRow]
    compartments: Compartments
    value_sets: Mapping[str, frozenset[str]]
    _rows: Mapping[str, tuple[ParameterRow, ...]] = field(repr=False)
    _compiled: dict[str, Mapping[str, SearchParam]] = field(default_factory=dict, repr=False)
    _formats: dict[str, str] = field(default_factory=dict, repr=False)

    def search_params(self, type_: str) -> Mapping[str, SearchParam]:
        """Give the search parameters of a concrete type, by code; KeyError for any other name."""
        known = self._compiled.get(type_)
        if known is None:
            found = compiled(self.structures, type_, self._rows_of(type_), self.parameters)
            known = self._compiled.setdefault(type_, found)
        return known

    def compartment(self, name: str) -> Mapping[str, tuple[str, ...]]:
        """Give, by resource type, the parameters that put a resource in a compartment.

        KeyError for a compartment that is not defined.
        https://hl7.org/fhir/R4/compartmentdefinition.html
        """
        return self.compartments[name]

    def codes(self, value_set: str) -> frozenset[str] | None:
        """Give every code of a value set (with or without `|version`); None if it is not listed."""
        return self.value_sets.get(bare(value_set))

    def index_format(self, type_: str) -> str:
        """Give 12 hex digits that change when what is indexed for this type changes."""
        known = self._formats.get(type_)
        if known is None:
            rows = [asdict(row) for row in sorted(self._rows_of(type_), key=lambda row: row.code)]
            text = msgspec.json.encode([ENGINE_FORMAT, rows])
            known = self._formats.setdefault(type_, hashlib.sha256(text).hexdigest()[:12])
        return known

    def check(self) -> int:
        """Compile every search parameter of every type and say how many; SpecError names a bad one."""
        return sum(len(self.search_params(type_)) for type_ in self.types)

    def _rows_of(self, type_: str) -> list[ParameterRow]:
        name, found = self.types[type_].name, list[ParameterRow]()
        while name:
            found = [*self._rows.get(name, ()), *found]
            name = self.structures.by_name[name].base
        return found


def load(folders: Sequence[Path] = ()) -> Spec:
    """Load R4, then each folder's JSON definitions: new resource types, search parameters, codes.

    A folder holds StructureDefinition (kind resource, derivation specialization), SearchParameter,
    CompartmentDefinition, ValueSet and CodeSystem resources in `*.json`; others are ignored.
    Raises SpecError naming the file that cannot be used; expressions are compiled by `check`.
    """
    spec = _load_r4()
    for folder in folders:
        spec = _joined(spec, folder)
    return spec


def _load_r4() -> Spec:
    tables = Path(str(files("profiles"))) / "r4"
    structures = _table(tables / "structures.json", Structure, "name")
    parameters = _table(tables / "search_params.json", ParameterRow, "url")
    value_sets = msgspec.json.decode(
        (tables / "codes.json").read_bytes(), type=dict[str, frozenset[str] | None]
    )
    compartments = msgspec.json.decode(
        (tables / "compartments.json").read_bytes(), type=dict[str, dict[str, tuple[str, ...]]]
    )
    listed = {url: codes for url, codes in value_sets.items() if codes is not None}
    return _spec(structures, parameters, compartments, listed)
