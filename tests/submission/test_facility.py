"""A facility's client sends for its own facilities only: what it may not send leaves nothing."""

import base64
from dataclasses import replace

import pytest

from fhir_server.fhir import json
from tests.client import auditing, issues
from tests.submission.envelopes import MA_LK, envelope, file, hoso, tables, visit, wrapped
from tests.submission.stored import as_stored, everything, submit, submitted

A, B = "99001", "99002"
SENDERS = ("XML1", "XML13", "XML14", "XML6", "XML15")
TABLES = {
    "XML6": "<CHI_TIEU_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS>"
    "<DSACH_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS>"
    "<HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS><MA_CSKCB>99001</MA_CSKCB>"
    "</HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS>"
    "</DSACH_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS>"
    "</CHI_TIEU_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS>",
    "XML15": "<CHI_TIEU_DIEUTRI_BENHLAO><DSACH_CHITIET_DIEUTRI_BENHLAO><CHITIET_DIEUTRI_BENHLAO>"
    "<MA_CSKCB>99001</MA_CSKCB>"
    "</CHITIET_DIEUTRI_BENHLAO></DSACH_CHITIET_DIEUTRI_BENHLAO></CHI_TIEU_DIEUTRI_BENHLAO>",
}


def table(kind, code):
    """Give an envelope of A's with one table that names another sender."""
    text = (TABLES | tables())[kind].replace(
        "<MA_CSKCB>99001</MA_CSKCB>", f"<MA_CSKCB>{code}</MA_CSKCB>"
    )
    assert code in text
    one = file(kind, base64.b64encode(text.encode()).decode())
    others = hoso(A, drop=(kind,))
    return wrapped(others.replace("</HOSO>", f"{one}</HOSO>"))


async def refused(fhir, client, body, query=""):
    """Submit what is refused and leaves nothing; give the places it was refused for."""
    before = await as_stored(fhir)
    response = await submit(client, body, query)
    assert response.status_code == 403, response.text
    assert {one["code"] for one in issues(response)} == {"forbidden"}
    assert await as_stored(fhir) == before
    return [one["expression"][0] for one in issues(response) if "expression" in one]


async def test_a_facility_sends_its_own(fhir, hospital, sample):
    told = await submitted(await hospital(A), sample)
    assert f"{await fhir.stored()} created, 0 changed" in told[-1]
    assert any(name.startswith("Encounter/") for name in await everything(fhir))


@pytest.mark.parametrize("query", ["", "?dry-run=true"])
async def test_an_envelope_of_another_facility_is_refused(fhir, hospital, query):
    theirs = envelope(facility=B)
    await submitted(await hospital(B), theirs)
    client = await hospital(A)
    places = await refused(fhir, client, theirs, query)
    assert places[0] == "THONGTINDONVI.MACSKCB"
    assert "HOSO[0].XML1.MA_CSKCB" in places


async def test_a_refused_envelope_is_audited(fhir, store, hospital):
    store.watch = replace(store.watch, audit=auditing(store, fhir.context.spec))
    response = await submit(await hospital(A), envelope(facility=B))
    assert response.status_code == 403
    await store.watch.audit.place()
    (event,) = [json.parse_object(body) for body, _ in (await as_stored(fhir)).values()]
    assert event["resourceType"] == "AuditEvent"
    assert event["outcome"] != "0"
    assert event["agent"][0]["who"]["identifier"]["value"] == "hospital"
    assert MA_LK not in str(event)


@pytest.mark.parametrize("query", ["", "?dry-run=true"])
async def test_one_foreign_visit_among_its_own_refuses_the_envelope(fhir, hospital, query):
    body = wrapped(hoso(A, MA_LK="OWN"), hoso(B, MA_LK="FOREIGN"))
    places = await refused(fhir, await hospital(A), body, query)
    assert {place.partition(".")[0] for place in places} == {"HOSO[1]"}


@pytest.mark.parametrize("kind", SENDERS)
async def test_every_table_that_names_its_sender_is_looked_at(fhir, hospital, kind):
    client = await hospital(A)
    assert await refused(fhir, client, table(kind, B)) == [f"HOSO[0].{kind}.MA_CSKCB"]


@pytest.mark.parametrize(
    "written", ["99002", " 99002\n", "99001;99002", "9900１", "99001 99002", "99001<!-- -->2"]
)
async def test_a_code_is_registered_or_it_is_not(fhir, hospital, written):
    await refused(fhir, await hospital(A), table("XML14", written))


