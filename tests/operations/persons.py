"""Two records of one person, and the calls that merge them and take it back."""

from tests.submission.stored import everything

SYSTEM = "http://example.org/number"


async def put(fhir, type_, id_, **content):
    needed = {"name": "Test"} if type_ == "Organization" else {}
    resource = {"resourceType": type_, "id": id_, **needed, **content}
    response = await fhir.put(f"{type_}/{id_}", resource)
    assert response.status_code in (200, 201), response.text
    return response.json()


async def patient(fhir, id_, *numbers, **more):
    if numbers:
        more["identifier"] = [{"system": SYSTEM, "value": number} for number in numbers]
    return await put(fhir, "Patient", id_, **more)


async def observation(fhir, id_, subject, **more):
    subject_ = {"reference": f"Patient/{subject}"}
    code = {"text": "weight"}
    return await put(fhir, "Observation", id_, status="final", code=code, subject=subject_, **more)


def parameters(*given):
    return {"resourceType": "Parameters"} | ({"parameter": list(given)} if given else {})


def reference(name, text):
    return {"name": name, "valueReference": {"reference": text}}


def merging(source, target, *more):
    return parameters(
        reference("source-patient", f"Patient/{source}"),
        reference("target-patient", f"Patient/{target}"),
        *more,
    )


async def merge(fhir, source, target, *more):
    return await fhir.post("Patient/$merge", merging(source, target, *more))


async def merged(fhir, source, target):
    """Merge, and give the reference that $unmerge takes."""
    response = await merge(fhir, source, target)
    assert response.status_code == 200, response.text
    return out(response, "merge")["valueReference"]["reference"]


async def unmerge(fhir, text):
    return await fhir.post("Patient/$unmerge", parameters(reference("merge", text)))


def out(response, name):
    (found,) = (one for one in response.json()["parameter"] if one["name"] == name)
    return found


async def two(fhir):
    """Store a source with two observations and a target with one; give everything."""
    await patient(fhir, "old", "1", "2")
    await patient(fhir, "new", "2", "3", active=True)
    await observation(fhir, "a", "old")
    await observation(fhir, "b", "old", performer=[{"reference": "Patient/old"}])
    await observation(fhir, "c", "new")
    return await everything(fhir)
