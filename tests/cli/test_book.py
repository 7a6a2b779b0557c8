"""fhir-server book against a server that is played: whom it finds, which pages it follows."""

import json

import httpx2
import pytest
import typer
from typer.testing import CliRunner

from fhir_server.cli.book import book

SERVER = "http://test.invalid/fhir"
app = typer.Typer()
app.command()(book)

PERSON = {"resourceType": "Patient", "id": "p1", "name": [{"text": "Nguyễn Thị Bưởi"}]}
REPLACED = {
    "resourceType": "Patient",
    "id": "p0",
    "active": False,
    "link": [{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}],
}


def searchset(*people):
    return {
        "resourceType": "Bundle",
        "entry": [{"resource": one, "search": {"mode": "match"}} for one in people],
    }


def page(name, older=None):
    code = {"system": "http://fhir-server.vn/CodeSystem/ehealth-book-section"}
    encounter = {"resourceType": "Encounter", "id": name, "type": [{"text": name}]}
    visit = {"code": {"coding": [code]}, "entry": [{"reference": f"Encounter/{name}"}]}
    composition = {
        "resourceType": "Composition",
        "section": [{"code": {"coding": [{**code, "code": "visits"}]}, "section": [visit]}],
    }
    if older:
        target = {"value": f"{SERVER}/Patient/p1/$ehealth-book?{older}"}
        composition["relatesTo"] = [{"code": "appends", "targetIdentifier": target}]
    entries = [
        {"resource": composition},
        {"fullUrl": f"{SERVER}/Encounter/{name}", "resource": encounter},
    ]
    return {"resourceType": "Bundle", "type": "document", "entry": entries}


@pytest.fixture
def play(monkeypatch):
    """Answer requests from a dict of path?query → body, and remember what was asked."""
    asked = []

    def played(answers):
        def answer(request):
            asked.append(request)
            found = answers.get(request.url.raw_path.decode())
            if found is None:
                issue = {"severity": "error", "diagnostics": "It is not known."}
                return httpx2.Response(404, json={"issue": [issue]})
            return httpx2.Response(200, content=json.dumps(found))

        real = httpx2.Client

        def client(**options):
            return real(transport=httpx2.MockTransport(answer), **options)

        monkeypatch.setattr(httpx2, "Client", client)
        return asked

    return played


def run(*arguments):
    return CliRunner().invoke(app, [*arguments, "--from", SERVER])


FOUND = "/fhir/Patient?identifier=099190000001&_count=10"
BOOK = "/fhir/Patient/p1/$ehealth-book"


def test_a_person_is_found_by_number_and_all_pages_are_followed(play):
    play(
        {FOUND: searchset(PERSON), BOOK: page("new", "_before=x"), f"{BOOK}?_before=x": page("old")}
    )
    result = run("099190000001")
    assert result.exit_code == 0, result.output
    assert result.output.index("new") < result.output.index("old")
    assert "\x1b" not in result.output


def test_no_more_pages_are_asked_than_wanted(play):
    asked = play({FOUND: searchset(PERSON), BOOK: page("new", "_before=x")})
    result = run("099190000001", "--pages", "1")
    assert result.exit_code == 0
    assert "--pages 2" in result.output
    assert len(asked) == 2


def test_a_record_that_was_merged_away_does_not_count(play):
    play({FOUND: searchset(REPLACED, PERSON), BOOK: page("new")})
    assert run("099190000001").exit_code == 0


@pytest.mark.parametrize(
    ("people", "told"),
    [
        ((), "Nobody has the identifier 099190000001."),
        ((PERSON, {**PERSON, "id": "p2"}), "2 people have the identifier 099190000001."),
    ],
)
def test_nobody_or_several_is_one_line_and_exit_1(play, people, told):
    play({FOUND: searchset(*people)})
    result = run("099190000001")
    assert result.exit_code == 1
    assert result.output == f"fhir-server: {told}\n"


def test_a_system_and_an_id_are_taken_as_given(play):
    asked = play({BOOK: page("new")})
    assert run("Patient/p1").exit_code == 0
    run("http://example.invalid/sid|1,2")
    assert asked[-1].url.params["identifier"] == "http://example.invalid/sid|1\\,2"


def test_a_path_does_not_leave_the_patient(play):
    asked = play({})
    assert run("Patient/../metadata").exit_code == 1
    assert asked[0].url.raw_path == b"/fhir/Patient/..%2Fmetadata/$ehealth-book"


def test_a_token_never_follows_a_link_to_another_server(play):
    away = page("new")
    target = {"value": "http://elsewhere.invalid/fhir/Patient/p1/$ehealth-book?_before=x"}
    relation = {"code": "appends", "targetIdentifier": target}
    away["entry"][0]["resource"]["relatesTo"] = [relation]
    asked = play({BOOK: away, f"{BOOK}?_before=x": page("old")})
    assert run("Patient/p1", "--token", "secret").exit_code == 0
    assert {request.url.host for request in asked} == {"test.invalid"}


def test_an_error_of_the_server_is_one_line(play):
    play({})
    result = run("Patient/p9")
    assert result.exit_code == 1
    assert result.output == "fhir-server: 404: It is not known.\n"


def test_a_server_that_is_not_fhir_is_one_line(play):
    play({BOOK: {"hello": "world"}})
    result = run("Patient/p1")
    assert result.exit_code == 1
    assert "does not answer as a FHIR server" in result.output
