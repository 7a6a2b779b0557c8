"""Attacks that write: plant at B, take from B, move, delete, patch, match, link."""

from collections.abc import Iterator

from tests.security.attacks import Attack
from tests.security.traversal import mine
from tests.security.world import OF, A, B, CANARY, Planted, compartment, made_for, marked, of

MATCH = (("if-match", 'W/"1"'),)


def theirs() -> list[Planted]:
    """Give what is B's in the compartment, Patient left out."""
    return [one for one in of(B) if one.code in compartment().get(one.type, ())]


def planting() -> Iterator[Attack]:
    """Create what belongs to B, put at ids of B's and at new ones: W01, O14."""
    for one in theirs():
        fresh = {name: value for name, value in one.resource.items() if name != "id"}
        yield Attack("W01", "POST", one.type, "refused", fresh)
        new = f"new-{one.id}"[:64]
        yield Attack("O14", "PUT", f"{one.type}/{new}", "invalid", {**one.resource, "id": new})


def taking() -> Iterator[Attack]:
    """Put A's content over what is B's: W02."""
    for one in theirs():
        ours = made_for(one.type, one.code, A)
        assert ours is not None
        body = {**marked(ours, A), "id": one.id}
        yield Attack("W02", "PUT", f"{one.type}/{one.id}", "absent", body)
        yield Attack("W02", "PUT", f"{one.type}/{one.id}", "absent", body, headers=MATCH)


def moving() -> Iterator[Attack]:
    """Move what is A's over to B: W02."""
    for one in theirs():
        own = f"{one.type.lower()[:24]}-{one.code}-{A}"[:64]
        yield Attack("W02", "PUT", f"{one.type}/{own}", "refused", {**one.resource, "id": own})


def ending() -> Iterator[Attack]:
    """Delete and patch what is B's: W04, W12."""
    for one in theirs():
        name = f"{one.type}/{one.id}"
        yield Attack("W12", "DELETE", name, "absent")
        yield Attack("W12", "DELETE", name, "absent", headers=MATCH)
        patch = [{"op": "add", "path": "/language", "value": "vi"}]
        yield Attack("W04", "PATCH", name, "absent", patch)


def matching() -> Iterator[Attack]:
    """Write under a condition that only B's meets: W04."""
    for type_ in compartment():
        query = f"{type_}?_tag={OF}|{B}"
        yield Attack("W04", "DELETE", query, "absent")
        yield Attack(
            "W04", "PATCH", query, "absent", [{"op": "add", "path": "/language", "value": "vi"}]
        )
    for one in theirs():
        yield Attack("W04", "PUT", f"{one.type}?_id={one.id}", "invalid", one.resource)
        fresh = {name: value for name, value in one.resource.items() if name != "id"}
        condition = (("if-none-exist", f"_id={one.id}"),)
        yield Attack("W04", "POST", one.type, "refused", fresh, headers=condition)


def referring() -> Iterator[Attack]:
    """Refer to what is B's; whether it is there must not show: O12."""
    for one in mine()[:40]:
        for target in (f"Patient/{B}", f"Observation/observation-subject-{B}"):
            body = {name: value for name, value in one.resource.items() if name != "id"}
            extension = [{"url": "http://example.org/to", "valueReference": {"reference": target}}]
            yield Attack("O12", "POST", one.type, "absent", {**body, "extension": extension})


def operating() -> Iterator[Attack]:
    """Call what changes the server or B: each needs a right of its own."""
    merge = {"resourceType": "Parameters", "parameter": [
        {"name": "source-patient", "valueReference": {"reference": f"Patient/{B}"}},
        {"name": "target-patient", "valueReference": {"reference": f"Patient/{A}"}},
    ]}  # fmt: skip
    meta = {"resourceType": "Parameters", "parameter": [
        {"name": "meta", "valueMeta": {"tag": [{"system": "http://example.org", "code": CANARY}]}},
    ]}  # fmt: skip
    nothing = {"resourceType": "Parameters"}
    for path in ("$reindex", "Patient/$reindex", "$purge-history", f"Patient/{A}/$purge",
                 f"Patient/{B}/$purge", f"Patient/{B}/$purge-history"):  # fmt: skip
        yield Attack("W16", "POST", path, "invalid", nothing)
    yield Attack("W16", "POST", "Patient/$merge", "refused", merge)
    for name in ("$meta-add", "$meta-delete"):
        yield Attack("W14", "POST", f"Patient/{B}/{name}", "invalid", meta)


CLASSES = {
    "planting": planting,
    "taking": taking,
    "moving": moving,
    "ending": ending,
    "conditions": matching,
    "references": referring,
    "operations": operating,
}
