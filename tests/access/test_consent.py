"""What Consents withhold, held against an evaluator that reads plain resources."""

from datetime import UTC
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.access import consent
from fhir_server.access.consent import caller_names
from fhir_server.access.fields import access_fields
from fhir_server.access.labels import NO_CODES
from fhir_server.access.withheld import Asker, withheld
from fhir_server.fhir.dates import date_range
from fhir_server.search.condition import Nothing
from fhir_server.search.index import index_fields
from fhir_server.search.match import matches
from fhir_server.search.place import Place
from fhir_server.store.labels import ACT_CODE
from tests.access import consents

PLACE = Place(("http://test.invalid/fhir",), UTC)
CODES = "http://example.org/codes"
DAYS = ("2026-01-01", "2026-06-15", "2026-11-28")


def consent_of(provision, **elements):
    scope = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": consents.SCOPE}
    return {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "scope": {"coding": [scope]},
        "patient": {"reference": "Patient/p"},
        **({} if provision is None else {"provision": provision}),
        **elements,
    }


def concept(code):
    return {"coding": [{"system": CODES, "code": code}]}


def observation(**elements):
    about = {"id": "o", "subject": {"reference": "Patient/p"}, "code": concept("a")}
    return {"resourceType": "Observation", "status": "final", **about, **elements}


def who(**given_):
    known = {"user": "", "client": "", "organisations": (), "facilities": ()}
    names = caller_names(**{**known, **given_})
    return consents.Who(names, None, "", "2026-06-15")


def asker(one):
    now = date_range(one.today, UTC)[0]
    return Asker(one.names, now, one.purposes, one.patient)


def kept(spec, given_, one, resource):
    rules = [rule for each in given_ if (rule := consent.rule(each, PLACE))]
    found = withheld(spec, rules, asker(one))
    condition = found.get(resource["resourceType"]) or found.get("*") or Nothing()
    fields = index_fields(spec, resource, PLACE, identity=resource["id"])
    fields |= access_fields(resource, PLACE, NO_CODES)
    return matches(condition, {"_id": resource["id"], "ts": 0, "x": fields})


def actor(reference):
    return {"role": concept("r"), "reference": reference}


HOSPITAL = actor({"reference": "Organization/h"})
APP = actor({"identifier": {"system": "http://example.org/clients", "value": "app"}})
GROUP = actor({"reference": "Group/g"})


def test_a_denial_of_all_withholds_from_everybody_but_the_patient(spec):
    denied = [consent_of({"type": "deny"})]
    assert kept(spec, denied, who(user="Practitioner/d"), observation())
    himself = consents.Who(frozenset({"Patient/p"}), frozenset({"PATRQT"}), "p", DAYS[1])
    assert not kept(spec, denied, himself, observation())


def test_an_app_that_is_named_is_withheld_from_the_patient_who_uses_it(spec):
    denied = [consent_of({"type": "deny", "actor": [APP]})]
    with_app = consents.Who(frozenset({"Patient/p", "*|app"}), None, "p", DAYS[1])
    without = consents.Who(frozenset({"Patient/p", "*|other"}), None, "p", DAYS[1])
    assert kept(spec, denied, with_app, observation())
    assert not kept(spec, denied, without, observation())


def test_a_denial_wins_over_a_permit_in_another_consent(spec):
    both = [consent_of({"type": "permit"}), consent_of({"type": "deny", "actor": [HOSPITAL]})]
    assert kept(spec, both, who(organisations=["h"]), observation())
    assert not kept(spec, both, who(organisations=["i"]), observation())


@pytest.mark.parametrize("code", ["OPTOUT", "OPTOUTE"])
def test_a_policy_of_opting_out_denies_what_is_not_permitted(spec, code):
    policy = {"coding": [{"system": ACT_CODE, "code": code}]}
    assert kept(spec, [consent_of(None, policyRule=policy)], who(), observation())
    but = {"provision": [{"type": "permit", "actor": [HOSPITAL]}]}
    excepted = [consent_of(but, policyRule=policy)]
    assert kept(spec, excepted, who(), observation())
    assert not kept(spec, excepted, who(organisations=["h"]), observation())


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "inactive"},
        {"status": "entered-in-error"},
        {"scope": {"coding": [{"system": CODES, "code": "patient-privacy"}]}},
        {"patient": {"reference": "http://elsewhere.invalid/Patient/p"}},
        {"patient": {"reference": "Patient/q"}},
    ],
)
def test_what_is_no_consent_of_this_patient_withholds_nothing(spec, elements):
    assert not kept(spec, [consent_of({"type": "deny"}, **elements)], who(), observation())


