"""Consent: what is shown is what is granted, by the one who sees it, once."""

import asyncio
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from fhir_server.oauth import grants, users
from fhir_server.oauth.users import User
from tests.pages.browser import CALLBACK, PASSWORD, asked

SCOPES = "openid fhirUser launch/patient patient/Observation.rs patient/Condition.rs offline_access"


@pytest.fixture
async def visitor(browser, citizen):
    """Give the browser of somebody who has signed in."""
    await browser.sign_in("citizen")
    return browser


def ticked(page, *but: str) -> list[tuple[str, str]]:
    """Give what a browser sends for the form as it comes, without some of the boxes."""
    found = re.findall(r'<input type="(\w+)" name="(\w+)"[^>]*? value="([^"]*)"([^>]*)>', page.text)
    return list(
        dict.fromkeys(
            (name, unescape(value))
            for kind, name, value, rest in found
            if (kind == "hidden" or "checked" in rest) and unescape(value) not in but
        )
    )


async def consented(visitor, request, *but, more=()):
    page = await visitor.get(f"consent?request={request}")
    assert page.status_code == 200, page.text
    return await visitor.post("consent", [*ticked(page, *but), *more, ("do", "allow")])


async def granted(site, citizen):
    (grant,) = await asyncio.to_thread(grants.of_user, site.oauth, citizen.sub)
    return grant


async def test_signing_in_leads_to_the_question(browser, citizen, app):
    request = await asked(browser.site, app, SCOPES)
    fields = [("request", request), ("username", "citizen"), ("password", PASSWORD)]
    answer = await browser.answer(f"sign-in?request={request}", "sign-in", *fields)
    assert answer.headers["location"] == f"consent?request={request}"


async def test_nobody_is_asked_before_signing_in(browser, app):
    request = await asked(browser.site, app, SCOPES)
    answer = await browser.get(f"consent?request={request}")
    assert answer.headers["location"] == f"sign-in?request={request}"


async def test_what_is_shown_is_what_is_granted(visitor, site, app, citizen):
    request = await asked(site, app, SCOPES)
    page = await visitor.get(f"consent?request={request}")
    boxes = [value for name, value in ticked(page) if name == "scope"]
    assert sorted(boxes) == sorted(SCOPES.split())
    answer = await visitor.post("consent", [*ticked(page), ("do", "allow")])
    back = urlsplit(answer.headers["location"])
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    assert set(parse_qs(back.query)) == {"code", "state", "iss"}
    grant = await granted(site, citizen)
    assert (sorted(grant.scopes), grant.patient) == (sorted(boxes), "p1")


async def test_a_box_unticked_is_not_granted(visitor, site, app, citizen):
    request = await asked(site, app, SCOPES)
    assert (await consented(visitor, request, "patient/Condition.rs")).status_code == 303
    assert "patient/Condition.rs" not in (await granted(site, citizen)).scopes


async def test_a_scope_nobody_asked_for_is_refused_whatever_the_form_says(visitor, app):
    request = await asked(visitor.site, app, SCOPES)
    more = [("scope", "patient/*.cruds")]
    assert (await consented(visitor, request, more=more)).status_code == 400


async def test_nothing_ticked_is_told_and_the_question_stays(visitor, app):
    request = await asked(visitor.site, app, SCOPES)
    answer = await consented(visitor, request, *SCOPES.split())
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert (await consented(visitor, request)).status_code == 303


async def test_a_refusal_goes_back_to_the_app_and_grants_nothing(visitor, site, app, citizen):
    request = await asked(site, app, SCOPES)
    answer = await visitor.answer(
        f"consent?request={request}", "consent", ("request", request), ("do", "refuse")
    )
    assert "error=access_denied" in answer.headers["location"]
    assert await asyncio.to_thread(grants.of_user, site.oauth, citizen.sub) == []


async def test_an_answer_counts_once_and_the_back_button_tells_so(visitor, site, app, citizen):
    request = await asked(site, app, SCOPES)
    form = [*ticked(await visitor.get(f"consent?request={request}")), ("do", "allow")]
    assert (await visitor.post("consent", form)).status_code == 303
    again = await visitor.post("consent", form)
    assert again.status_code == 410
    assert "bắt đầu lại" in again.text
    assert (await visitor.get(f"consent?request={request}")).status_code == 410
    await granted(site, citizen)


