"""The certificate's rules, lists and references: each refuses what breaks it, and that alone."""

import pytest
from msgspec import Raw

from tests.extensions.judicial_record.certificates import (
    CONVICTION,
    ELEMENTS,
    EXPUNGEMENT,
    FAMILY,
    PENALTIES,
    PROHIBITION,
    SUBJECT,
    TYPE,
    certificate,
    coded,
    form_2,
    said,
    without,
)

REVOCATION = {"kind": "recall", "decisionNumber": "1/QĐ", "decisionDate": "2026-09-01"}
EXPUNGED = {**CONVICTION, "expungement": EXPUNGEMENT}
LIGHT = {**CONVICTION, "noCriminalRecord": "unintentional"}
PRESENT = {"convictionStatus": "present"}
AUTHORISED = {"role": "authorised", "who": {"reference": "Person/p2"}}
PARENT = {"role": "parent", "who": {"reference": "Person/p2"}}

GOOD = {
    "jrc-1": certificate(**PRESENT, conviction=[PENALTIES]),
    "jrc-2": certificate(),
    "jrc-3": form_2(),
    "jrc-4": certificate(**PRESENT, conviction=[{**PENALTIES, "sequence": 1}]),
    "jrc-5": form_2(conviction=[CONVICTION, EXPUNGED, LIGHT]),
    "jrc-6": form_2(subjectSnapshot={**SUBJECT, "family": FAMILY}),
    "jrc-7": certificate(
        prohibitionInfoRequested=True, prohibitionStatus="prohibited", prohibition=[PROHIBITION]
    ),
    "jrc-8": form_2(prohibitionStatus="none"),
    "jrc-9": form_2(prohibitionStatus="prohibited", prohibition=[PROHIBITION]),
    "jrc-10": without(
        certificate(status="preliminary"), "issued", "issuer", "signature", "verification"
    ),
    "jrc-11": certificate(status="revoked", revocation=REVOCATION),
    "jrc-12": form_2(agent=[PARENT]),
    "jrc-13": form_2(convictionStatus="all-expunged", conviction=[EXPUNGED, LIGHT]),
    "jrc-14": certificate(subjectSnapshot={**SUBJECT, "birthDate": "2010-08-03"}),
    "jrc-15": form_2(conviction=[{**CONVICTION, "courtFee": {"value": 0, "currency": "VND"}}]),
}
BAD = [
    ("jrc-1", certificate(**PRESENT, conviction=[{**PENALTIES, "expungement": EXPUNGEMENT}])),
    ("jrc-1", certificate(**PRESENT, conviction=[{**PENALTIES, "noCriminalRecord": "exempted"}])),
    ("jrc-2", certificate(conviction=[PENALTIES])),
    ("jrc-3", certificate(**PRESENT)),
    ("jrc-3", without(form_2(), "conviction")),
    *(
        ("jrc-4", certificate(**PRESENT, conviction=[{**PENALTIES, name: CONVICTION[name]}]))
        for name in CONVICTION
        if name not in PENALTIES
    ),
    ("jrc-4", certificate(**PRESENT, conviction=[{**PENALTIES, "foreign": {"text": "Lào"}}])),
    *(
        ("jrc-5", form_2(conviction=[without(CONVICTION, name)]))
        for name in ("judgmentNumber", "judgmentDate", "court", "offence")
    ),
    ("jrc-6", certificate(subjectSnapshot={**SUBJECT, "family": FAMILY})),
    ("jrc-7", certificate(prohibitionStatus="none")),
    ("jrc-8", form_2(prohibitionStatus="not-requested")),
    ("jrc-9", form_2(prohibitionStatus="prohibited")),
    ("jrc-9", form_2(prohibitionStatus="none", prohibition=[PROHIBITION])),
    *(("jrc-10", without(certificate(), name)) for name in ("issued", "issuer", "signature")),
    (
        "jrc-10",
        certificate(
            identifier=[
                {"type": coded("certificate-identifier-type", "dossier-code"), "value": "1"}
            ]
        ),
    ),
    ("jrc-11", certificate(status="revoked")),
    ("jrc-11", certificate(revocation=REVOCATION)),
    ("jrc-12", form_2(agent=[AUTHORISED])),
    ("jrc-13", form_2(convictionStatus="all-expunged", conviction=[EXPUNGED, CONVICTION])),
    ("jrc-13", certificate(convictionStatus="all-expunged")),
    ("jrc-14", certificate(subjectSnapshot={**SUBJECT, "birthDate": "2010-08-04"})),
    ("jrc-14", certificate(subjectSnapshot={**SUBJECT, "birthDate": "2010"})),
    ("jrc-15", form_2(conviction=[{**CONVICTION, "courtFee": {"value": Raw(b"1.5")}}])),
    ("jrc-15", form_2(conviction=[{**CONVICTION, "courtFee": {"value": -1}}])),
]


