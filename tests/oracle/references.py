"""Reference and uri parameters.

https://hl7.org/fhir/R4/search.html#reference and https://hl7.org/fhir/R4/search.html#uri
"""

from tests.oracle import tokens
from tests.oracle.definitions import TYPES, Value
from tests.oracle.words import plain
from tests.oracle.world import World


def target(text: str, world: World) -> str:
    """Give what a reference points at: `Type/id` on this base, else the address, no version."""
    text = text.removeprefix(f"{world.base}/")
    parts = text.split("/")
    if len(parts) > 3 and parts[-2] == "_history":
        parts = parts[:-2]
    return "/".join(parts)


def local(value: Value, world: World) -> tuple[str, str] | None:
    """Give type and id of what a Reference points at on this base; None for any other."""
    if value.type != "Reference" or "reference" not in value.json:
        return None
    type_, _, id_ = target(value.json["reference"], world).partition("/")
    return (type_, id_) if type_ in TYPES and "/" not in id_ else None


def refers(text: str, value: Value, world: World) -> bool:
    """`id` (of any type), `Type/id`, an address; a canonical with its version or without."""
    wanted = plain(text)
    if value.type != "Reference":
        return wanted in (value.json, value.json.partition("|")[0])
    if "reference" not in value.json:
        return False
    there = local(value, world)
    if there and "/" not in wanted and ":" not in wanted:
        return there[1] == wanted
    return target(value.json["reference"], world) == target(wanted, world)


def refers_to_type(type_: str, text: str, value: Value, world: World) -> bool:
    """`:Patient=1` is the same as `=Patient/1`; the type may also stand there."""
    wanted = target(plain(text), world)
    wanted = wanted if "/" in wanted else f"{type_}/{wanted}"
    there = local(value, world)
    return there is not None and there[0] == type_ and "/".join(there) == wanted


def identified(text: str, value: Value, world: World) -> bool:
    """`:identifier`: the Reference carries the identifier."""
    if value.type != "Reference" or "identifier" not in value.json:
        return False
    return tokens.is_it(text, Value("Identifier", value.json["identifier"]), world)


MODIFIERS = {"": refers, "identifier": identified}


def order(value: Value, world: World) -> str | None:
    """Sort by what is pointed at."""
    if value.type != "Reference":
        return value.json
    return target(value.json["reference"], world) if "reference" in value.json else None


def same(text: str, value: Value, _world: World) -> bool:
    """Compare addresses letter by letter."""
    return plain(text) == value.json


def under(text: str, value: Value, _world: World) -> bool:
    """`:below`: the value is the address asked for or one under it."""
    return covers(plain(text), value.json)


def over(text: str, value: Value, _world: World) -> bool:
    """`:above`: the value is the address asked for or one over it."""
    return covers(value.json, plain(text))


def covers(parent: str, address: str) -> bool:
    """Say whether an address is another or goes on after a slash; nothing is under a urn."""
    if parent == address:
        return True
    return not parent.startswith("urn:") and address.startswith(parent.removesuffix("/") + "/")


URI_MODIFIERS = {"": same, "below": under, "above": over}


def uri_order(value: Value, _world: World) -> str:
    return value.json
