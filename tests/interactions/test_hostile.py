"""Whatever is sent, the answer is FHIR: below 500, and every refusal an OperationOutcome."""

import copy
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir import json
from fhir_server.search.kinds import kind_of

EXAMPLES = sorted(
    path
    for path in (Path(__file__).parents[1] / "conformance" / "r4_examples").glob("*.json")
    if path.stat().st_size < 20_000
)
EXTENDED = {"extension": [{"url": "http://test.invalid/a", "valueString": "a"}]}
ATOMS = [
    None, True, 0, -1, 2**63, 2**64, "", "a", "\u0000", "\u202e", "9999-12-31T23:59:60.9Z",
    "urn:uuid:x", "Patient?x=1", "#a", "a" * 2000, [], {}, [[]], [{}], [None], EXTENDED, [EXTENDED],
    {"": 1}, {"$ne": 1}, {"a.b": {}}, {"resourceType": ["x"]}, {"reference": 5}, {"coding": [None]},
    {"start": "2021", "end": "2020"},
]  # fmt: skip
KEYS = ["", "a.b", "$where", "resourceType", "id", "contained", "extension", "__proto__", "_id"]
BYTES = [b'"', b"\\u0000", b"\\ud800", b"{", b"[", b"NaN", b"1e400", b"\xef\xbb\xbf", b"-0",
         b"\\", b"\xc0\x80", b"9" * 5000]  # fmt: skip
PATHS = ["", "Patient", "Patient/1", "Patient/1/_history", "Patient/1/_history/1", "metadata",
         "$submit-document", "Patient/1/$ehealth-book", "Patient/_search", "Patient_history",
         "commits/1", "Patient/%2e%2e", "Patient//1", "%00", "%ff", "Patient/1/2/3/4"]  # fmt: skip
HEADERS = ["accept", "content-type", "if-match", "if-none-exist", "if-none-match", "prefer"]
VALUES = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.sampled_from(["ge2020", "ne0001-01-01", "eb9999-12-31T23:59:60Z", "|", "a|", "*|a", "\\",
                     ",", "Patient/1", "Patient/a,b,c", "true", "$", "http://[", "a" * 5000]),
)  # fmt: skip

SHORT = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LONG = settings(SHORT, max_examples=800, derandomize=False)


def places(value):
    """Yield (container, key) of everything inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def atom(random):
    return copy.deepcopy(random.choice(ATOMS))


def mutated(resource, random):
    resource = copy.deepcopy(resource)
    for _ in range(random.choice([1, 1, 3])):
        inside, key = random.choice(list(places(resource)) or [({"": 0}, "")])
        match random.randrange(7):
            case 0:
                del inside[key]
            case 1:
                inside[key] = atom(random)
            case 2:
                inside[key] = [copy.deepcopy(inside[key]) for _ in range(random.choice([1, 2]))]
            case 3 if isinstance(inside, dict):
                inside[f"_{key}"] = atom(random)
            case 4 if isinstance(inside, dict):
                old = inside.pop(key)
                many = isinstance(old, list)
                inside[f"_{key}"] = copy.deepcopy([EXTENDED] * len(old) if many else EXTENDED)
                if many:
                    inside[key] = [None] * len(old)
            case _ if isinstance(inside, dict):
                inside[random.choice(KEYS)] = atom(random)
    return resource


@st.composite
def requests(draw):
    """Give (path, body): a mutant on its own or in a Bundle, sometimes with bytes put in."""
    random = draw(st.randoms(use_true_random=False))
    chosen = [json.parse(path.read_bytes()) for path in random.sample(EXAMPLES, 2)]
    path, sent = chosen[0]["resourceType"], mutated(chosen[0], random)
    if random.random() < 0.5:
        entries = [
            {
                "fullUrl": f"urn:uuid:{number}",
                "resource": resource,
                "request": {"method": random.choice(["POST", "PUT"]), "url": url},
            }
            for number, (resource, url) in enumerate(
                [(sent, path), (chosen[1], f"{chosen[1]['resourceType']}/{chosen[1]['id']}")]
            )
        ]
        kind = random.choice(["batch", "transaction"])
        path, sent = "", {"resourceType": "Bundle", "type": kind, "entry": entries}
        sent = mutated(sent, random) if random.random() < 0.5 else sent
    body = json.dump(sent)
    if random.random() < 0.2:
        at = random.randrange(len(body))
        body = body[:at] + random.choice(BYTES) + body[at + random.randrange(3) :]
    return path, body


def assert_fhir(answer):
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        outcome = answer.json()
        assert outcome["resourceType"] == "OperationOutcome"
        for issue in outcome["issue"]:
            assert issue["diagnostics"].isprintable()
            assert len(issue["diagnostics"]) <= 501
    elif answer.content:
        entries = json.parse(answer.content).get("entry", [])
        statuses = [entry["response"]["status"] for entry in entries if "response" in entry]
        assert not [status for status in statuses if status.startswith("5")], answer.text


@SHORT
@given(requests())
async def test_no_resource_or_bundle_makes_the_server_fail(fhir, sent):
    assert_fhir(await fhir.post(*sent))


@pytest.mark.long
@LONG
@given(requests())
async def test_no_resource_or_bundle_makes_the_server_fail_long(fhir, sent):
    assert_fhir(await fhir.post(*sent))


@SHORT
@given(st.data())
async def test_no_search_makes_the_server_fail(fhir, data):
    await ask(fhir, data)


@pytest.mark.long
@LONG
@given(st.data())
async def test_no_search_makes_the_server_fail_long(fhir, data):
    await ask(fhir, data)


async def ask(fhir, data):
    spec = fhir.context.spec
    type_ = data.draw(st.sampled_from(["Patient", "Observation", "Encounter", "Group"]))
    params = [code for code, one in spec.search_params(type_).items() if kind_of(one)]
    names = st.sampled_from([*params, "_sort", "_count", "_total", "_page", "", "a[$ne]", "_has:x"])
    endings = st.sampled_from(
        ["", "", ":missing", ":exact", ":not", ":Patient", ":identifier", ":"]
    )
    pairs = data.draw(st.lists(st.tuples(names, endings, VALUES), max_size=4))
    query = "&".join(f"{quote(name + end)}={quote(value)}" for name, end, value in pairs)
    assert_fhir(await fhir.get(f"{type_}?{query}"))
    condition = query.encode("latin-1").decode()
    body = {"resourceType": type_}
    assert_fhir(await fhir.post(type_, body, If_None_Exist=condition[:2000]))


@SHORT
@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "X"]),
    st.sampled_from(PATHS),
    st.dictionaries(
        st.sampled_from(HEADERS),
        st.text(st.characters(codec="latin-1", categories=["L", "N", "P", "S"]), max_size=30),
    ),
    st.binary(max_size=60),
)
async def test_no_verb_path_header_or_body_makes_the_server_fail(fhir, verb, path, headers, body):
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    url = f"http://test.invalid/fhir/{path}"
    assert_fhir(await fhir.http.request(verb, url, headers=raw, content=body))
