"""What conditions match while a transaction Bundle is worked through, its own writes included.

https://hl7.org/fhir/R4/http.html#trules has the steps see one another: what is deleted is not
found any more, and what is created is.
"""

from collections.abc import Iterable, Sequence

from fhir_server.interactions import questions
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import indexed
from fhir_server.interactions.writing import Located, Resource
from fhir_server.search.condition import Condition
from fhir_server.search.match import by_condition
from fhir_server.store.transact import Transaction

Key = tuple[str, Condition]

_MOST = 2


class Snapshot:
    """The database as a transaction sees it, and what the Bundle has done to it so far."""

    def __init__(self, context: Context, transaction: Transaction) -> None:
        """Nothing is done yet."""
        self._context = context
        self._transaction = transaction
        # By type: the new state of what was written, None for what was deleted.
        self._written: dict[str, dict[str, Resource | None]] = {}
        self._stood: dict[str, int] = {}

    def follow(self, located: Located) -> None:
        """Take note of a write; a patch is not looked into."""
        write = located.write
        if located.found or write.code == "patch":
            return
        there = self._written.setdefault(write.type, {})
        if write.code != "create":
            self._stood[write.type] = self._stood.get(write.type, 0) + len(located.ids)
        for id_ in located.ids:
            there[id_] = None if write.resource is None else {**write.resource, "id": id_}

    async def matches(self, keys: Iterable[Key]) -> dict[Key, Sequence[str]]:
        """Give by type and condition the ids it holds for, two where there are more."""
        by_type: dict[str, dict[Condition, None]] = {}
        for type_, condition in keys:
            by_type.setdefault(type_, {})[condition] = None
        found: dict[Key, Sequence[str]] = {}
        for type_, conditions in by_type.items():
            plain = {one: await self._plain(type_, one) for one in conditions}
            hits = await self._of_type(type_, list(dict.fromkeys(plain.values())))
            found |= {(type_, one): hits[asked] for one, asked in plain.items()}
        return found

    async def _plain(self, type_: str, condition: Condition) -> Condition:
        """Give the condition without questions; joins see what stood before the Bundle."""
        return await questions.plain(self._context, self._transaction, type_, condition)

    async def _of_type(
        self, type_: str, conditions: Sequence[Condition]
    ) -> dict[Condition, list[str]]:
        written = self._written.get(type_, {})
        # So many of those found may have been written since, and count no more.
        most = _MOST + self._stood.get(type_, 0)
        stood = await self._transaction.matching(type_, conditions, most)
        documents = [
            {"_id": id_, "x": indexed(self._context, resource)}
            for id_, resource in written.items()
            if resource is not None
        ]
        new = by_condition(conditions, documents)
        return {
            condition: [*(id_ for id_ in stood[condition] if id_ not in written), *new[condition]]
            for condition in conditions
        }
