from fhir_server.fhir import json
from fhir_server.interactions import respond
from tests.client import BASE_URL, issues


async def test_a_created_resource_is_read_back_with_its_version(fhir, patient):
    created = await fhir.post("Patient", patient)
    assert created.status_code == 201
    assert created.headers["etag"] == 'W/"1"'
    identity = created.json()["id"]
    assert created.headers["location"] == f"{BASE_URL}/Patient/{identity}/_history/1"
    read = await fhir.get(f"Patient/{identity}")
    assert read.status_code == 200
    assert read.content == created.content
    told = read.json()
    assert told["name"] == patient["name"]
    assert told["meta"]["versionId"] == "1"


async def test_number_literals_come_back_as_they_were_written(fhir):
    literals = ["1.00", "0.0000001", "1e-7", "1.0e+3", "-0", "-0.0", "12345678901234567890.123"]
    for literal in literals:
        body = (
            b'{"resourceType":"Observation","status":"final","code":{"text":"x"},'
            b'"valueQuantity":{"value":%b}}' % literal.encode()
        )
        created = await fhir.post("Observation", body)
        assert created.status_code == 201, created.text
        read = await fhir.get(f"Observation/{created.json()['id']}")
        assert f'"value":{literal}}}' in read.text


async def test_an_update_makes_a_new_version_and_keeps_the_old_one(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    second = await fhir.put("Patient/p1", {**patient, "id": "p1", "active": True})
    assert (second.status_code, second.headers["etag"]) == (200, 'W/"2"')
    old = await fhir.get("Patient/p1/_history/1")
    assert "active" not in old.json()
    assert (await fhir.get("Patient/p1/_history/3")).status_code == 404


async def test_an_update_creates_where_the_setting_allows_it(fhir, patient):
    assert (await fhir.put("Patient/new", {**patient, "id": "new"})).status_code == 201


async def test_an_identical_update_makes_no_new_version(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    again = await fhir.put("Patient/p1", {**patient, "id": "p1"})
    assert (again.status_code, again.headers["etag"]) == (200, 'W/"1"')


async def test_a_stale_if_match_is_a_412_and_changes_nothing(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    await fhir.put("Patient/p1", {**patient, "id": "p1", "active": True})
    stale = await fhir.put("Patient/p1", {**patient, "id": "p1"}, If_Match='W/"1"')
    assert stale.status_code == 412
    assert issues(stale)[0]["code"] == "conflict"
    assert (await fhir.get("Patient/p1")).headers["etag"] == 'W/"2"'


async def test_a_deleted_resource_is_gone_and_can_come_back(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    assert (await fhir.delete("Patient/p1")).status_code == 204
    assert (await fhir.delete("Patient/p1")).status_code == 204
    assert (await fhir.get("Patient/p1")).status_code == 410
    back = await fhir.put("Patient/p1", {**patient, "id": "p1"})
    assert (back.status_code, back.headers["etag"]) == (201, 'W/"3"')


async def test_what_never_was_is_not_found(fhir):
    answer = await fhir.get("Patient/nobody")
    assert answer.status_code == 404
    assert issues(answer)[0]["code"] == "not-found"


async def test_deleting_what_never_was_is_no_error_and_tells_nothing(fhir):
    answer = await fhir.delete("Patient/nobody")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "etag" not in answer.headers


async def test_the_history_tells_all_versions_newest_first_with_the_deletion(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    await fhir.put("Patient/p1", {**patient, "id": "p1", "active": True})
    await fhir.delete("Patient/p1")
    entries = (await fhir.get("Patient/p1/_history")).json()["entry"]
    assert [entry["response"]["etag"] for entry in entries] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert entries[0]["request"]["method"] == "DELETE"
    assert "resource" not in entries[0]


async def test_the_history_is_paged_without_gap_or_repeat(fhir, patient):
    for number in range(5):
        await fhir.put("Patient/p1", {**patient, "id": "p1", "multipleBirthInteger": number})
    seen, url = [], "Patient/p1/_history?_count=2"
    while url:
        page = (await fhir.get(url)).json()
        seen += [entry["resource"]["meta"]["versionId"] for entry in page["entry"]]
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        url = following[0].removeprefix(f"{BASE_URL}/") if following else None
    assert seen == ["5", "4", "3", "2", "1"]


async def test_an_unchanged_resource_need_not_be_sent_again(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await fhir.get("Patient/p1", If_None_Match='W/"1"')
    assert (answer.status_code, answer.content) == (304, b"")


async def test_prefer_says_what_a_write_answers_with(fhir, patient):
    minimal = await fhir.post("Patient", patient, Prefer="return=minimal")
    assert (minimal.status_code, minimal.content) == (201, b"")
    outcome = await fhir.post("Patient", patient, Prefer="return=OperationOutcome")
    assert outcome.json()["resourceType"] == "OperationOutcome"


async def test_head_is_a_get_without_its_body(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await fhir.http.head("/fhir/Patient/p1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == 'W/"1"'


async def test_a_conditional_create_happens_once(fhir, patient):
    query = "identifier=http://fhir.hl7.org.vn/core/sid/cccd|099190000001"
    first = await fhir.post("Patient", patient, If_None_Exist=query)
    second = await fhir.post("Patient", patient, If_None_Exist=query)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    await fhir.post("Patient", patient)
    assert (await fhir.post("Patient", patient, If_None_Exist=query)).status_code == 412


async def test_the_url_and_the_resource_agree_on_the_id(fhir, patient):
    for wrong in ({**patient, "id": "other"}, patient):
        answer = await fhir.put("Patient/p1", wrong)
        assert answer.status_code == 400
        assert issues(answer)[0]["expression"] == ["Patient.id"]


async def test_pretty_output_keeps_the_number_literals(fhir):
    body = json.parse(
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},'
        b'"valueQuantity":{"value":1.00}}'
    )
    created = await fhir.post("Observation", body)
    answer = await fhir.get(f"Observation/{created.json()['id']}?_pretty=true")
    assert '"value": 1.00' in answer.text
    assert "\n  " in answer.text


async def test_if_none_match_is_a_list_compared_weakly(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    for tags in ('W/"7", W/"1"', '"1"', "*"):
        assert (await fhir.get("Patient/p1", If_None_Match=tags)).status_code == 304
    assert (await fhir.get("Patient/p1", If_None_Match='W/"11"')).status_code == 200


async def test_a_format_is_understood_with_its_plus_sign_unescaped(fhir):
    for wish in ("application/fhir+json", "application/fhir%2Bjson", "json"):
        assert (await fhir.get(f"Patient?_format={wish}")).status_code == 200
    assert (await fhir.get("Patient?_format=html")).status_code == 406


async def test_an_accept_header_in_parts_or_empty_is_read(fhir):
    parts = [("Accept", "text/html"), ("Accept", "application/fhir+json;q=0.5")]
    assert (await fhir.http.get("/fhir/Patient", headers=parts)).status_code == 200
    assert (await fhir.get("Patient", Accept="")).status_code == 200


async def test_a_page_of_history_ends_where_its_bodies_fill_it(fhir, patient, monkeypatch):
    for number in range(3):
        await fhir.put("Patient/p1", {**patient, "id": "p1", "multipleBirthInteger": number})
    monkeypatch.setattr(respond, "PAGE", 1)
    seen, url = [], "Patient/p1/_history"
    while url:
        page = (await fhir.get(url)).json()
        seen.append([entry["response"]["etag"] for entry in page.get("entry", [])])
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        url = following[0].removeprefix(f"{BASE_URL}/") if following else None
    assert seen == [['W/"3"'], ['W/"2"'], ['W/"1"'], []]


async def test_a_history_of_no_entries_has_no_next_page(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    page = (await fhir.get("Patient/p1/_history?_count=0")).json()
    assert [link["relation"] for link in page["link"]] == ["self"]
