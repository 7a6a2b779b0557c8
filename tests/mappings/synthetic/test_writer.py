"""What is written to disk: deterministic, in folders, and whole."""

import json

import pytest

from mappings.synthetic.envelope import synthesise
from mappings.synthetic.plan import plan
from mappings.synthetic.writer import write


def contents(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.*")}


@pytest.mark.parametrize("form", ["envelope", "bundle", "ndjson"])
def test_the_same_seed_writes_the_same_bytes(tmp_path, form):
    written = write(tmp_path / "a", 8, 3, form)
    write(tmp_path / "b", 8, 3, form)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert written == len(contents(tmp_path / "a"))


def test_envelopes_are_one_file_a_visit_in_order(tmp_path):
    write(tmp_path, 12, 3)
    found = [body for _, body in sorted(contents(tmp_path).items())]
    assert found == list(synthesise(3, 12))


def test_a_thousand_citizens_share_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("mappings.synthetic.writer.CITIZENS_A_FOLDER", 2)
    write(tmp_path, 5, 3)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["000", "001", "002"]


def test_progress_is_told_after_every_citizen(tmp_path):
    told = []
    write(tmp_path, 5, 3, advance=lambda: told.append(1))
    assert len(told) == 5


def test_a_bundle_is_a_transaction_of_one_visit(tmp_path):
    count = write(tmp_path, 4, 3, "bundle")
    assert count == sum(len(plan(3, number).visits) for number in range(4))
    for body in contents(tmp_path).values():
        bundle = json.loads(body)
        assert bundle["type"] == "transaction"
        kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
        assert kinds.count("Encounter") == kinds.count("Patient") == 1


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ndjson")
    write(folder, 30, 3, "ndjson")
    return {
        name.removesuffix(".ndjson"): [json.loads(line) for line in body.splitlines()]
        for name, body in contents(folder).items()
    }


def test_ndjson_holds_one_type_a_file(lines):
    assert len(lines["Patient"]) == 30
    for kind, resources in lines.items():
        assert {one["resourceType"] for one in resources} == {kind}


def test_no_resource_is_written_twice(lines):
    for resources in lines.values():
        identities = [one["id"] for one in resources]
        assert len(set(identities)) == len(identities)


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_to_a_line(lines):
    known = {f"{kind}/{one['id']}" for kind, resources in lines.items() for one in resources}
    found = {url for resources in lines.values() for one in resources for url in references(one)}
    assert found
    assert found <= known
