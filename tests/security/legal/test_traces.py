"""What stays behind: in databases, logs, metrics, audits; of neither base at the other's place."""

import base64

import bson
import pymongo
import pytest

from fhir_server.search.condition import Everything
from tests.extensions.judicial_record.conftest import SUFFIXES
from tests.extensions.judicial_record.people import TYPE, five
from tests.security.legal.sending import bearer
from tests.security.legal.test_rights import BASIS, PURPOSE, passcode, said, shown
from tests.security.legal.world import CANARIES, HEALTH, OPEN, PERSONS

NAMES = (*CANARIES, "kanaria", "KANARIB", "trộm cắp", "trom cap")
NUMBERS = tuple(one.number for one in (*PERSONS, OPEN))
# Shorter ones are met by chance.
LEAST = 12
# Whom no attack names: what an attacker writes into a request is kept with it, as his own word.
UNNAMED = ("CLEARED", "PRESENT", "WHOLE")


def kept(settings, suffix):
    """Give everything in a database, as bytes."""
    with pymongo.MongoClient(settings.uri()) as client:
        database = client[settings.database + suffix]
        names = database.list_collection_names()
        assert names
        rows = (row for name in names for row in database[name].find())
        return b"".join(map(bson.encode, rows)).lower() + " ".join(names).lower().encode()


def forms(text):
    """Give a text as it might stand in bytes: plain, and in base64 wherever it begins."""
    raw = text.encode()
    yield text.lower().encode()
    for shift, start in enumerate((0, 2, 3)):
        made = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        whole = (shift + len(raw)) % 3 == 0
        if len(made) > LEAST:
            yield made[start : len(made) if whole else -1].lower()


def found(raw, texts):
    return [one for one in texts if any(form in raw for form in forms(one))]


async def seen(world):
    """Let each look at what is his, and others try."""
    at = f"/legal/fhir/{TYPE}/{world.words['CERT_PRESENT']}"
    for who in ("PRESENT", "signer-99", "app-99", "clerk-98", "wild", "employer-99"):
        await world.http.get(at, headers=bearer(world, f"legal: {who}"))
    for who in ("system", "citizen"):
        await world.http.get(at, headers=bearer(world, f"health: {who}"))
    await world.asking("").do(f"{TYPE}/$verify", *five(world.certificates["PRESENT"]))


@pytest.mark.parametrize("suffix", SUFFIXES)
async def test_no_database_shows_what_a_court_said_or_whose_certificate_it_is(
    world, settings, suffix
):
    await seen(world)
    raw = kept(settings, suffix)
    # Of the health base are its own patients, with their numbers.
    secret = [one for one in NAMES if suffix.startswith("_legal") or one not in CANARIES]
    secret += [one for one in CANARIES if one not in NUMBERS]
    assert found(raw, secret) == []


async def test_each_base_keeps_no_trace_of_the_other(world, settings):
    await world.asking("PRESENT").get(f"{TYPE}/{world.words['CERT_PRESENT']}")
    words = {name: value for name, value in world.words.items() if name.endswith(UNNAMED)}
    numbers = {value for name, value in words.items() if name.startswith("CITIZEN")}
    health = [value for name, value in words.items() if name.startswith(("PATIENT", "SEEN"))]
    legal = sorted({*words.values()} - numbers - {*health})
    raw = {suffix: kept(settings, suffix) for suffix in SUFFIXES}
    assert found(raw["_legal"], legal)
    assert HEALTH in found(raw[""], [HEALTH])
    assert set(found(raw[""], health)) == set(health)
    for suffix in ("_legal", "_legal_oauth"):
        assert found(raw[suffix], [HEALTH, *health]) == []
    for suffix in ("", "_oauth"):
        assert found(raw[suffix], legal) == []


async def test_logs_and_metrics_name_nobody(world, logged):
    await seen(world)
    text = "\n".join(logged)
    assert '"interaction":"read"' in text
    metrics = (await world.http.get("/metrics")).text
    assert "fhir_requests" in metrics
    ids = [
        value for name, value in world.words.items() if name.startswith(("CERT", "CODE", "TASK"))
    ]
    for what in (text, metrics):
        assert [one for one in (*NAMES, HEALTH, *ids) if one in what] == []


