"""Packages compiled into a folder, and read from it piece by piece."""

import pytest

from fhir_server.spec import installed, pack
from fhir_server.spec.archive import opened
from fhir_server.spec.canonicals import Canonicals
from fhir_server.spec.spec import load
from fhir_server.spec.tables import SpecError
from tests.spec.archives import BASE, MANIFEST, profile, tgz, value_set

TYPE = "http://hl7.org/fhir/StructureDefinition/Patient"
STRUCTURE = "StructureDefinition"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "packages"


def add(folder, *resources, known=None, **manifest):
    path = tgz(folder.parent / "p.tgz", *resources, manifest=MANIFEST | manifest)
    known = known or Canonicals(packs=installed.packs(folder))
    with opened(path) as package:
        return installed.add(folder, package, known, {TYPE}.__contains__)


def elements(folder, name="patient"):
    known = Canonicals(packs=installed.packs(folder))
    (found,) = known.find(STRUCTURE, f"{BASE}/{name}")
    return {one["id"]: one for one in found["snapshot"]["element"]}


def test_a_profile_gets_its_snapshot_when_it_is_added(folder):
    added = add(folder, profile(), value_set())
    assert added.counts == {STRUCTURE: 1, "ValueSet": 1}
    assert elements(folder)["Patient.name"]["min"] == 1
    assert elements(folder)["Patient.link.other"]["min"] == 1


def test_a_profile_may_be_built_on_one_of_its_package_or_of_another(folder):
    add(folder, profile("a"), profile("b", f"{BASE}/a"))
    add(folder, profile("c", f"{BASE}/b"), name="other.guide")
    assert elements(folder, "c")["Patient.name"]["min"] == 1
    assert installed.labels(folder) == ["example.guide#1.2.0", "other.guide#1.2.0"]


def test_the_same_version_takes_the_place_of_the_one_before(folder):
    add(folder, profile("a"))
    add(folder, profile("b"))
    known = Canonicals(packs=installed.packs(folder))
    assert not list(known.find(STRUCTURE, f"{BASE}/a"))
    assert installed.labels(folder) == ["example.guide#1.2.0"]


def test_versions_stand_side_by_side_the_newest_first(folder):
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        add(folder, value_set(version=version), version=version)
    known = Canonicals(packs=installed.packs(folder))
    found = known.find("ValueSet", "http://example.org/ValueSet/v")
    assert [one["version"] for one in found] == ["1.10.0", "1.9.0", "1.2.0"]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (profile(base="http://example.org/unknown"), "StructureDefinition-1.json.*not known"),
        (profile(base=f"{BASE}/patient"), "built on itself"),
        (profile(differential={"element": [{"path": "Patient.nothing"}]}), "no element"),
        (profile(differential={"element": [{}]}), "StructureDefinition-1.json"),
        (profile(url=None), "without a url"),
        (value_set() | {"url": ""}, "without a url"),
    ],
)
def test_a_broken_definition_is_named_and_the_folder_stays_as_it_was(folder, broken, told):
    add(folder, profile("before"))
    with pytest.raises(SpecError, match=told):
        add(folder, value_set(), broken, version="9")
    assert [one.name for one in folder.iterdir()] == ["example.guide#1.2.0.1.pack"]


def test_a_package_of_another_fhir_version_is_refused(folder):
    with pytest.raises(SpecError, match=r"FHIR 5\.0\.0"):
        add(folder, profile(), fhirVersions=["5.0.0"])


def test_dependencies_that_are_not_here_are_told(folder):
    wanted = {"hl7.fhir.r4.core": "4.0.1", "there.is.none": "1.0.0"}
    assert add(folder, dependencies=wanted).missing == ("there.is.none#1.0.0",)


def test_a_pack_of_another_format_stops_the_start_and_says_what_to_do(folder):
    folder.mkdir()
    (folder / "a#1.0.pack").write_bytes(b"")
    with pytest.raises(SpecError, match="packages add"):
        installed.packs(folder)


def test_a_package_is_told_as_an_implementation_guide(folder):
    add(folder, profile(), title="A guide", canonical="http://example.org/fhir")
    (guide,) = installed.guides(folder).values()
    assert guide["url"] == "http://example.org/fhir/ImplementationGuide/example.guide"
    assert (guide["packageId"], guide["version"]) == ("example.guide", "1.2.0")
    assert guide["description"] == "Loaded: 1 StructureDefinition."


def test_its_own_implementation_guide_says_its_url(folder):
    own = {"resourceType": "ImplementationGuide", "url": "http://example.org/own", "name": "Own"}
    add(folder, own | {"definition": {"resource": []}})
    (guide,) = installed.guides(folder).values()
    assert (guide["url"], guide["name"]) == ("http://example.org/own", "Own")
    assert "definition" not in guide


def test_a_removed_package_is_gone(folder):
    add(folder, profile())
    assert installed.remove(folder, "example.guide#1.2.0")
    assert not installed.remove(folder, "example.guide#1.2.0")
    assert not installed.remove(folder, "../../etc/passwd")
    assert installed.labels(folder) == []


def test_nothing_of_a_thousand_profiles_is_read_before_one_is_asked_for(folder, monkeypatch):
    add(folder, *(profile(f"p{n}") for n in range(1_000)))
    read = []
    real = pack.zstd.decompress
    monkeypatch.setattr(pack.zstd, "decompress", lambda text: read.append(1) or real(text))
    spec = load(packs=installed.packs(folder))
    assert read == []
    found = next(spec.canonicals.find(STRUCTURE, f"{BASE}/p777"))
    assert found["name"] == "p777"
    # The index, and the one frame it stands in.
    assert len(read) == 2
