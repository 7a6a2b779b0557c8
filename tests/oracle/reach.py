"""What can be asked and found in a world: parameters, references there and back."""

import re
from functools import cache

from tests.oracle import oracle, references
from tests.oracle.asked import APART, NOT_YET
from tests.oracle.definitions import codes, parameter


@cache
def askable(type_, kind=None):
    """Give the codes of the parameters that are asked of a type, or of one kind of them."""
    found = [(code, parameter(type_, code)["type"]) for code in codes(type_) if code not in APART]
    return tuple(
        code for code, one in found if one not in NOT_YET and (kind is None or kind == one)
    )


def rows(world, type_):
    return list(world.resources[type_].values())


@cache
def leading(world):
    """Give for each resource what it refers to: (parameter, resource) pairs by type and id."""
    found = {}
    for type_ in sorted(world.resources):
        for resource in rows(world, type_):
            pairs = found[type_, resource["id"]] = []
            for code in askable(type_, "reference"):
                for value in oracle.values(world, resource, code):
                    there = references.leads(value, world, any_version=True)
                    pairs += [(code, world.find(*one)) for one in there]
    return found


@cache
def referring(world):
    """Give for each resource what refers to it: (resource, parameter) pairs by type and id."""
    found = {}
    for here, pairs in leading(world).items():
        for code, target in pairs:
            there = (target["resourceType"], target["id"])
            found.setdefault(there, []).append((world.find(*here), code))
    return found


@cache
def able(world, way):
    """Give the resources that can be found in one way, by type: those with a value for it."""
    tests = {
        "chain": lambda here: leading(world).get(here),
        "_has": lambda here: referring(world).get(here),
        "_list": lambda here: any(code == "item" for _, code in referring(world).get(here, ())),
    }
    found = {}
    for type_ in sorted(world.resources):
        for one in rows(world, type_):
            here = (type_, one["id"])
            filled = (oracle.values(world, one, code) for code in askable(type_, way))
            if tests[way](here) if way in tests else any(filled):
                found.setdefault(type_, []).append(one)
    return found


def targets(type_, row):
    """Give the types a parameter refers to: `where(resolve() is Patient)` leaves one."""
    mine = [part for part in row["expression"].split("|") if f"{type_}." in part]
    one = re.search(r"resolve\(\) is (\w+)", " ".join(mine))
    return [one[1]] if one else row["target"]
