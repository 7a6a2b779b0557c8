"""A code system of diseases with displays in two languages, and a value set of all of it."""

from tests.operations.persons import put
from tests.terminology.systems import clause, code_system, value_set

ICD = "http://example.org/icd"
VI = {"language": "vi"}


def coded(code, display, vietnamese="", *nested, **more):
    found = {"code": code, "display": display, **more}
    if vietnamese:
        found["designation"] = [{**VI, "value": vietnamese}]
    return found | ({"concept": list(nested)} if nested else {})


LUNG = code_system(
    [
        coded(
            "J",
            "Respiratory diseases",
            "Bệnh hô hấp",
            coded("J12", "Viral pneumonia", "Viêm phổi do virus"),
            coded("J18", "Pneumonia", "Viêm phổi", coded("J18.9", "Pneumonia, unspecified")),
            property=[{"code": "notSelectable", "valueBoolean": True}],
        ),
        coded("J99", "Old", "Đã bỏ", property=[{"code": "status", "valueCode": "retired"}]),
    ],
    ICD,
    version="2",
)
WHOLE = value_set("lung", clause(ICD)) | {"version": "7", "title": "Lung", "id": "lung"}


async def stored(fhir):
    await put(fhir, "CodeSystem", "icd", **LUNG)
    await put(fhir, "ValueSet", "lung", **WHOLE)


def outputs(response):
    """Give the outputs of an operation by name: the value, or the parts."""
    assert response.status_code == 200, response.text
    found = response.json()
    assert found["resourceType"] == "Parameters"
    told = {}
    for one in found["parameter"]:
        (value,) = (value for key, value in one.items() if key != "name")
        told.setdefault(one["name"], []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in told.items()}
