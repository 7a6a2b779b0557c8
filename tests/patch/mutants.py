"""Official examples, and what random changes make of them."""

from copy import deepcopy
from pathlib import Path

from msgspec import Raw

from fhir_server.fhir import json
from fhir_server.patch.prune import pruned

FOLDER = Path(__file__).parents[1] / "conformance/r4_examples"
EXAMPLES = sorted(FOLDER.glob("*.json"))


def example(file):
    return json.parse_object(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))


def mutant(random, resource, changes=4):
    """Give a copy with some values changed, deleted, repeated or in another order."""
    copy = deepcopy(resource)
    for _ in range(changes):
        places = list(properties(copy))
        if not places:
            break
        owner, key = random.choice(places)
        if random.random() < 0.3:
            del owner[key]
            owner.pop(f"_{key}", None)
        else:
            owner[key] = changed(random, owner[key], alone=f"_{key}" not in owner)
        copy = pruned(copy)
    return copy


def properties(value):
    """Yield (object, key) of what may change: not the type, the id, the Element of a primitive."""
    if isinstance(value, list):
        for item in value:
            yield from properties(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("resourceType", "id", "meta", "url") and not key.startswith("_"):
                yield value, key
            yield from properties(inner)


def changed(random, value, *, alone):
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}x"
        case Raw():
            return Raw(b"9.90")
        case list() if alone:
            ways = (value[::-1], value[1:], value[:-1], [*value, value[0]], [value[-1], *value])
            return random.choice(ways)
        case _:
            return value