async def test_of_two_answers_at_once_one_counts(visitor, site, app, citizen):
    request = await asked(site, app, SCOPES)
    form = [*ticked(await visitor.get(f"consent?request={request}")), ("do", "allow")]
    answers = await asyncio.gather(*(visitor.post("consent", form) for _ in range(8)))
    assert sorted(one.status_code for one in answers) == [303, *[410] * 7]
    await granted(site, citizen)


async def test_a_label_is_cleared_only_by_a_tick_and_only_what_the_app_may_have(
    visitor, site, app, citizen
):
    scope = f"{SCOPES} label/HIV label/PSY"
    first = await asked(site, app, scope)
    page = await visitor.get(f"consent?request={first}")
    assert 'name="label" id="label-1" value="HIV">' in page.text
    assert 'value="PSY"' not in page.text
    await consented(visitor, first)
    assert (await granted(site, citizen)).labels == ()
    second = await asked(site, app, scope)
    await consented(visitor, second, more=[("label", "HIV")])
    newest = (await asyncio.to_thread(grants.of_user, site.oauth, citizen.sub))[0]
    labels = {one for one in newest.scopes if one.startswith("label/")}
    assert (newest.labels, labels) in [(("HIV",), {"label/HIV"}), ((), set())]
    third = await asked(site, app, scope)
    assert (await consented(visitor, third, more=[("label", "PSY")])).status_code == 400


async def test_a_record_that_is_not_the_readers_to_share_is_refused(visitor, fhir, app):
    request = await asked(visitor.site, app, SCOPES)
    page = await visitor.get(f"consent?request={request}")
    for patient in ("nobody", "", "../Observation/1", "p1/$everything", "p1?x"):
        form = [(name, value) for name, value in ticked(page) if name != "patient"]
        answer = await visitor.post("consent", [*form, ("patient", patient), ("do", "allow")])
        assert answer.status_code == 400, patient


async def test_a_stale_or_missing_token_answers_nothing(visitor, app):
    request = await asked(visitor.site, app, SCOPES)
    form = ticked(await visitor.get(f"consent?request={request}"))
    without = [(name, value) for name, value in form if name != "csrf"]
    for sent in ([], [("csrf", "")], [("csrf", "old")], [("csrf", dict(form)["csrf"])] * 2):
        answer = await visitor.post("consent", [*without, *sent, ("do", "allow")])
        assert answer.status_code in (400, 403)
    assert (await visitor.post("consent", [*form, ("do", "allow")])).status_code == 303


async def test_a_hostile_name_is_text_and_keeps_its_direction_to_itself(visitor, app):
    request = await asked(visitor.site, app, SCOPES)
    page = await visitor.get(f"consent?request={request}")
    assert "<bdi>&lt;b&gt;Sổ &amp; Khám&lt;/b&gt;</bdi>" in page.text
    assert "<b>" not in page.text


async def test_only_the_apps_own_address_may_be_led_to(visitor, app):
    request = await asked(visitor.site, app, SCOPES)
    policy = (await visitor.get(f"consent?request={request}")).headers["content-security-policy"]
    assert policy.endswith("form-action 'self' https://app.example.org")


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "60"}], ids=str)
async def test_an_app_may_ask_for_a_sign_in_of_its_own(visitor, app, oauth, wish):
    signed_in_before(oauth, 90)
    request = await asked(visitor.site, app, SCOPES, **wish)
    answer = await visitor.get(f"consent?request={request}")
    assert answer.headers["location"] == f"sign-in?request={request}"
    fields = [("request", request), ("username", "citizen"), ("password", PASSWORD)]
    again = await visitor.answer(f"sign-in?request={request}", "sign-in", *fields)
    assert again.headers["location"] == f"consent?request={request}"
    assert (await visitor.get(f"consent?request={request}")).status_code == 200


async def test_a_sign_in_grows_too_old_before_the_answer_too(visitor, app, oauth):
    request = await asked(visitor.site, app, SCOPES, max_age="60")
    page = await visitor.get(f"consent?request={request}")
    signed_in_before(oauth, 90)
    answer = await visitor.post("consent", [*ticked(page), ("do", "allow")])
    assert answer.headers["location"] == f"sign-in?request={request}"


def signed_in_before(oauth, seconds: int) -> None:
    """Let the one session there is have begun so long ago."""
    (row,) = oauth.records.find("sessions", {})
    earlier = {"auth_time": row["auth_time"] - seconds}
    oauth.records.change("sessions", {"_id": row["_id"]}, earlier)


