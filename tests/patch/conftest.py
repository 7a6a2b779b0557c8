"""FHIRPath Patches applied."""

import pytest

from fhir_server.patch.apply import read_patch


@pytest.fixture
def apply(spec):
    """Give the function that applies operations to a resource."""

    def applied(resource, *operations):
        parameters = {"resourceType": "Parameters", "parameter": list(operations)}
        return read_patch(spec, "application/fhir+json", b"", parameters).apply(resource)

    return applied