async def events(world, base):
    """Give the AuditEvents of a base as bytes, by id."""
    page = await world.contexts[base].store.search(Everything(), "AuditEvent", Everything())
    return {one.id: one.body for one in page.found}


async def during(world, act):
    """Give the events each base wrote while something was done."""
    before = {base: await events(world, base) for base in ("health", "legal")}
    await act
    after = {base: await events(world, base) for base in ("health", "legal")}
    return {
        base: [after[base][one] for one in after[base].keys() - before[base].keys()]
        for base in after
    }


async def test_what_is_done_on_a_base_is_in_its_own_audit_alone(world):
    at = f"{TYPE}/{world.words['CERT_NEVER']}"

    async def asked(base, path, who):
        root = {"health": "/fhir", "legal": "/legal/fhir"}[base]
        await world.http.get(f"{root}/{path}", headers=bearer(world, who))

    for base, path, who, named in (
        ("legal", at, "legal: NEVER", at),
        ("legal", at, "legal: clerk-98", "clerk-98"),
        ("health", "Patient/" + world.words["PATIENT_NEVER"], "health: system", "Patient/"),
        ("health", at, "health: system", ""),
    ):
        told = await during(world, asked(base, path, who))
        other = {"health": "legal", "legal": "health"}[base]
        assert told[other] == [], (base, path, who)
        assert told[base], (base, path, who)
        assert any(named.encode() in one for one in told[base]), (base, path, who)


@pytest.mark.parametrize("base", ["health", "legal"])
async def test_a_token_of_the_other_base_is_nobody_and_nothing_is_kept_of_it(world, base):
    root, other = {"health": ("/fhir", "legal: NEVER"), "legal": ("/legal/fhir", "health: system")}[
        base
    ]
    told = await during(world, world.http.get(f"{root}/Task/x", headers=bearer(world, other)))
    assert told == {"health": [], "legal": []}


async def test_checking_and_showing_leave_their_event(world):
    digits = await passcode(world, "CLEARED")
    certificate = world.certificates["CLEARED"]
    for act in (
        world.asking("").do(f"{TYPE}/$verify", *five(certificate)),
        world.asking("").do(f"{TYPE}/$verify", *five({**certificate, "verification": {
            "code": "D" * 43}})),
        shown(world, "employer-99", "CLEARED", digits, PURPOSE, BASIS),
        shown(world, "employer-99", "CLEARED", "000000", PURPOSE, BASIS),
    ):  # fmt: skip
        told = await during(world, act)
        assert told["legal"]
        assert told["health"] == []
        assert not [one for one in told["legal"] if found(one.lower(), CANARIES)]


@pytest.mark.parametrize("who", ["system", "user", "named", "citizen"])
async def test_no_auditor_of_health_sees_the_legal_base(world, who):
    await seen(world)
    headers = bearer(world, f"health: {who}")
    answer = await world.http.get("/fhir/AuditEvent?_count=1000", headers=headers)
    assert answer.status_code in (200, 403)
    if who == "system":
        assert answer.json()["entry"]
    words = [value for name, value in world.words.items() if name.endswith(UNNAMED)
             and not name.startswith(("PATIENT", "SEEN"))]  # fmt: skip
    assert not [one for one in ("clerk-98", "desk", "wallet", *words) if one in answer.text]


@pytest.mark.parametrize("who", ["NEVER", "signer-99", "app-99", "court-99", "wild"])
async def test_nobody_reads_the_audit_of_the_legal_base_nor_that_of_health(world, who):
    await seen(world)
    headers = bearer(world, f"legal: {who}")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await world.http.post(
        "/legal/fhir/AuditEvent/_search", content=b"_count=100", headers=headers | form
    )
    assert answer.status_code == 403 or not answer.json().get("entry")


async def test_no_refusal_tells_what_is_stored(world):
    words = [value for name, value in world.words.items() if not name.startswith(("ORG", "DESK"))]
    wrong = said("code", world.words["CODE_PRESENT"])
    for who in ("clerk-98", "employer-99", "OTHER"):
        for path in (f"{TYPE}/$disclose", f"{TYPE}/{world.words['CERT_PRESENT']}/$revoke",
                     f"Task/{world.words['TASK_OPEN']}/$sign", "Task/$submit"):  # fmt: skip
            told = str(await world.asking(who).do(path, wrong, status=None))
            assert not [one for one in (*CANARIES, *words) if one in told and one not in path]
