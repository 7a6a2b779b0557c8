"""Twins: who never was convicted and whose conviction is expunged look the same to everybody.

To the holder, the client that applied, an employer, a verifier: in words, codes, versions, sizes.
The present conviction of a third shows that the comparison can tell two persons apart.
"""

import re

import pytest

from tests.extensions.judicial_record.paper.pages import texts
from tests.extensions.judicial_record.people import TYPE, five
from tests.security.legal.sending import bearer, outline
from tests.security.legal.world import PERSONS

NAMES = {one.key: one.name for one in PERSONS}
PURPOSE = {"name": "purpose", "valueCode": "employment"}
BASIS = {"name": "legalBasis", "valueString": "Luật thử nghiệm, điều 1"}
# Times, places in the status list, signatures: of each paper its own.
_OWN = re.compile(
    r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+\d\d:\d\d)|[A-Za-z0-9+/_.-]{40,}=*|(?<=\"statusIndex\":)\d+"
    r"|(?<='passcode', 'valueString': ')\d{6}|(?<=\"valueUnsignedInt\":)\d+"
    # Of the page: a font has the letters of one name, and no others.
    r"|\"size\":\d+,\"hash\":\"[^\"]*\""
)
READ = (
    f"{TYPE}/CERT_X", f"{TYPE}/CERT_X/_history", f"{TYPE}/CERT_X/_history/1",
    f"{TYPE}/CERT_X/_history/2", "Task/TASK_X", "Task/TASK_X/_history", "Task/TASK_X/_history/5",
    "Task/TASK_X/_history/7", "Task/work-TASK_X", "Task/work-TASK_X/_history", "Person/PERSON_X",
    "Person/PERSON_X/_history", "DocumentReference/CERT_X", "DocumentReference/CERT_X/_history",
    "Binary/CERT_X/_history", "$sla-report",
)  # fmt: skip
ASKED = (
    f"{TYPE}/_search?subject=Person/PERSON_X", f"{TYPE}/_search?request=Task/TASK_X",
    "Task/_search?_id=TASK_X", "Task/_search?identifier=DOSSIER_X",
    "Task/_search?subject=Person/PERSON_X", "DocumentReference/_search?_id=CERT_X",
    "Provenance/_search?target=Task/TASK_X", "Provenance/_search?target=Task/work-TASK_X",
    "AuditEvent/_search?entity=Task/TASK_X",
)  # fmt: skip
DONE = ("$as-basic", "$as-document")


def words_of(world, key):
    """Give what is of one person alone, under names all persons share."""
    own = {name: value for name, value in world.words.items() if name.endswith(f"_{key}")}
    shared = {f"{name.removesuffix(key)}X": value for name, value in own.items()}
    return {**shared, "NAME_X": NAMES[key]}


async def views(world, key, who):
    """Give all somebody sees of a person's papers, by request."""
    own = words_of(world, key)
    headers = bearer(world, f"legal: {key if who == 'holder' else who}")

    async def asked(method, path, **more):
        told = path
        for name, value in own.items():
            told = told.replace(name, value)
        answer = await world.http.request(method, f"/legal/fhir/{told}", headers=headers, **more)
        status, head, text = outline(answer, own)
        return status, re.sub(r"'content-length', '\d+'|W/\"\d+\"", "", head), _OWN.sub("*", text)

    found = {path: await asked("GET", path) for path in READ}
    found |= {path: await asked("POST", path) for path in ASKED}
    for name in DONE:
        body = {"resourceType": "Parameters"}
        found[name] = await asked("POST", f"{TYPE}/CERT_X/{name}", json=body)
    return found


@pytest.mark.parametrize("who", ["holder", "app-99"])
async def test_all_that_is_seen_of_twins_is_alike(world, who):
    never, cleared = await views(world, "NEVER", who), await views(world, "CLEARED", who)
    assert {path for path in never if never[path] != cleared[path]} == set()
    present = await views(world, "PRESENT", who)
    assert f"{TYPE}/CERT_X" in {path for path in never if never[path] != present[path]}
    assert never[f"{TYPE}/CERT_X"][0] == never["Task/TASK_X/_history"][0] == 200


async def sizes(world, key):
    """Give the sizes of a certificate and its page, but for the digits of its place in the list."""
    holder = world.asking(key)
    at = f"/legal/fhir/{TYPE}/{world.words[f'CERT_{key}']}"
    read = await world.http.get(at, headers=holder.headers)
    index = len(str(read.json()["verification"]["statusIndex"]))
    page = await world.http.get(at.replace(TYPE, "Binary"), headers=holder.headers)
    return len(read.content) - index, page.content


def unbroken(text):
    """Give a text without what breaks it where a line ends: spaces, and dashes in long words."""
    return re.sub("[\\s\ufffe-]", "", text)


async def test_papers_of_twins_are_of_one_size_and_say_the_same(world):
    of = {key: await sizes(world, key) for key in ("NEVER", "CLEARED", "PRESENT")}
    assert of["NEVER"][0] == of["CLEARED"][0] != of["PRESENT"][0]
    same = {}
    for key, (_, page) in of.items():
        text = unbroken("".join(texts(page)))
        for name, value in words_of(world, key).items():
            text = text.replace(unbroken(value), name)
        same[key] = re.sub(r"\d\d:\d\d(:\d\d)?", "*", text)
    assert same["NEVER"] == same["CLEARED"] != same["PRESENT"]
    # Letters of the name and points of the QR codes are of each his own.
    assert abs(len(of["NEVER"][1]) - len(of["CLEARED"][1])) < len(of["NEVER"][1]) / 20


async def outside(world, key):
    """Give what a verifier and an employer see."""
    own, holder = words_of(world, key), world.asking(key)
    anybody, employer = world.asking(""), world.asking("employer-99")
    found = [await anybody.do(f"{TYPE}/$verify", *five(world.certificates[key]))]
    given = await holder.do(f"{TYPE}/{own['CERT_X']}/$passcode", PURPOSE)
    [digits] = [one["valueString"] for one in given["parameter"] if "valueString" in one]
    code = {"name": "code", "valueString": own["CODE_X"]}
    shown = {"name": "passcode", "valueString": digits}
    found.append(await employer.do(f"{TYPE}/$disclose", code, shown, PURPOSE, BASIS))
    text = str(found)
    for name, value in own.items():
        text = text.replace(value, name)
    return re.sub(r"'statusIndex': \d+", "", _OWN.sub("*", text))


async def test_who_checks_twins_sees_no_difference(world):
    never, cleared, present = [await outside(world, one) for one in ("NEVER", "CLEARED", "PRESENT")]
    assert never == cleared
    assert never != present
