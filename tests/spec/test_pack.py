"""A pack gives back what was written, one definition at a time."""

from fhir_server.spec import pack
from fhir_server.spec.pack import Pack


def definition(name, **more):
    return {"resourceType": "ValueSet", "url": f"http://example.org/{name}", **more}


def test_what_was_written_is_found_by_type_and_url(tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "FRAME_BYTES", 200)
    rows = [definition(str(number), title="Viêm phổi " * number) for number in range(20)]
    path = tmp_path / "some.pack"
    assert pack.write(path, rows) == 20
    known = Pack(path)
    for row in rows:
        assert list(known.find("ValueSet", row["url"])) == [row]
    assert list(known.urls("ValueSet")) == [row["url"] for row in rows]
    assert list(known.find("CodeSystem", rows[0]["url"])) == []
    assert list(known.find("ValueSet", "http://example.org/none")) == []
    assert list(known.urls("CodeSystem")) == []


def test_several_versions_stand_side_by_side(tmp_path):
    rows = [definition("a", version=version) for version in ("2", "1")]
    pack.write(tmp_path / "some.pack", rows)
    assert list(Pack(tmp_path / "some.pack").find("ValueSet", rows[0]["url"])) == rows


def test_the_same_definitions_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        pack.write(tmp_path / name, [definition("x"), definition("y")])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_nothing_is_read_before_something_is_asked(tmp_path):
    known = Pack(tmp_path / "late.pack")
    pack.write(tmp_path / "late.pack", [definition("x")])
    assert list(known.urls("ValueSet")) == ["http://example.org/x"]
