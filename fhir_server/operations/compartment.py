"""A patient's or an encounter's compartment, for operations: which types there are.

https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from collections.abc import Collection

from fhir_server.interactions.context import Context


async def types(context: Context, root: str) -> list[str]:
    """Give the types that may be in the compartment, and of which there are; the root is not."""
    there = await context.store.collections()
    return sorted(one for one in context.spec.compartment(root) if one in there and one != root)


def unknown(context: Context, wanted: Collection[str]) -> list[str]:
    """Give the names that are no resource types here."""
    return sorted(set(wanted) - context.spec.types.keys())
