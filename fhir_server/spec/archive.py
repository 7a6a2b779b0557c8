"""Archive: a FHIR package as published, a `.tgz` or its unpacked folder, read with nothing trusted.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.spec.tables import SpecError

MAX_FILES = 50_000
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_BYTES = 2 * 1024 * 1024 * 1024
# A name or version, which becomes part of a file's name.
_is_label = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Manifest:
    """What package.json says; `dependencies` are versions by package name."""

    name: str
    version: str
    canonical: str = ""
    title: str = ""
    fhir_versions: tuple[str, ...] = ()
    dependencies: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The package as others refer to it: `name#version`."""
        return f"{self.name}#{self.version}"


@dataclass(frozen=True, slots=True)
class Archive:
    """An open package: its manifest, and its resources with the names of their files."""

    manifest: Manifest
    resources: Iterator[tuple[str, dict[str, Any]]]


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a package; SpecError names what it lacks, or what in it is broken or too much."""
    if path.is_dir():
        root = path / "package" if (path / "package").is_dir() else path
        yield _archive(path, _of_folder(root))
        return
    try:
        with tarfile.open(path, "r:gz") as tar:
            yield _archive(path, _of_tar(tar))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SpecError(f"{path.name} is no package: {error}") from None


def _archive(path: Path, files: Iterator[tuple[str, bytes]]) -> Archive:
    """Read up to the manifest; the files before it are few, and kept."""
    before: list[tuple[str, bytes]] = []
    for name, text in files:
        if name == "package.json":
            return Archive(_manifest(path, text), _resources(chain(before, files)))
        before.append((name, text))
    raise SpecError(f"{path.name} is no package: it has no package/package.json")


def _manifest(path: Path, text: bytes) -> Manifest:
    told = _json(f"{path.name}: package.json", text)
    name, version = str(told.get("name", "")), str(told.get("version", ""))
    if not _is_label(name) or not _is_label(version):
        raise SpecError(f"{path.name}: {name[:64]!r} {version[:64]!r} is no package name, version")
    versions = told.get("fhirVersions") or told.get("fhir-version-list") or ()
    dependencies = told.get("dependencies")
    return Manifest(
        name=name,
        version=version,
        canonical=str(told.get("canonical", "")),
        title=str(told.get("title", "")),
        fhir_versions=tuple(str(one) for one in versions if isinstance(one, str)),
        dependencies={str(key): str(value) for key, value in dependencies.items()}
        if isinstance(dependencies, dict)
        else {},
    )


def _resources(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, text in files:
        resource = _json(name, text)
        if isinstance(resource.get("resourceType"), str):
            yield name, resource


def _json(name: str, text: bytes) -> dict[str, Any]:
    try:
        return json.parse_object(text)
    except Invalid as error:
        raise SpecError(f"{name}: {error}") from None


def _of_folder(root: Path) -> Iterator[tuple[str, bytes]]:
    paths = sorted(root.glob("*.json"), key=lambda path: (path.name != "package.json", path.name))
    bounds = _Bounds()
    for path in paths:
        if path.is_file() and not path.is_symlink() and _is_definition(path.name):
            bounds.add(path.name, path.stat().st_size)
            yield path.name, path.read_bytes()


def _of_tar(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """Give the JSON files of `package/`; nothing is ever written under a name from the archive."""
    bounds = _Bounds()
    for member in tar:
        parts = PurePosixPath(member.name).parts
        bounds.add(member.name, member.size)
        if not member.isreg() or len(parts) != 2 or parts[0] != "package":  # noqa: PLR2004 (package/FILE)
            continue
        if _is_definition(parts[1]):
            file = tar.extractfile(member)
            assert file is not None
            yield parts[1], file.read()


def _is_definition(name: str) -> bool:
    return name.endswith(".json") and not name.startswith(".")


class _Bounds:
    """How much has been read: an archive may unpack to far more than its size."""

    def __init__(self) -> None:
        self._files = self._bytes = 0

    def add(self, name: str, size: int) -> None:
        self._files += 1
        self._bytes += size
        if size > MAX_FILE_BYTES or self._bytes > MAX_BYTES or self._files > MAX_FILES:
            raise SpecError(
                f"{name[:100]}: a package has at most {MAX_FILES:,} files of "
                f"{MAX_FILE_BYTES >> 20} MB, and {MAX_BYTES >> 30} GB together"
            )
