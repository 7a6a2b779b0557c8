"""Installed: the packages in a folder, each compiled once to a pack that is read piece by piece.

A pack holds the package's StructureDefinitions with their snapshots, its terminology, and an
ImplementationGuide that says what the package is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhir_server.spec import pack, trimmed
from fhir_server.spec.archive import Archive, Manifest
from fhir_server.spec.canonicals import Canonicals
from fhir_server.spec.snapshots import snapshot
from fhir_server.spec.tables import SpecError

# Raise by one when what `add` writes changes: packs of an older format have to be made again.
FORMAT = 1
GUIDE = "ImplementationGuide"
R4 = "4.0"
_SUFFIX = f".{FORMAT}.pack"
_TERMINOLOGY = frozenset({"CodeSystem", "ValueSet", "ConceptMap"})
_STRUCTURE = "StructureDefinition"
# R4 itself: what it defines came with the server.
_CORE = ("hl7.fhir.r4.core", "hl7.fhir.r4.expansions", "hl7.fhir.r4.examples")

Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a package: its label, definitions by type, dependencies that are not here."""

    label: str
    counts: Mapping[str, int]
    missing: tuple[str, ...] = ()


def packs(folder: Path) -> list[pack.Pack]:
    """Give the packs of a folder, the newest version of a package first.

    Raises SpecError for one an older server made.
    """
    old = [path for path in folder.glob("*.pack") if not path.name.endswith(_SUFFIX)]
    if old:
        raise SpecError(
            f"{old[0]} was made by another version of this server: "
            "add the package again with `fhir-server packages add`."
        )
    return [pack.Pack(path) for path in sorted(_paths(folder), key=_order, reverse=True)]


def labels(folder: Path) -> list[str]:
    """Give `name#version` of each package, in order."""
    return sorted(path.name.removesuffix(_SUFFIX) for path in _paths(folder))


def guides(folder: Path) -> dict[str, Definition]:
    """Give the ImplementationGuide of each package by label."""
    found: dict[str, Definition] = {}
    for label in labels(folder):
        one = pack.Pack(_path(folder, label))
        for url in one.urls(GUIDE):
            found[label] = next(iter(one.find(GUIDE, url)))
    return found


def remove(folder: Path, label: str) -> bool:
    """Take a package away; False if it is not there."""
    if label not in labels(folder):
        return False
    _path(folder, label).unlink()
    return True


def add(
    folder: Path,
    archive: Archive,
    known: Canonicals,
    is_type: Callable[[str], bool],
    step: Callable[[str], None] = lambda _name: None,
) -> Added:
    """Compile a package into the folder, in place of the same version of it.

    `known` is what its profiles may be built on, `is_type` says whether a url is of a type, `step`
    is told each file. Raises SpecError, and leaves the folder as it was, for a package of another
    FHIR version and for a definition that is broken; it names the file.
    """
    manifest = archive.manifest
    versions = manifest.fhir_versions
    if versions and not any(one.startswith(R4) for one in versions):
        raise SpecError(f"{manifest.label} is of FHIR {', '.join(versions)}; this server has R4.")
    files: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
    guide: dict[str, Any] = {}
    for name, resource in archive.resources:
        type_, url = resource["resourceType"], resource.get("url")
        if type_ == GUIDE:
            guide = resource
        elif type_ in _TERMINOLOGY or type_ == _STRUCTURE:
            if not isinstance(url, str) or not url:
                raise SpecError(f"{name}: a {type_} without a url cannot be referred to")
            files[type_, url] = name, resource
    find = _finder(files, known)
    written = [_compiled(name, resource, find, is_type, step) for name, resource in files.values()]
    told = _guide(manifest, guide, written)
    path = _path(folder, manifest.label)
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".new")
    pack.write(partial, [*written, told])
    partial.replace(path)
    here = {label.partition("#")[0] for label in labels(folder)}
    missing = (
        f"{name}#{version}"
        for name, version in manifest.dependencies.items()
        if name not in here and name not in _CORE
    )
    return Added(manifest.label, _counts(written), tuple(missing))


def _paths(folder: Path) -> Iterable[Path]:
    return folder.glob(f"*{_SUFFIX}")


def _path(folder: Path, label: str) -> Path:
    return folder / f"{label}{_SUFFIX}"


def _order(path: Path) -> tuple[str, list[tuple[int, int, str]]]:
    """Give what packages are ordered by: numbers of a version as numbers."""
    name, _, version = path.name.removesuffix(_SUFFIX).partition("#")
    parts = version.replace("-", ".").split(".")
    return name, [(1, int(one), "") if one.isdigit() else (0, 0, one) for one in parts]


def _finder(
    files: Mapping[tuple[str, str], tuple[str, Definition]], known: Canonicals
) -> Callable[[str], Definition | None]:
    def find(canonical: str) -> Definition | None:
        url = canonical.partition("|")[0]
        if (_STRUCTURE, url) in files:
            return files[_STRUCTURE, url][1]
        return next(iter(known.find(_STRUCTURE, url)), None)

    return find


def _compiled(
    name: str,
    resource: dict[str, Any],
    find: Callable[[str], Definition | None],
    is_type: Callable[[str], bool],
    step: Callable[[str], None],
) -> Definition:
    step(name)
    try:
        if resource["resourceType"] != _STRUCTURE:
            return trimmed.terminology(resource)
        whole = {**resource, "snapshot": {"element": _elements(resource, find)}}
        return trimmed.structure(whole, is_type, "snapshot")
    except SpecError as error:
        raise SpecError(f"{name}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise SpecError(f"{name} is not well made: {error!r}") from None


def _elements(
    definition: dict[str, Any], find: Callable[[str], Definition | None]
) -> list[dict[str, Any]]:
    """Give a snapshot: its own, or one made where that is none or, as some of HL7's, broken."""
    try:
        return snapshot(definition, find)
    except SpecError:
        if "snapshot" not in definition or "differential" not in definition:
            raise
        made = {key: value for key, value in definition.items() if key != "snapshot"}
        return snapshot(made, find)


def _guide(
    manifest: Manifest, own: Mapping[str, Any], written: Iterable[Definition]
) -> dict[str, Any]:
    """Give the ImplementationGuide of a package: what its own says, without lists and texts."""
    base = manifest.canonical.rstrip("/") or f"http://example.org/{manifest.name}"
    kept = {
        key: own[key]
        for key in ("url", "name", "title", "publisher", "date", "license", "dependsOn")
        if key in own
    }
    counts = ", ".join(f"{count} {type_}" for type_, count in sorted(_counts(written).items()))
    return {
        "resourceType": GUIDE,
        "url": f"{base}/{GUIDE}/{manifest.name}",
        "name": "".join(one.capitalize() for one in manifest.name.replace("-", ".").split(".")),
        "title": manifest.title or manifest.name,
        **kept,
        "status": "active",
        "version": manifest.version,
        "packageId": manifest.name,
        "fhirVersion": ["4.0.1"],
        "description": f"Loaded: {counts or 'no definitions'}.",
    }


def _counts(written: Iterable[Definition]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in written:
        found[one["resourceType"]] = found.get(one["resourceType"], 0) + 1
    return found
