"""A certificate as Basic and as DocumentReference: valid R4, no conviction, the same readers."""

import json
from base64 import b64decode
from dataclasses import replace
from uuid import uuid4

import pytest
from msgspec import structs

from extensions.judicial_record.certificate import forms, projections
from extensions.judicial_record.proof.canonical import canonical, signed_part
from extensions.judicial_record.reaching import PAGES, reaching
from fhir_server.access.caller import Caller
from fhir_server.fhir.errors import Forbidden, Invalid, NotFound
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Target
from fhir_server.interactions.write import built, change, checked
from fhir_server.main.legal import context_of, definitions
from fhir_server.search.condition import Everything
from tests.client import fresh
from tests.extensions.judicial_record.paper.bodies import CONVICTION, concept, form_1, form_2

TYPE = forms.TYPE
OPERATIONS = {one.name: one.handler for one in projections.OPERATIONS}
V3 = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
SIGNATURE = {
    "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}],
    "when": "2026-11-28T02:03:04Z",
    "who": {"reference": "Organization/o1"},
    "sigFormat": "application/jose",
    "data": "ZXlKLi5z",
}
PDF = {
    "contentType": "application/pdf",
    "url": "Binary/b1",
    "title": "PHIẾU LÝ LỊCH TƯ PHÁP SỐ 1",
}
DOCUMENT = {
    "resourceType": "DocumentReference",
    "status": "current",
    "content": [{"attachment": PDF}],
}
HOLDER = Caller("h", user="Person/p1", scopes=(f"legal/{TYPE}.r",))


def issued(body, **more):
    return body | {
        "meta": {"security": [{"system": V3, "code": "R"}]},
        "status": "issued",
        "request": {"reference": "Task/t1"},
        "signature": [SIGNATURE],
        "document": [{"reference": "DocumentReference/d1"}],
        **more,
    }


@pytest.fixture(scope="module")
def spec():
    return definitions()


@pytest.fixture(scope="module")
async def context(mongodb_uri, spec, settings):
    async with fresh(mongodb_uri) as store:
        context = context_of(settings, spec, store)
        await put(context, DOCUMENT, "d1")
        yield context


async def put(context, resource, identity=""):
    identity = identity or uuid4().hex
    type_ = resource["resourceType"]
    whole = built(context, type_, resource)
    new = structs.replace(change(context, type_, identity, whole, method="create"), integrity=False)
    await context.store.commit(lambda *_: Everything(), [new])
    return identity


async def ask(context, name, identity, caller=HOLDER, parameters=()):
    target = Target(TYPE, identity, operation=f"${name}")
    request = FhirRequest("GET", f"{TYPE}/{identity}/${name}", parameters)
    reach = await reaching(context.but(caller=caller), [(f"${name}", request, target)])
    answer = await OPERATIONS[name](context.but(caller=caller.reaching(reach)), request, target)
    return json.loads(answer.body)


def told(basic):
    [summary] = basic["extension"]
    return {
        one["url"]: next(value for name, value in one.items() if name != "url")
        for one in summary["extension"]
    }


async def test_the_basic_of_form_1_is_valid_and_says_what_its_summary_says(context):
    body = issued(form_1())
    identity = await put(context, body)
    basic = await ask(context, "as-basic", identity)
    await checked(context, "Basic", basic)
    assert told(basic) == {
        "status": "issued",
        "form": "form-1",
        "request": {"reference": "Task/t1"},
        "dataAsOf": body["dataAsOf"],
        "convictionStatus": "none",
        "prohibitionStatus": "not-requested",
        "issued": body["issued"],
        "url": body["verification"]["url"],
    }
    assert basic["subject"] == {"reference": "Person/p1"}
    assert basic["created"] == "2026-11-28"
    assert "modifierExtension" not in basic


async def test_the_basic_of_form_2_says_nothing_of_the_record(context):
    clean = form_2(status="none") | {"conviction": []}
    basics = [projections.as_basic(issued(one)) for one in (form_2(CONVICTION), clean)]
    assert basics[0] == basics[1]
    assert "convictionStatus" not in told(basics[0])
    await checked(context, "Basic", basics[0])


