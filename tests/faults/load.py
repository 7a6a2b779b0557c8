"""A mixed load of many callers, recorded, and what must be true of the server afterwards."""

import http.client
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from threading import Event

from tests.faults.history import Call, Version, faults
from tests.faults.lanes import TIMEOUT
from tests.interactions.bundles import bundle, entry

SYSTEM = "http://example.org/load"
TOKENS = 100
ALLOWED = {200, 201, 204, 404, 409, 410, 412}
JSON_PATCH = {"Content_Type": "application/json-patch+json"}
LOST = (OSError, http.client.HTTPException)


@dataclass
class Load:
    """What the callers did, to resources of its own; `enough` is set after so many requests."""

    name: str
    after: int = -1
    enough: Event = field(default_factory=Event)
    calls: list = field(default_factory=list)
    looks: list = field(default_factory=list)
    moved: Counter = field(default_factory=Counter)
    created: dict = field(default_factory=dict)
    statuses: Counter = field(default_factory=Counter)
    marks: count = field(default_factory=count)

    @property
    def places(self):
        return [f"Patient/{self.name}-{number}" for number in range(3)]

    @property
    def purses(self):
        return [f"Patient/{self.name}-a", f"Patient/{self.name}-b"]

    def ask(self, lane, *request, **headers):
        """Send a request; None where no answer came."""
        try:
            answer = lane.ask(*request, **headers)
        except LOST:
            self.statuses["lost"] += 1
            return None
        self.statuses[answer.status] += 1
        if sum(self.statuses.values()) > self.after >= 0:
            self.enough.set()
        return answer

    def mark(self):
        return f"{self.name}-{next(self.marks)}"


def patient(place, mark):
    identifier = [{"system": SYSTEM, "value": mark}]
    made = {"resourceType": "Patient", "identifier": identifier, "name": [{"text": mark}]}
    return {**made, "id": place.partition("/")[2]} if place else made


def write(load, lane, kind, place, expected=None):
    """Put, patch or delete a place, under If-Match or not; take note of it."""
    mark = None if kind == "delete" else load.mark()
    bodies = {
        "put": patient(place, mark),
        "patch": [{"op": "replace", "path": "/identifier/0/value", "value": mark}],
        "delete": None,
    }
    headers = JSON_PATCH if kind == "patch" else {}
    if expected is not None:
        headers = {**headers, "If_Match": f'W/"{expected}"'}
    began = time.monotonic()
    answer = load.ask(lane, kind.upper(), place, bodies[kind], **headers)
    ended = time.monotonic()
    outcome, version = "unknown", None
    if answer is not None:
        version = answer.version if answer.status < 300 else None
        outcome = "refused" if version is None else "done"
    load.calls.append(Call(began, ended, place, kind, mark, outcome, version, expected))


def read(load, lane, place):
    """Read a place; give the version that is there."""
    began = time.monotonic()
    answer = load.ask(lane, "GET", place)
    ended = time.monotonic()
    if answer is None or answer.status != 200:
        return None
    mark = answer.json()["identifier"][0]["value"]
    load.calls.append(Call(began, ended, place, "read", mark, "done", answer.version))
    return answer.version


def update(load, lane, place):
    """Put what was read to a new version, where nobody came between."""
    version = read(load, lane, place)
    if version is not None:
        write(load, lane, "put", place, version)


def create(load, lane, mark=None):
    """Create a resource under a key, again with the same key until an answer comes."""
    mark = mark or load.mark()
    answer, deadline = None, time.monotonic() + TIMEOUT
    while answer is None:
        assert time.monotonic() < deadline
        answer = load.ask(lane, "POST", "Patient", patient("", mark), Idempotency_Key=mark)
    load.created[mark] = answer.json()["id"] if answer.status == 201 else None


def look(load, lane):
    """Read both purses in one snapshot; give what they hold and their versions."""
    both = bundle("transaction", *(entry("GET", purse) for purse in load.purses))
    answer = load.ask(lane, "POST", "", both)
    if answer is None or answer.status != 200:
        return None
    held = [one["resource"] for one in answer.json()["entry"]]
    load.looks.append(tuple(one["multipleBirthInteger"] for one in held))
    return [(one["multipleBirthInteger"], one["meta"]["versionId"]) for one in held]


