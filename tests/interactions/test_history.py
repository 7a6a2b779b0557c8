"""The history of a resource, of a type and of the base, asked over HTTP."""

from tests.client import BASE_URL, issues

BASIC = {"resourceType": "Basic", "code": {"text": "x"}}


async def walk(fhir, url):
    """Follow the next links; give the pages."""
    pages = []
    while url:
        page = (await fhir.get(url)).json()
        pages.append(page)
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        url = following[0].removeprefix(f"{BASE_URL}/") if following else None
    return pages


def told(page):
    return [
        (entry["request"]["method"], entry["request"]["url"], entry["response"]["status"])
        for entry in page.get("entry", ())
    ]


async def lived(fhir):
    """Create, delete, bring back, update: give the id."""
    identity = (await fhir.post("Basic", BASIC)).json()["id"]
    await fhir.delete(f"Basic/{identity}")
    await fhir.put(f"Basic/{identity}", {**BASIC, "id": identity})
    await fhir.put(f"Basic/{identity}", {**BASIC, "id": identity, "created": "2026"})
    return identity


async def test_an_entry_tells_the_request_that_made_the_version(fhir):
    identity = await lived(fhir)
    page = (await fhir.get(f"Basic/{identity}/_history")).json()
    assert told(page) == [
        ("PUT", f"Basic/{identity}", "200"),
        ("PUT", f"Basic/{identity}", "201"),
        ("DELETE", f"Basic/{identity}", "204"),
        ("POST", "Basic", "201"),
    ]
    assert {entry["fullUrl"] for entry in page["entry"]} == {f"{BASE_URL}/Basic/{identity}"}
    assert [entry["response"]["etag"] for entry in page["entry"]] == [
        f'W/"{version}"' for version in (4, 3, 2, 1)
    ]
    for entry in page["entry"]:
        if "resource" in entry:
            assert entry["response"]["lastModified"] == entry["resource"]["meta"]["lastUpdated"]


async def test_an_update_that_created_is_a_201_in_the_history(fhir):
    await fhir.put("Basic/b", {**BASIC, "id": "b"})
    assert told((await fhir.get("Basic/b/_history")).json()) == [("PUT", "Basic/b", "201")]


async def test_the_history_of_a_type_has_all_its_resources_and_no_other_type(fhir, patient):
    await fhir.put("Patient/p", {**patient, "id": "p"})
    await fhir.put("Basic/b", {**BASIC, "id": "b"})
    await fhir.put("Basic/c", {**BASIC, "id": "c"})
    await fhir.delete("Basic/b")
    assert told((await fhir.get("Basic/_history")).json()) == [
        ("DELETE", "Basic/b", "204"),
        ("PUT", "Basic/c", "201"),
        ("PUT", "Basic/b", "201"),
    ]


async def test_the_history_of_the_base_has_every_type_newest_first(fhir, patient):
    await fhir.put("Patient/p", {**patient, "id": "p"})
    await fhir.put("Basic/b", {**BASIC, "id": "b"})
    await fhir.put("Patient/p", {**patient, "id": "p", "active": True})
    await fhir.delete("Basic/b")
    page = (await fhir.get("_history")).json()
    assert page["type"] == "history"
    assert told(page) == [
        ("DELETE", "Basic/b", "204"),
        ("PUT", "Patient/p", "200"),
        ("PUT", "Basic/b", "201"),
        ("PUT", "Patient/p", "201"),
    ]
    assert page["entry"][1]["resource"]["active"] is True
    assert "active" not in page["entry"][3]["resource"]


