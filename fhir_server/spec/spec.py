"""The Spec of one base: R4's definitions, its guests' and the SearchParameters stored in it.

https://hl7.org/fhir/R4/conformance-module.html
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import msgspec

from fhir_server.spec.canonicals import Canonicals
from fhir_server.spec.codes import bare
from fhir_server.spec.pack import Pack
from fhir_server.spec.packages import ParameterRow
from fhir_server.spec.search_params import Definitions, SearchParam, compiled, parents_of
from fhir_server.spec.structures import Structure, Structures
from fhir_server.spec.tables import SpecError, Tables, of_folder, r4

__all__ = ["ENGINE_FORMAT", "SearchParam", "Spec", "SpecError", "load"]

# First words of SMART scopes, each with who is granted it: a `user` or a `system`, or `both`.
# https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
SMART: Mapping[str, str] = MappingProxyType({"patient": "user", "user": "user", "system": "system"})

# Raise by one whenever what search/index writes for the same definitions changes.
ENGINE_FORMAT = 3


@dataclass(frozen=True, slots=True, eq=False)
class Spec:
    """What the definitions of one base say.

    `types` are the concrete resource types by name; `structures` answers what stands in a type
    or path; `parameters` are all search parameters by url, compiled when a type is asked for;
    `canonicals` are CodeSystems, ValueSets and StructureDefinitions, read when one is asked for.
    `stored` are, by type and code, the parameters that came as SearchParameter resources, `digests`
    what each is known by in the index; those in `building` are written to the index but not asked
    yet, and say how far that is. `levels` are the first words its scopes may have.
    """

    types: Mapping[str, Structure]
    structures: Structures
    parameters: Mapping[str, ParameterRow]
    compartments: Mapping[str, Mapping[str, tuple[str, ...]]]
    value_sets: Mapping[str, frozenset[str]]
    canonicals: Canonicals
    systems: Mapping[str, frozenset[str]]
    _rows: Mapping[str, Sequence[ParameterRow]] = field(repr=False)
    _only: Mapping[str, Collection[str]] | None = field(default=None, repr=False)
    _added: Sequence[ParameterRow] = field(default=(), repr=False)
    levels: Mapping[str, str] = field(default_factory=lambda: SMART)
    stored: Mapping[str, Mapping[str, SearchParam]] = field(default_factory=dict, repr=False)
    digests: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    building: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    _compiled: dict[str, Mapping[str, SearchParam]] = field(default_factory=dict, repr=False)
    _formats: dict[str, str] = field(default_factory=dict, repr=False)
    _made: dict[tuple[ParameterRow, str], SearchParam] = field(default_factory=dict, repr=False)

    def search_params(self, type_: str) -> Mapping[str, SearchParam]:
        """Give what may be asked of a concrete type, by code; KeyError for any other name."""
        building = self.building.get(type_)
        if not building:
            return self.indexed_params(type_)
        known = self.indexed_params(type_)
        return {code: param for code, param in known.items() if code not in building}

    def indexed_params(self, type_: str) -> Mapping[str, SearchParam]:
        """Give what is written to the index of a concrete type, by code."""
        stored = self.stored.get(type_)
        return {**self.defined_params(type_), **stored} if stored else self.defined_params(type_)

    def defined_params(self, type_: str) -> Mapping[str, SearchParam]:
        """Give the parameters of a concrete type that the server came with, by code."""
        known = self._compiled.get(type_)
        if known is None:
            found = compiled(self._definitions(), type_, self._rows_of(type_))
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
            text = msgspec.json.encode([ENGINE_FORMAT, self._rows_of(type_)])
            known = self._formats.setdefault(type_, hashlib.sha256(text).hexdigest()[:12])
        return known

    def compiled(self, row: ParameterRow, type_: str) -> SearchParam:
        """Give a parameter compiled for a concrete type; SpecError says why it cannot be."""
        known = self._made.get((row, type_))
        if known is None:
            found = compiled(self._definitions(), type_, [row])[row.code]
            known = self._made.setdefault((row, type_), found)
        return known

    def applies(self, row: ParameterRow) -> list[str]:
        """Give the concrete types a parameter is of, in order: those its bases stand above."""
        bases = set(row.base)
        return [type_ for type_ in self.types if not bases.isdisjoint(self._line(type_))]

    def with_stored(self, rows: Iterable[ParameterRow]) -> "Spec":
        """Give these definitions with other stored parameters; what is compiled is shared.

        None is in `building`. SpecError names one that does not compile.
        """
        stored: dict[str, dict[str, SearchParam]] = {}
        digests: dict[str, dict[str, str]] = {}
        for row in rows:
            digest = hashlib.sha256(msgspec.json.encode(row)).hexdigest()[:8]
            for type_ in self.applies(row):
                stored.setdefault(type_, {})[row.code] = self.compiled(row, type_)
                digests.setdefault(type_, {})[row.code] = digest
        return replace(self, stored=stored, digests=digests, building={})

    def check(self) -> int:
        """Compile every search parameter of every type, say how many; SpecError names a bad one.

        It takes a third of a second: a start only asks `check_added`.
        """
        return sum(len(self.search_params(type_)) for type_ in self.types)

    def check_added(self) -> None:
        """Compile the search parameters that came with a folder; SpecError names a bad one.

        Those of R4 are known to compile; each is compiled when its type is first asked for.
        """
        for row in self._added:
            for type_ in self.applies(row):
                self.compiled(row, type_)

    def _definitions(self) -> Definitions:
        parents = parents_of(self.parameters.values())
        return Definitions(self.structures, self.parameters, self.systems, parents)

    def _rows_of(self, type_: str) -> list[ParameterRow]:
        """Give the parameters of a type, those of its bases first."""
        rows = [row for name in reversed(self._line(type_)) for row in self._rows.get(name, ())]
        if self._only is None:
            return rows
        return [row for row in rows if row.code in self._only.get(type_, ())]

    def _line(self, type_: str) -> list[str]:
        """Give a type and the types it is built on, up to Resource."""
        line = [type_]
        while base := self.structures.by_name[line[-1]].base:
            line.append(base)
        return line


def load(
    folders: Sequence[Path] = (),
    addresses: Mapping[str, str] | None = None,
    packs: Sequence[Pack] = (),
    *,
    only: Mapping[str, Collection[str]] | None = None,
    levels: Mapping[str, str] = SMART,
) -> Spec:
    """Load R4, then the JSON definitions in each folder (see `tables.of_folder`).

    `addresses` says where what the folders name by an address that starts so stands here.
    A folder adds resource types, data types, search parameters, value sets, and what it says of a
    compartment; `packs` are of packages, which add profiles and terminology. `only` are the
    resource types that are served, each with the search parameters that may be asked of it, where
    that is not all. Raises SpecError naming what cannot be used; expressions are compiled when
    first needed, all of them by `Spec.check`, those of the folders by `Spec.check_added`.
    """
    tables = own = r4()
    for folder in folders:
        tables = _joined(tables, of_folder(folder, tables, addresses), folder)
    by_name = {structure.name: structure for structure in tables.structures}
    rows: dict[str, list[ParameterRow]] = {}
    for row in tables.parameters:
        for base in row.base:
            rows.setdefault(base, []).append(row)
    return Spec(
        types={
            name: structure
            for name, structure in sorted(by_name.items())
            if structure.kind == "resource"
            and not structure.abstract
            and (not only or name in only)
        },
        structures=Structures(by_name),
        parameters={row.url: row for row in tables.parameters},
        compartments=_served(tables.compartments, only),
        value_sets=tables.value_sets,
        canonicals=Canonicals(folders, addresses, packs),
        systems=tables.systems,
        _rows=rows,
        _only=only,
        _added=tables.parameters[len(own.parameters) :],
        levels=levels,
    )


def _served(
    compartments: Mapping[str, Mapping[str, tuple[str, ...]]], only: Collection[str] | None
) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Give the compartments; of a type that is not served nothing is in it."""
    if only is None:
        return compartments
    return {
        name: {type_: codes for type_, codes in members.items() if {type_, name} <= {*only}}
        for name, members in compartments.items()
    }


