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


def leads(value: Value, world: World, *, any_version: bool = False) -> list[tuple[str, str]]:
    """Give type and id of what is here and referred to: a canonical by its url and version."""
    if value.type == "Reference":
        there = local(value, world)
        return [there] if there and world.find(*there) else []
    url, _, version = value.json.partition("|")
    return [
        (type_, id_)
        for type_, rows in world.resources.items()
        for id_, row in rows.items()
        if row.get("url") == url and (any_version or version in ("", row.get("version")))
    ]


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


# The parameter by which a resource says what it is a part of.
PARENTS = {"Location": "partOf", "Organization": "partOf", "Encounter": "partOf"}


def line(world: World, here: tuple[str, str]) -> list[tuple[str, str]]:
    """Give a resource and everything it is a part of, as far as that is here."""
    found = [here]
    while resource := world.find(*found[-1]):
        parent = resource.get(PARENTS.get(here[0], ""), {})
        there = local(Value("Reference", parent), world)
        if there is None or there[0] != here[0] or there in found:
            break
        found.append(there)
    return found


def part(text: str, value: Value, world: World) -> bool:
    """`:below`: it refers to the resource, which may have parts, or to one, at any depth."""
    here = local(value, world)
    if here is None or here[0] not in PARENTS:
        return False
    return any(named(text, one, world) for one in line(world, here))


def composed_of(text: str, value: Value, world: World) -> bool:
    """`:above`: it refers to the resource, which may have parts, or to what that is a part of."""
    here = local(value, world)
    if here is None or here[0] not in PARENTS:
        return False
    asked = [(here[0], id_) for id_ in world.resources.get(here[0], {})]
    lines = [line(world, one) for one in asked if named(text, one, world)]
    return named(text, here, world) or any(here in one for one in lines)


def named(text: str, here: tuple[str, str], world: World) -> bool:
    return refers(text, Value("Reference", {"reference": "/".join(here)}), world)


MODIFIERS = {"": refers, "identifier": identified, "below": part, "above": composed_of}


def order(value: Value, world: World) -> list[str]:
    """Sort by what is pointed at; a canonical stands for two texts, without its version too."""
    if value.type != "Reference":
        return addresses(value)
    return [target(value.json["reference"], world)] if "reference" in value.json else []


def addresses(value: Value) -> list[str]:
    """Give the address; a canonical is also found without its version."""
    both = [value.json, value.json.partition("|")[0]]
    return both if value.type == "canonical" else both[:1]


def same(text: str, value: Value, _world: World) -> bool:
    """Compare addresses letter by letter."""
    return plain(text) in addresses(value)


def under(text: str, value: Value, _world: World) -> bool:
    """`:below`: the value is the address asked for or one under it."""
    return any(covers(plain(text), address) for address in addresses(value))


def over(text: str, value: Value, _world: World) -> bool:
    """`:above`: the value is the address asked for or one over it."""
    return any(covers(address, plain(text)) for address in addresses(value))


def covers(parent: str, address: str) -> bool:
    """Say whether an address is another or goes on after a slash; nothing is under a urn."""
    if parent == address:
        return True
    return not parent.startswith("urn:") and address.startswith(parent.removesuffix("/") + "/")


URI_MODIFIERS = {"": same, "below": under, "above": over}


def uri_order(value: Value, _world: World) -> list[str]:
    return addresses(value)