async def test_a_hundred_versions_of_one_transaction_page_without_gap_or_repeat(fhir, patient):
    entries = [
        {
            "resource": {**BASIC, "id": f"b{number}"}
            if number % 3
            else {**patient, "id": f"p{number}"},
            "request": {
                "method": "PUT",
                "url": f"Basic/b{number}" if number % 3 else f"Patient/p{number}",
            },
        }
        for number in range(100)
    ]
    done = await fhir.post("", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert done.status_code == 200, done.text
    for path, expected in (("_history", 100), ("Basic/_history", 66), ("Patient/_history", 34)):
        pages = await walk(fhir, f"{path}?_count=7")
        seen = [entry["fullUrl"] for page in pages for entry in page["entry"]]
        assert len({page["entry"][0]["response"]["lastModified"] for page in pages}) == 1
        assert (len(seen), len(set(seen))) == (expected, expected)
        assert [len(page["entry"]) for page in pages[:-1]] == [7] * (len(pages) - 1)


async def test_writes_between_two_pages_do_not_disturb_the_walk(fhir):
    for number in range(4):
        await fhir.put(f"Basic/b{number}", {**BASIC, "id": f"b{number}"})
    first = (await fhir.get("_history?_count=2")).json()
    await fhir.put("Basic/b0", {**BASIC, "id": "b0", "created": "2026"})
    rest = await walk(fhir, first["link"][1]["url"].removeprefix(f"{BASE_URL}/"))
    seen = [row[1] for page in (first, *rest) for row in told(page)]
    assert seen == ["Basic/b3", "Basic/b2", "Basic/b1", "Basic/b0"]


async def test_since_is_at_or_after_an_instant(fhir):
    stamps = []
    for number in range(3):
        body = {**BASIC, "id": "b", "created": f"202{number}"}
        stamps.append((await fhir.put("Basic/b", body)).json()["meta"]["lastUpdated"])
    for path in ("_history", "Basic/_history", "Basic/b/_history"):
        page = (await fhir.get(f"{path}?_since={stamps[1]}")).json()
        assert [entry["response"]["lastModified"] for entry in page["entry"]] == stamps[:0:-1]


async def test_at_tells_the_versions_current_at_some_time_of_the_period(fhir):
    stamps = []
    for number in range(3):
        body = {**BASIC, "id": "b", "created": f"202{number}"}
        stamps.append((await fhir.put("Basic/b", body)).json()["meta"]["lastUpdated"])
    for path in ("_history", "Basic/_history", "Basic/b/_history"):
        at_one = (await fhir.get(f"{path}?_at={stamps[1]}")).json()
        assert [entry["response"]["etag"] for entry in at_one["entry"]] == ['W/"2"']
        this_year = (await fhir.get(f"{path}?_at={stamps[0][:4]}")).json()
        assert len(this_year["entry"]) == 3
        assert "entry" not in (await fhir.get(f"{path}?_at=1999")).json()


async def test_the_total_counts_the_versions_of_one_resource(fhir):
    identity = await lived(fhir)
    page = (await fhir.get(f"Basic/{identity}/_history?_count=2")).json()
    assert (page["total"], len(page["entry"])) == (4, 2)
    stamp = page["entry"][1]["response"]["lastModified"]
    since = (await fhir.get(f"Basic/{identity}/_history?_since={stamp}")).json()
    assert since["total"] == 2
    assert "total" not in (await fhir.get("Basic/_history")).json()


async def test_the_self_link_tells_what_was_applied(store, spec, fhir):
    await lived(fhir)
    page = (await fhir.get("Basic/_history?_count=99999&_since=2026-01-01T00:00:00Z")).json()
    assert page["link"][0] == {
        "relation": "self",
        "url": f"{BASE_URL}/Basic/_history?_count=1000&_since=2026-01-01T00%3A00%3A00Z",
    }


async def test_a_page_link_is_only_good_for_the_history_it_is_of(fhir):
    for identity in ("b", "c"):
        for year in ("2025", "2026"):
            await fhir.put(f"Basic/{identity}", {**BASIC, "id": identity, "created": year})
    page = (await fhir.get("Basic/b/_history?_count=1")).json()
    token = page["link"][1]["url"].partition("_page=")[2]
    assert (await fhir.get(f"Basic/b/_history?_count=1&_page={token}")).status_code == 200
    for wrong in (
        f"Basic/c/_history?_page={token}",
        f"_history?_page={token}",
        f"Basic/b/_history?_since=2026-01-01T00:00:00Z&_page={token}",
        f"Basic/b/_history?_page={token[:-2]}AA",
        "Basic/b/_history?_page=x",
    ):
        answer = await fhir.get(wrong)
        assert answer.status_code == 400, wrong
        assert "_page" in issues(answer)[0]["diagnostics"]


async def test_what_never_was_has_no_history(fhir):
    for query in ("", "?_since=2026-01-01T00:00:00Z", "?_at=2026"):
        assert (await fhir.get(f"Basic/nobody/_history{query}")).status_code == 404
    assert (await fhir.get("Nothing/_history")).status_code == 404
    empty = await fhir.get("Basic/_history")
    assert (empty.status_code, "entry" in empty.json()) == (200, False)


async def test_a_parameter_history_does_not_have_is_refused_with_its_reason(fhir):
    await fhir.put("Basic/b", {**BASIC, "id": "b"})
    for query in ("_sort=-_lastUpdated", "_list=List/1", "code=x", "_at=ge2020", "_since=2020"):
        for path in ("_history", "Basic/_history", "Basic/b/_history"):
            answer = await fhir.get(f"{path}?{query}")
            assert answer.status_code == 400, query
            assert issues(answer)[0]["diagnostics"]


async def test_history_is_asked_with_get_only(fhir):
    for path in ("_history", "Basic/_history", "Basic/b/_history"):
        answer = await fhir.post(path, {})
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