async def test_an_app_opened_by_one_user_is_not_answered_by_another(visitor, app, oauth):
    request = await asked(visitor.site, app, SCOPES)
    oauth.records.change("requests", {"_id": request}, {"launch_user": "Practitioner/d1"})
    answer = await visitor.get(f"consent?request={request}")
    assert answer.status_code == 403
    assert "một người dùng khác" in answer.text


async def test_a_user_without_a_record_is_told_so(browser, oauth, app):
    clerk = User("clerk", display="A clerk")
    await asyncio.to_thread(users.add, oauth.records, clerk, PASSWORD)
    await browser.sign_in("clerk")
    request = await asked(browser.site, app, SCOPES)
    page = await browser.get(f"consent?request={request}")
    assert "Không có hồ sơ nào" in page.text
    assert (await consented(browser, request)).status_code == 400


@pytest.fixture
async def hospital(fhir, citizen):
    """Let the organisation h1 have the patient p1 in care."""
    await fhir.put("Organization/h1", {"resourceType": "Organization", "id": "h1", "name": "H1"})
    encounter = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p1"},
        "serviceProvider": {"reference": "Organization/h1"},
    }
    assert (await fhir.put("Encounter/e1", encounter)).status_code == 201


async def looks_for(browser, app, organisation, number):
    """Sign in as a doctor of an organisation and look for a patient."""
    doctor = User("doctor", fhir_user="Practitioner/d1", organisations=(organisation,))
    await asyncio.to_thread(users.add, browser.site.oauth.records, doctor, PASSWORD)
    await browser.sign_in("doctor")
    request = await asked(browser.site, app, SCOPES)
    find = [("request", request), ("do", "find"), ("number", number)]
    return await browser.answer(f"consent?request={request}", "consent", *find)


async def test_who_treats_a_patient_finds_them_by_citizen_number(browser, app, hospital):
    page = await looks_for(browser, app, "h1", " 099000000001 ")
    assert "Nguyễn Văn An" in page.text
    assert "099000000001" not in page.text
    answer = await browser.post("consent", [*ticked(page), ("do", "allow")])
    assert answer.status_code == 303, answer.text
    (row,) = browser.site.oauth.records.find("grants", {})
    told = (row["fhir_user"], row["patient"], row["organisations"])
    assert told == ("Practitioner/d1", "p1", ["h1"])


async def test_a_patient_of_others_and_nobody_look_alike(browser, app, hospital):
    theirs = await looks_for(browser, app, "h2", "099000000001")
    assert theirs.status_code == 400
    fields = [(name, value) for name, value in ticked(theirs) if name in ("csrf", "request")]
    more = [("do", "find"), ("number", "099000000002")]
    nobody = await browser.post("consent", [*fields, *more])
    assert nobody.status_code == 400
    assert nobody.text == theirs.text


async def test_a_mother_shares_her_childs_record_as_the_relative_she_is(
    browser, fhir, app, citizen
):
    await relative(fhir, "r1", "p1")
    child = {"resourceType": "Patient", "id": "p2", "name": [{"text": "Grown up"}]}
    assert (await fhir.put("Patient/p2", child)).status_code == 201
    await relative(fhir, "r2", "p2", period={"end": "2020-01-01"})
    mother = User("mother", proxies=("RelatedPerson/r1", "RelatedPerson/r2"))
    records = browser.site.oauth.records
    await asyncio.to_thread(users.add, records, mother, PASSWORD)
    await browser.sign_in("mother")
    request = await asked(browser.site, app, SCOPES)
    page = await browser.get(f"consent?request={request}")
    assert "Nguyễn Văn An" in page.text
    assert "Grown up" not in page.text
    grown = [(name, value) for name, value in ticked(page) if name != "patient"]
    refused = await browser.post("consent", [*grown, ("patient", "p2"), ("do", "allow")])
    assert refused.status_code == 400
    assert (await consented(browser, request)).status_code == 303
    (row,) = records.find("grants", {})
    assert (row["fhir_user"], row["patient"]) == ("RelatedPerson/r1", "p1")


async def relative(fhir, id_, patient, **more):
    """Keep a relative of a patient."""
    related = {
        "resourceType": "RelatedPerson",
        "id": id_,
        "active": True,
        "patient": {"reference": f"Patient/{patient}"},
        **more,
    }
    assert (await fhir.put(f"RelatedPerson/{id_}", related)).status_code == 201
