"""Closure tables in the store: each its owner's, none overwritten unseen."""

import pytest

from fhir_server.fhir.errors import Conflict
from fhir_server.store.closures import Table

GROWN = Table(1, (("http://example.org/icd", "J", 1),))


async def test_a_table_that_changed_meanwhile_is_not_overwritten(store):
    tables = store.closures
    await tables.start("me", "t")
    begun = await tables.read("me", "t")
    assert begun == Table()
    await tables.put("me", "t", begun, GROWN)
    assert await tables.read("me", "t") == GROWN
    with pytest.raises(Conflict):
        await tables.put("me", "t", begun, Table(1))
    assert await tables.read("me", "t") == GROWN


async def test_a_table_is_its_owners_and_may_be_begun_anew(store):
    tables = store.closures
    await tables.start("me", "t")
    await tables.put("me", "t", Table(), GROWN)
    assert await tables.read("you", "t") is None
    await tables.start("you", "t")
    assert await tables.read("me", "t") == GROWN
    await tables.start("me", "t")
    assert await tables.read("me", "t") == Table()