async def test_a_certificate_not_in_force_cannot_be_taken_for_one_that_is(context):
    revocation = {"kind": "recall", "decisionNumber": "1"}
    basic = projections.as_basic(issued(form_1(), status="revoked", revocation=revocation))
    await checked(context, "Basic", basic)
    assert basic["modifierExtension"] == [{"url": projections.NOT_IN_FORCE, "valueCode": "revoked"}]


@pytest.mark.parametrize("lost", ["subject", "extension", "identifier"])
async def test_the_profile_of_the_basic_can_fail(context, lost):
    basic = projections.as_basic(issued(form_1()))
    del basic[lost]
    with pytest.raises(Exception, match=lost):
        await checked(context, "Basic", basic)


async def test_the_document_holds_the_page_and_the_signature(context):
    body = issued(form_1(), id=uuid4().hex)
    identity = await put(context, body, body["id"])
    document = await ask(context, "as-document", identity)
    await checked(context, "DocumentReference", document)
    page, signed, signature = (one["attachment"] for one in document["content"])
    assert page == PDF
    assert b64decode(signed["data"]) == canonical(signed_part(body))
    assert signature["contentType"] == "application/jose"
    assert signature["data"] == SIGNATURE["data"]
    assert (document["status"], document["docStatus"]) == ("current", "final")
    assert document["securityLabel"] == [{"coding": [{"system": V3, "code": "R"}]}]
    assert "subject" not in document
    assert document["context"]["related"] == [{"reference": "Person/p1"}]


@pytest.mark.parametrize("status", sorted(projections.DOCUMENT_STATUS))
async def test_every_state_of_a_certificate_is_one_of_a_document(context, status):
    document = projections.as_document(issued(form_1(), status=status), [PDF])
    await checked(context, "DocumentReference", document)
    assert (document["status"] == "current") == (status in ("preliminary", "issued"))


async def test_an_unsigned_certificate_has_no_document(context):
    identity = await put(context, form_1())
    with pytest.raises(NotFound):
        await ask(context, "as-document", identity)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
async def test_who_may_not_read_the_certificate_gets_no_projection(context, name):
    identity = await put(context, issued(form_1()))
    assert await ask(context, name, identity)
    with pytest.raises(NotFound):
        await ask(context, name, identity, replace(HOLDER, user="Person/p2"))
    with pytest.raises(NotFound):
        await ask(context, name, identity, replace(HOLDER, scopes=(f"legal/{TYPE}.r?form=form-2",)))
    for scopes in ((), ("legal/Basic.r",), (f"legal/${name}",), ("legal/DocumentReference.r",)):
        with pytest.raises(Forbidden):
            await ask(context, name, identity, replace(HOLDER, scopes=scopes))


@pytest.mark.parametrize("name", sorted(OPERATIONS))
async def test_nothing_can_be_asked_for_beside_it(context, name):
    identity = await put(context, issued(form_1()))
    with pytest.raises(Invalid):
        await ask(context, name, identity, parameters=(("form", "form-2"),))


@pytest.mark.parametrize("name", sorted(OPERATIONS))
async def test_no_conviction_and_no_name_is_in_a_projection(context, name):
    identity = await put(context, issued(form_2(CONVICTION)))
    with pytest.raises(NotFound):
        await ask(context, name, identity)
    made = await ask(context, name, identity, replace(HOLDER, client=PAGES))
    # The page and the signed bytes are the certificate itself.
    told = {part: value for part, value in made.items() if part != "content"}
    text = json.dumps(told, ensure_ascii=False)
    for secret in ("12/2015", "Trộm cắp", "NGUYỄN", "099090000001", "expunged"):
        assert secret not in text


def test_other_numbers_of_the_certificate_are_kept():
    dossier = {"type": concept("certificate-identifier-type", "dossier-code"), "value": "G99"}
    body = form_1()
    body["identifier"].append(dossier)
    assert dossier in projections.as_basic(body)["identifier"]
