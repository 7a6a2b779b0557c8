"""The file as it came: kept byte for byte, named by its SHA-256, and pointed at."""

import base64
import hashlib
import random

from tests.submission.envelopes import envelope, file, hoso, wrapped
from tests.submission.stored import everything, of_type, only, submit, submitted


async def test_the_file_is_kept_byte_for_byte_under_its_sha256(fhir, sample):
    await submitted(fhir, sample)
    binary = await only(fhir, "Binary")
    assert binary["id"] == hashlib.sha256(sample).hexdigest()
    assert binary["contentType"] == "application/xml"
    assert base64.b64decode(binary["data"]) == sample


async def test_a_document_reference_points_at_the_file(fhir, sample):
    await submitted(fhir, sample)
    document = await only(fhir, "DocumentReference")
    attachment = document["content"][0]["attachment"]
    digest = base64.b64decode(attachment["hash"])
    assert attachment["url"] == f"Binary/{hashlib.sha256(sample).hexdigest()}"
    assert attachment["size"] == len(sample)
    assert attachment["creation"] == "2025-09-01"
    assert digest == hashlib.sha1(sample).digest()
    name = base64.urlsafe_b64encode(hashlib.sha256(sample).digest()).decode().rstrip("=")
    assert document["masterIdentifier"]["value"] == f"ni:///sha-256;{name}"


async def test_the_provenance_is_of_everything_that_came_of_the_file(fhir, sample):
    await submitted(fhir, sample)
    every = await everything(fhir)
    provenance = await only(fhir, "Provenance")
    targets = {one["reference"] for one in provenance["target"]}
    kept = {
        name
        for name, one in every.items()
        if one["resourceType"] in ("Binary", "DocumentReference", "Provenance")
    }
    assert targets == every.keys() - kept
    document = await only(fhir, "DocumentReference")
    assert provenance["entity"][0]["what"]["reference"] == f"DocumentReference/{document['id']}"


async def test_every_file_of_a_visit_is_kept(fhir, sample):
    await submitted(fhir, sample)
    await submitted(fhir, envelope(created="20250902"))
    assert len(await of_type(fhir, "Binary")) == 2
    assert len(await of_type(fhir, "DocumentReference")) == 1


async def test_a_file_of_two_visits_is_kept_once(fhir):
    body = wrapped(hoso(MA_LK="A"), hoso(MA_LK="B"))
    await submitted(fhir, body)
    assert len(await of_type(fhir, "Binary")) == 1
    assert len(await of_type(fhir, "DocumentReference")) == 2
    assert len(await of_type(fhir, "Provenance")) == 2


async def test_a_file_over_twelve_megabytes_is_kept_byte_for_byte(fhir):
    padding = base64.b64encode(random.Random(4750).randbytes(4_750_000)).decode()
    more = file("XML99", padding) * 2
    body = wrapped(hoso().replace("<HOSO>", f"<HOSO>{more}"))
    assert len(body) > 12 * 1024 * 1024
    response = await submit(fhir, body)
    assert response.status_code == 200, response.text
    digest = hashlib.sha256(body).hexdigest()
    assert (await fhir.get(f"Binary/{digest}")).content == body
    again = await submit(fhir, body)
    assert again.status_code == 200
    assert len(await of_type(fhir, "Binary")) == 1
