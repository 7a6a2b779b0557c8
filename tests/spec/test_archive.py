"""Packages read from archives nobody vouches for."""

import json
import tarfile

import pytest

from fhir_server.spec import archive
from fhir_server.spec.archive import opened
from fhir_server.spec.tables import SpecError
from tests.spec.archives import MANIFEST, member, profile, tgz, value_set


def read(path):
    with opened(path) as package:
        return package.manifest, dict(package.resources)


def test_a_package_is_its_manifest_and_its_resources(tmp_path):
    path = tgz(tmp_path / "p.tgz", profile(), value_set())
    manifest, resources = read(path)
    assert manifest.label == "example.guide#1.2.0"
    assert list(resources) == ["StructureDefinition-0.json", "ValueSet-1.json"]


def test_an_unpacked_folder_is_the_same_package(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps(MANIFEST))
    (folder / "a.json").write_text(json.dumps(value_set()))
    for path in (folder, tmp_path):
        manifest, resources = read(path)
        assert manifest.name == "example.guide"
        assert list(resources) == ["a.json"]


def test_a_manifest_that_comes_last_is_found_all_the_same(tmp_path):
    late = member("package/package.json", json.dumps(MANIFEST).encode())
    path = tgz(tmp_path / "p.tgz", value_set(), manifest=None, members=[late])
    assert list(read(path)[1]) == ["ValueSet-0.json"]


@pytest.mark.parametrize(
    "hostile",
    [
        member("../evil.json"), member("/etc/evil.json"), member("package/../../evil.json"),
        member("package/x/evil.json"), member("package/.index.json", b"no json"),
        member("package/evil.json", None, type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("package/evil.json", None, type=tarfile.LNKTYPE, linkname="package/package.json"),
        member("package/evil.json", None, type=tarfile.CHRTYPE),
        member("package/other/big.txt", b"x" * 100),
    ],
)  # fmt: skip
def test_what_is_no_definition_is_passed_over_and_nothing_is_written(tmp_path, hostile):
    folder = tmp_path / "in"
    folder.mkdir()
    path = tgz(folder / "p.tgz", value_set(), members=[hostile])
    assert list(read(path)[1]) == ["ValueSet-0.json"]
    assert [one.name for one in tmp_path.rglob("*")] == ["in", "p.tgz"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"manifest": None}, "no package/package.json"),
        ({"manifest": {"name": "../up", "version": "1"}}, "no package name"),
        ({"manifest": {"name": "a", "version": ""}}, "no package name"),
        ({"manifest": {"name": "a#b", "version": "1"}}, "no package name"),
        ({"members": [member("package/a.json", b'{"a": 1, "a": 2}')]}, "stands twice"),
        ({"members": [member("package/a.json", b"[" * 1000)]}, r"a\.json"),
        ({"members": [member("package/a.json", b"\xff")]}, r"a\.json"),
    ],
)
def test_a_broken_package_is_refused_and_told_by_name(tmp_path, given, told):
    path = tgz(tmp_path / "p.tgz", **given)
    with pytest.raises(SpecError, match=told):
        read(path)


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "p.tgz"
    path.write_bytes(b"not a package")
    with pytest.raises(SpecError, match="is no package"):
        read(path)
    with pytest.raises(SpecError, match="is no package"):
        read(tmp_path / "missing.tgz")


def test_a_truncated_archive_is_refused(tmp_path):
    path = tgz(tmp_path / "p.tgz", *(value_set(str(n)) for n in range(200)))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SpecError, match="is no package"):
        read(path)


@pytest.mark.parametrize("limit", ["MAX_FILES", "MAX_FILE_BYTES", "MAX_BYTES"])
def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_does(
    tmp_path, monkeypatch, limit
):
    path = tgz(tmp_path / "p.tgz", *(value_set(str(n)) for n in range(20)))
    monkeypatch.setattr(archive, limit, 10)
    with pytest.raises(SpecError, match="at most"):
        read(path)
