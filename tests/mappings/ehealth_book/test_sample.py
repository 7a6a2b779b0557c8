"""The sample envelope, mapped and bound into a page without a database: document and timeline."""

from pathlib import Path

import mappings
from fhir_server.fhir import json, reference
from fhir_server.validation.structure import structural_issues
from mappings.decision_4750.visit import read
from mappings.ehealth_book.document import document
from mappings.ehealth_book.page import Leaf, Page, Visit
from mappings.ehealth_book.timeline import plain, timeline
from mappings.mapping import PATIENT, draft_url

SAMPLE = Path(mappings.__path__[0]) / "decision_4750/examples/sample/envelope.xml"


def bound():
    """Give the page a server would bind of the sample's one visit."""
    (visit,) = read(SAMPLE.read_bytes())
    drafts = {draft.key: draft.resource for draft in (*visit.organizations, *visit.practitioners)}
    drafts |= {PATIENT: visit.patient.resource}
    drafts |= {draft.key: draft.resource for draft in visit.drafts}
    ids = {
        key: f"{one['resourceType']}/r{place}" for place, (key, one) in enumerate(drafts.items())
    }
    urls = {draft_url(visit.facility, visit.ma_lk, key): id_ for key, id_ in ids.items()}
    leaves = {key: leaf(ids[key], reference.rewrite(one, urls)) for key, one in drafts.items()}
    of_visit = [leaves[draft.key] for draft in visit.drafts if draft.key != "Encounter"]
    cards = [one for one in of_visit if one.reference.startswith("Coverage/")]
    apart = ("Coverage/", "SupplyDelivery/")
    rest = tuple(one for one in of_visit if not one.reference.startswith(apart))
    shared = [leaves[one.key] for one in (*visit.organizations, *visit.practitioners)]
    return Page(
        patient=leaves[PATIENT],
        administrative=tuple(cards),
        history=(),
        visits=(Visit(leaves["Encounter"], rest),),
        others=tuple(shared),
        here="http://test.invalid/fhir/Patient/p/$ehealth-book?_count=20",
        older=None,
    )


def leaf(key, resource):
    whole = {**resource, "id": key.partition("/")[2]}
    return Leaf(key, json.dump(whole), json.parse_object(json.dump(whole)))


def made():
    url = "http://test.invalid/fhir"
    date = "2026-11-22T03:04:05.123456Z"
    return document(bound(), identities=("b", "c"), base_url=url, date=date)


def test_the_samples_page_is_well_made_and_repeats_exactly(spec):
    body = made()
    assert body == made()
    assert structural_issues(spec, json.parse_object(body)) == []


def test_digits_are_kept():
    assert b'"value":62.50' in made()


def test_the_samples_timeline_tells_the_visit():
    told = plain(timeline(json.parse_object(made())))
    for words in (
        "NGUYỄN VĂN THỬ · Nam · sinh 15/03/1985",
        "01/09/2025 08:15 → 10:30 · Cơ sở 99001 · Khám bệnh",
        "E11.9 Đái tháo đường típ 2",
        "Cân nặng: 62.50 kg",
        "Huyết áp: 120/70 mmHg",
        "Glucose: 9.8 mmol/L",
        "Metformin 500",
        "→ Cơ sở 99002",
        "⏰ 29/09/2025 08:00 · Cơ sở 99001",
    ):
        assert words in told, told