def test_a_permit_alone_needs_no_rule():
    assert consent.rule(consent_of({"type": "permit", "actor": [HOSPITAL]}), PLACE) is None


@pytest.mark.parametrize(
    "unknown",
    [
        {"actor": [GROUP]},
        {"class": [{"system": CODES, "code": "Observation"}]},
        {"code": [{"text": "all of it"}]},
        {"data": [{"meaning": "dependents", "reference": {"reference": "Observation/x"}}]},
        {"purpose": [{"system": CODES}]},
    ],
)
def test_what_cannot_be_judged_denies_all_and_permits_nothing(spec, unknown):
    assert kept(spec, [consent_of({"type": "deny", **unknown})], who(), observation())
    permitted = {"type": "deny", "provision": [{"type": "permit", **unknown}]}
    assert kept(spec, [consent_of(permitted)], who(), observation())


def test_provisions_too_deep_to_be_read_deny(spec):
    provision = {"type": "permit"}
    for _ in range(20):
        provision = {"type": "permit", "provision": [provision]}
    assert kept(spec, [consent_of(provision)], who(), observation())


codings = st.sampled_from("abc").map(concept)
periods = st.builds(
    lambda low, high: {k: v for k, v in (("start", low), ("end", high)) if v},
    st.sampled_from((None, *DAYS)),
    st.sampled_from((None, *DAYS)),
)
parts = {
    "period": periods,
    "actor": st.lists(st.sampled_from([HOSPITAL, APP, GROUP]), min_size=1, max_size=2),
    "purpose": st.lists(
        st.sampled_from(["TREAT", "HRESCH"]).map(lambda code: {"system": CODES, "code": code}),
        min_size=1,
        max_size=2,
    ),
    "class": st.lists(
        st.sampled_from(["Observation", "Condition", "Patient"]).map(
            lambda code: {"system": consent.CLASSES, "code": code}
        ),
        min_size=1,
        max_size=2,
    ),
    "code": st.lists(codings, min_size=1, max_size=2),
    "securityLabel": st.sampled_from(["HIV", "PSY"]).map(
        lambda code: [{"system": ACT_CODE, "code": code}]
    ),
    "data": st.sampled_from(["Observation/o", "Condition/o", "Observation/x"]).map(
        lambda text: [{"meaning": "instance", "reference": {"reference": text}}]
    ),
    "dataPeriod": periods,
}


# Few parts at a time: what is narrowed by all of them is about nothing.
few = st.lists(st.sampled_from(sorted(parts)), max_size=2, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: parts[name] for name in names})
)


@cache
def provisions(depth):
    own = {"type": st.sampled_from(["deny", "permit"])}
    if depth:
        own["provision"] = st.lists(provisions(depth - 1), max_size=2)
    return st.tuples(st.fixed_dictionaries(own), few).map(lambda both: both[0] | both[1])


resources = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "code": codings,
            "category": st.lists(codings, min_size=1, max_size=2),
            "effectiveDateTime": st.sampled_from(DAYS),
            "meta": st.sampled_from(["HIV", "PSY"]).map(
                lambda code: {"security": [{"system": ACT_CODE, "code": code}]}
            ),
        },
    ).map(lambda elements: observation(**elements)),
    st.fixed_dictionaries(
        {}, optional={"recordedDate": st.sampled_from(DAYS), "code": codings}
    ).map(
        lambda elements: {
            "resourceType": "Condition",
            "id": "o",
            "subject": {"reference": "Patient/p"},
            **elements,
        }
    ),
    st.sampled_from(
        [{"resourceType": "Patient", "id": "p"}, {"resourceType": "Patient", "id": "q"}]
    ),
)
askers = st.builds(
    consents.Who,
    st.sampled_from([(), ("Organization/h",), ("*|app",), ("Practitioner/d", "*|app")]).map(
        frozenset
    ),
    st.sampled_from([None, frozenset({"TREAT"}), frozenset({"HRESCH"})]),
    st.sampled_from(["", "p", "q"]),
    st.sampled_from(DAYS),
)
policies = st.sampled_from([None, "OPTIN", "OPTOUT"])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(provisions(2), policies, st.booleans()), min_size=1, max_size=3),
    askers,
    resources,
)
def test_a_resource_is_withheld_exactly_where_the_reference_says_so(spec, drawn, one, resource):
    given_ = []
    for provision, policy, says in drawn:
        root = dict(provision) if says else {k: v for k, v in provision.items() if k != "type"}
        rule = {"policyRule": {"coding": [{"system": ACT_CODE, "code": policy}]}} if policy else {}
        given_.append(consent_of(root, **rule))
    expected = consents.withheld(given_, one, resource)
    assert kept(spec, given_, one, resource) == expected
