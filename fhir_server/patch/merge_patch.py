"""JSON Merge Patch: what is named is put in its place, what is null is taken out.

https://www.rfc-editor.org/rfc/rfc7396
"""

from typing import Any

from fhir_server.fhir.errors import Invalid

Resource = dict[str, Any]


def read(value: Any) -> Resource:
    """Give the patch; Invalid unless it is an object, since any other would leave no resource."""
    if not isinstance(value, dict):
        raise Invalid("A merge patch of a resource is a JSON object.", code="structure")
    return value


def run(patch: Resource, resource: Resource) -> Resource:
    """Give the resource with the patch merged in; neither is changed.

    Objects are merged, everything else is replaced, lists too: RFC 7396 knows no list items.
    """
    merged = {name: value for name, value in resource.items() if patch.get(name, value) is not None}
    for name, value in patch.items():
        if isinstance(value, dict):
            old = resource.get(name)
            merged[name] = run(value, old if isinstance(old, dict) else {})
        elif value is not None:
            merged[name] = value
    return merged