def _joined(known: Tables, added: Tables, folder: Path) -> Tables:
    structures = {structure.name: structure for structure in known.structures}
    for structure in added.structures:
        if structure.name in structures:
            raise SpecError(f"{folder.name}: the type {structure.name} is defined already")
        structures[structure.name] = structure
    for structure in added.structures:
        _check_types(structure, structures)
    for row in added.parameters:
        for base in row.base:
            if base not in structures:
                raise SpecError(f"{folder.name}: {row.url} is based on {base}, no type here")
    return Tables(
        structures=tuple(structures.values()),
        parameters=(*known.parameters, *added.parameters),
        compartments={
            name: {**known.compartments.get(name, {}), **added.compartments.get(name, {})}
            for name in {**known.compartments, **added.compartments}
        },
        value_sets={**known.value_sets, **added.value_sets},
        systems={**known.systems, **added.systems},
    )


def _check_types(structure: Structure, known: Mapping[str, Structure]) -> None:
    if structure.base not in known:
        raise SpecError(f"{structure.url}: its base {structure.base!r} is not defined")
    for path, elements in structure.elements.items():
        for element in elements:
            unknown = [t for t in element.types if t not in known and t != "System.String"]
            if unknown or not (element.types or element.content in structure.elements):
                raise SpecError(
                    f"{structure.url}: {path}.{element.name} has no known type {unknown}"
                )
