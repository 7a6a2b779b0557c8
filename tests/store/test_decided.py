"""Nothing is asked of the store, and nothing written, without an access decision."""

import inspect

import pytest

from fhir_server.search.condition import Everything
from fhir_server.store.documents import Change
from fhir_server.store.store import Store
from fhir_server.store.transact import Transaction

# What is given for the parameters beside `allow`.
GIVEN = {
    "type_": "Patient",
    "id_": "p1",
    "ids": ["p1"],
    "version": 1,
    "condition": Everything(),
    "sort": [],
    "limit": 1,
    "names": ["x.name"],
    "field": "x.name",
    "changes": [Change("Patient", "p1", "delete")],
}
# These ask nothing about resources, or ask under a decision that was given before.
OTHERS = {
    "open", "prepare", "close", "within", "follow", "probe", "secret", "collections",
    # Each join is narrowed by `interactions/questions`.
    "settled",
}  # fmt: skip


async def _plan(transaction):
    await transaction.read("Patient", "p1")
    return [Change("Patient", "p1", "delete")]


async def _finish(_made, _store):
    raise AssertionError("nothing is committed")


def guarded(of):
    """Give the public methods that take a decision, by name."""
    found = dict(inspect.getmembers(of, inspect.isfunction))
    return {name: one for name, one in found.items() if not name.startswith("_")}


def arguments(method):
    special = {"plan": _plan, "finish": _finish, "allow": None, "allowed": {"Patient": None}}
    known = {**GIVEN, **special}
    needed = [
        name
        for name, one in inspect.signature(method).parameters.items()
        if name != "self" and one.default is inspect.Parameter.empty
    ]
    return {name: known[name] for name in needed}


@pytest.mark.parametrize("name", sorted(guarded(Store).keys() - OTHERS))
async def test_a_store_method_without_a_decision_raises(store, name):
    method = getattr(store, name)
    assert {"allow", "allowed"} & inspect.signature(method).parameters.keys()
    with pytest.raises(TypeError, match="access decision"):
        await method(**arguments(method))


@pytest.mark.parametrize("name", ["read", "search", "matching", "last_version"])
async def test_a_transaction_asks_for_a_decision_at_every_step(store, name):
    given = {**GIVEN, "conditions": [Everything()], "most": 1}
    await store.commit(Everything(), [Change("Patient", "p1", "create", {}, {})])

    async def plan(transaction):
        method = getattr(transaction, name)
        names = inspect.signature(method).parameters
        await method(**{one: given[one] for one in names if one != "step"})
        return ()

    with pytest.raises(TypeError, match="access decision"):
        await store.transact(lambda _type, _step: None, plan)


async def test_each_step_of_a_write_is_decided_by_its_own_code(store):
    asked = []

    def allow(type_, step):
        asked.append((type_, step))
        return Everything()

    fields = {"_references": ["Patient/p2"]}
    await store.commit(Everything(), [Change("Patient", "p2", "create", {}, {})])
    made = Change("Patient", "p1", "create", {}, fields, integrity=True)
    await store.commit(allow, [made])
    assert set(asked) == {("Patient", "refer"), ("Patient", "create-result")}
    asked.clear()
    await store.commit(allow, [Change("Patient", "p1", "update", {"active": True}, {})])
    assert set(asked) == {("Patient", "update"), ("Patient", "update-result")}
    asked.clear()
    await store.commit(allow, [Change("Patient", "p1", "delete")])
    assert set(asked) == {("Patient", "delete")}


def test_every_method_of_a_transaction_is_known_here():
    assert guarded(Transaction).keys() == {
        "read", "search", "matching", "last_version", "fields", "deleted",
        # Joins are narrowed before; locks, the queue of reviews and definitions are nobody's.
        "plain", "lock", "review", "definitions", "judge",
    }  # fmt: skip