@pytest.mark.parametrize("element", ["<x:MA_CSKCB xmlns:x='urn:x'>99002</x:MA_CSKCB>"])
async def test_a_sender_in_a_namespace_of_its_own_is_a_sender(fhir, hospital, element):
    body = envelope(
        edit={"XML1": lambda text: text.replace("</TONG_HOP>", f"{element}</TONG_HOP>")}
    )
    await refused(fhir, await hospital(A), body)


async def test_a_second_head_is_no_way_in(fhir, hospital):
    body = envelope().replace(b"</MACSKCB>", b"</MACSKCB><MACSKCB>99002</MACSKCB>")
    assert (await submit(await hospital(A), body)).status_code == 400
    body = envelope().replace(
        b"<THONGTINHOSO>",
        b"<THONGTINDONVI><MACSKCB>99002</MACSKCB></THONGTINDONVI><THONGTINHOSO>",
    )
    assert (await submit(await hospital(A), body)).status_code == 400
    assert await fhir.stored() == 0


async def test_the_places_one_comes_from_and_goes_to_may_be_others(fhir, hospital):
    body = visit(1, MA_NOI_DI=B, MA_NOI_DEN="99003", MA_DKBD="99004", MA_CSKCB_THUOC="C.99005")
    await submitted(await hospital(A), body)
    assert await fhir.stored()


async def test_a_group_sends_for_each_of_its_facilities_and_no_other(fhir, hospital):
    client = await hospital(A, B)
    await submitted(client, visit(1, facility=A))
    await submitted(client, visit(2, facility=B))
    await refused(fhir, client, visit(3, facility="99003"))
    owners = {owner for _, owner in (await as_stored(fhir)).values()}
    assert owners == {A, B, None}


async def test_what_is_broken_and_foreign_is_not_even_quarantined(fhir, hospital):
    await refused(fhir, await hospital(A), envelope(facility=B, NGAY_VAO="202513010815"))
    await refused(fhir, await hospital(A), wrapped(hoso(B, NGAY_VAO="202513010815"), hoso(A)))


async def test_what_is_broken_and_its_own_is_quarantined_as_its_own(fhir, hospital):
    response = await submit(await hospital(A), envelope(NGAY_VAO="202513010815"))
    assert response.status_code == 422
    kept = await as_stored(fhir)
    assert {name.partition("/")[0] for name in kept} == {"Binary", "DocumentReference"}
    assert {owner for _, owner in kept.values()} == {A}


async def test_a_client_without_facilities_sends_nothing(fhir, hospital, sample):
    assert await refused(fhir, await hospital(), sample)


async def test_a_client_that_acts_for_a_user_sends_nothing(fhir, hospital, sample):
    assert await refused(fhir, await hospital(A, user="Practitioner/1"), sample) == []


@pytest.mark.parametrize("body", [b"", b"<no envelope", envelope()])
@pytest.mark.parametrize("scopes", [(), ("system/*.cruds",), ("system/DocumentReference.c",)])
async def test_without_the_scope_nothing_of_the_file_is_looked_at(fhir, hospital, body, scopes):
    response = await submit(await hospital(A, scopes=scopes), body)
    assert response.status_code == 403
    assert await fhir.stored() == 0


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("query", ["", "?dry-run=true"])
async def test_an_entry_of_a_bundle_is_no_way_around(fhir, hospital, kind, query):
    data = base64.b64encode(envelope(facility=B)).decode()
    binary = {"resourceType": "Binary", "contentType": "application/xml", "data": data}
    request = {"method": "POST", "url": f"$submit-document{query}"}
    entry = {"request": request, "resource": binary}
    body = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
    response = await (await hospital(A)).post("", body)
    told = [one["response"]["status"] for one in response.json().get("entry", ())]
    assert response.status_code >= 400 or (told and told[0].startswith("4"))
    assert await fhir.stored() == 0


async def test_whoever_may_everything_sends_for_all_and_whose_it_is_is_noted(fhir):
    await submitted(fhir, envelope(facility=B))
    kept = await as_stored(fhir)
    shared = ("Practitioner", "Organization")
    assert {owner for name, (_, owner) in kept.items() if name.startswith(shared)} == {None}
    assert {owner for name, (_, owner) in kept.items() if not name.startswith(shared)} == {B}