def move(load, lane):
    """Move a token from one purse to the other, where nobody came between."""
    seen = look(load, lane)
    if seen is None:
        return
    [(one, first), (other, second)] = seen
    answer = load.ask(lane, "POST", "", moved(load, (one - 1, first), (other + 1, second)))
    load.moved["lost" if answer is None else answer.status] += 1


def moved(load, *held):
    """Give the transaction that puts so many tokens, over these versions, into the purses."""
    entries = []
    for purse, (tokens, version) in zip(load.purses, held, strict=True):
        body = {
            "resourceType": "Patient",
            "id": purse.partition("/")[2],
            "multipleBirthInteger": tokens,
        }
        match = {"ifMatch": f'W/"{version}"'} if version else {}
        entries.append(entry("PUT", purse, body, **match))
    return bundle("transaction", *entries)


def search(load, lane, place):
    load.ask(lane, "GET", f"Patient?_id={place.partition('/')[2]}&identifier={SYSTEM}|")


ACTIONS = {
    lambda load, lane, place: write(load, lane, "put", place): 20,
    lambda load, lane, place: write(load, lane, "patch", place): 15,
    lambda load, lane, place: write(load, lane, "delete", place): 3,
    update: 12,
    read: 20,
    search: 10,
    lambda load, lane, _: create(load, lane): 8,
    lambda load, lane, _: move(load, lane): 12,
}


def begin(load, lane):
    """Fill the purses."""
    answer = lane.ask("POST", "", moved(load, (TOKENS, None), (TOKENS, None)))
    assert answer.status == 200, answer.content


def run(load, lane, random, actions):
    """Do so many actions, drawn by the caller's own random numbers."""
    for _ in range(actions):
        [act] = random.choices(list(ACTIONS), list(ACTIONS.values()))
        act(load, lane, random.choice(load.places))


def settle(load, lane):
    """Create once more what was refused; say whether nothing is left."""
    for mark in [mark for mark, id_ in load.created.items() if id_ is None]:
        create(load, lane, mark)
    return None not in load.created.values()


def check(load, lane):
    """Assert what must be true of the server after this load, whatever was killed."""
    assert {status for status in load.statuses if status != "lost"} <= ALLOWED, load.statuses
    for place in load.places:
        seen = [call for call in load.calls if call.place == place]
        versions = [_version(one) for one in _history(lane, place)]
        assert len(versions) > 1
        assert faults(seen, versions) == []
        _search_agrees(lane, place, versions)
    _tokens_kept(load, lane)
    for mark, id_ in load.created.items():
        assert _found(lane, mark) == ([id_] if id_ else [])


def _history(lane, place):
    listed = lane.ask("GET", f"{place}/_history?_count=1000").json()
    assert listed["total"] == len(listed["entry"])
    return listed["entry"][::-1]


def _version(told):
    resource = told.get("resource")
    number = int(told["response"]["etag"].strip('W/"'))
    if resource is None:
        return Version(number, None, None, told["request"]["method"])
    mark, kept = resource["identifier"][0]["value"], resource["name"][0]["text"]
    return Version(number, mark, kept, told["request"]["method"])


def _search_agrees(lane, place, versions):
    marks = [one.mark for one in versions if one.mark]
    *_, last = versions
    assert _found(lane, ",".join(marks[-50:])) == ([place.partition("/")[2]] if last.mark else [])
    older = marks[:-1] if last.mark else marks
    assert not older or _found(lane, ",".join(f"{SYSTEM}|{one}" for one in older[-50:])) == []


def _found(lane, mark):
    answer = lane.ask("GET", f"Patient?_elements=id&identifier={mark}").json()
    return [one["resource"]["id"] for one in answer.get("entry", ())]


def _tokens_kept(load, lane):
    """Every Bundle was done whole: in each snapshot, and in each version, no token is lost."""
    assert {sum(look) for look in load.looks} == {2 * TOKENS}
    held = [
        [
            (one["resource"]["meta"]["lastUpdated"], one["resource"]["multipleBirthInteger"])
            for one in history
        ]
        for history in (_history(lane, purse) for purse in load.purses)
    ]
    one, other = held
    assert [at for at, _ in one] == [at for at, _ in other]
    assert {first + second for (_, first), (_, second) in zip(one, other, strict=True)} == {
        2 * TOKENS
    }
    done, unknown = load.moved[200], load.moved["lost"]
    assert done <= len(one) - 1 <= done + unknown
