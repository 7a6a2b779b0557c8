"""Bundles for tests: an entry, a Bundle, something that refers to a patient."""

SELF = "urn:uuid:7f1a7d4e-0c6b-4b34-9a44-2b2bd4a5b001"
OTHER = "urn:uuid:7f1a7d4e-0c6b-4b34-9a44-2b2bd4a5b002"
CCCD = "http://fhir.hl7.org.vn/core/sid/cccd"


def entry(method, url, resource=None, **request):
    """Give an entry; `fullUrl` stands among the request's parts and is moved out."""
    full_url = request.pop("fullUrl", None)
    made = {"request": {"method": method, "url": url, **request}}
    if full_url is not None:
        made["fullUrl"] = full_url
    return made if resource is None else {**made, "resource": resource}


def bundle(kind, *entries):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def observation(subject, **more):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "glucose"},
        "subject": {"reference": subject},
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{subject}">her</a></div>',
        },
        **more,
    }


def practitioner(number):
    return {"resourceType": "Practitioner", "identifier": [{"system": CCCD, "value": number}]}


def statuses(answer):
    assert answer.status_code == 200, answer.text
    return [one["response"]["status"][:3] for one in answer.json()["entry"]]


def local(url):
    """Give `Type/id` of a Location."""
    return "/".join(url.split("/fhir/")[1].split("/")[:2])


def parameters_patch(path, **value):
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": path},
        {"name": "value", **value},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


async def stored_at(fhir, answer, index):
    location = answer.json()["entry"][index]["response"]["location"]
    return (await fhir.get(local(location))).json()