def test_every_rule_has_a_good_and_a_bad_example():
    keys = [rule["key"] for rule in ELEMENTS[0]["constraint"]]
    assert keys == list(GOOD)
    assert set(keys) == {key for key, _ in BAD}


@pytest.mark.parametrize("key", GOOD)
def test_what_keeps_a_rule_is_taken(key):
    assert said(GOOD[key]) == []


@pytest.mark.parametrize(("key", "resource"), BAD)
def test_what_breaks_a_rule_is_refused_by_it_alone(key, resource):
    assert [(code, told.partition(":")[0]) for _, code, told in said(resource)] == [
        ("invariant", key)
    ]


def test_before_1_july_2026_the_age_is_not_judged():
    young = {**SUBJECT, "birthDate": "2011-01-01"}
    assert said(certificate(subjectSnapshot=young, issued="2026-06-30T23:59:59+07:00")) == []
    assert said(certificate(subjectSnapshot=young, issued="2026-07-01T00:00:00+07:00")) != []


def test_a_year_of_birth_is_enough_for_who_is_certainly_old_enough():
    assert said(certificate(subjectSnapshot={**SUBJECT, "birthDate": "1950"})) == []


def set_at(resource, path, value):
    """Give the resource with a value at a path such as `conviction.offence`; None: without."""
    name, _, rest = path.partition(".")
    if not rest:
        return without(resource, name) if value is None else {**resource, name: value}
    inner = resource[name]
    if isinstance(inner, list):
        return {**resource, name: [set_at(inner[0], rest, value), *inner[1:]]}
    return {**resource, name: set_at(inner, rest, value)}


FULL = form_2(
    conviction=[EXPUNGED, {**LIGHT}],
    convictionStatus="all-expunged",
    agent=[PARENT],
    medium=["electronic"],
    status="revoked",
    revocation=REVOCATION,
)
REQUIRED = [
    element["path"].removeprefix(f"{TYPE}.")
    for element in ELEMENTS
    if element.get("binding", {}).get("strength") == "required"
]


@pytest.mark.parametrize("path", REQUIRED)
def test_a_code_that_is_not_in_the_list_is_refused(path):
    assert said(FULL) == []
    wrong = set_at(FULL, path, ["x-other"] if path == "medium" else "x-other")
    assert [one for one in said(wrong) if one[1] == "code-invalid"], said(wrong)


@pytest.mark.parametrize(
    "path", [one["path"].removeprefix(f"{TYPE}.") for one in ELEMENTS[1:] if one["min"]]
)
def test_what_has_to_be_there_is_missed(path):
    told = said(set_at({**FULL, "preparedBy": {"name": "TRẦN THỊ MẪU"}}, path, None))
    name = path.rpartition(".")[2]
    assert [one for one in told if one[0].endswith(f".{name}") and one[1] == "required"], told


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("subject", "Patient/1"),
        ("subject", "Organization/1"),
        ("request", "ServiceRequest/1"),
        ("requester", "Practitioner/1"),
        ("issuer", "Practitioner/1"),
        ("replaces", "Basic/1"),
        ("agent.who", "RelatedPerson/1"),
        ("conviction.court", "Location/1"),
    ],
)
def test_a_reference_leads_to_the_types_its_element_names(path, other):
    wrong = set_at(FULL, path, {"reference": other})
    assert [one for one in said(wrong) if one[1] == "structure"], said(wrong)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", ["issued"]),
        ("subject", []),
        ("issued", "2026-08-03"),
        ("issued", "2026-02-30T00:00:00+07:00"),
        ("prohibitionInfoRequested", "false"),
        ("copies", 0),
        ("verification.statusIndex", -1),
        ("verification.documentHash", "?"),
        ("subjectSnapshot.birthDate", "1990-13-01"),
        ("subjectSnapshot.family.birthYear", "1960"),
        ("conviction.sentence", "x"),
        ("offences", []),
    ],
)
def test_what_is_built_otherwise_is_refused(path, value):
    assert said(set_at(FULL, path, value)) != []
