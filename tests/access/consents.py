"""What a Consent withholds, judged on plain resources: the answer the server's rules must give.

Written from https://hl7.org/fhir/R4/consent.html alone, without the server's conditions.
"""

from dataclasses import dataclass

SCOPE = "patient-privacy"
CODE_ELEMENTS = ("code", "type", "category")


@dataclass(frozen=True)
class Who:
    """One who asks: names of his, what for (None: unknown), the patient he is; the day, as text."""

    names: frozenset
    purposes: frozenset | None
    patient: str
    today: str


def withheld(consents, who, resource):
    """Say whether any Consent of a patient the resource is about keeps it from the one who asks."""
    about = patients(resource)
    return any(
        outcome(root(one), who, resource, one["patient"]["reference"]) == "deny"
        for one in consents
        if one["status"] == "active"
        and one["scope"]["coding"][0]["code"] == SCOPE
        and one["patient"]["reference"] in about
    )


def patients(resource):
    if resource["resourceType"] == "Patient":
        return {f"Patient/{resource['id']}"}
    return {resource["subject"]["reference"]}


def root(consent):
    """Give the base rule: what it says itself, else what the policy says."""
    provision = dict(consent.get("provision", {}))
    policy = consent.get("policyRule", {}).get("coding", [{}])[0].get("code", "")
    provision.setdefault("type", "deny" if policy.startswith("OPTOUT") else "permit")
    return provision


def outcome(provision, who, resource, patient):
    """Give "deny", "permit", or None where the provision is not about this."""
    if not all(test(provision, who, resource, patient) for test in TESTS):
        return None
    below = [outcome(one, who, resource, patient) for one in provision.get("provision", ())]
    if "deny" in below:
        return "deny"
    return "permit" if "permit" in below else provision.get("type", "deny")


def denies(provision):
    return provision.get("type", "deny") == "deny"


def in_time(provision, who, _resource, _patient):
    period = provision.get("period", {})
    return period.get("start", "") <= who.today <= period.get("end", "9999")


def by_actor(provision, who, _resource, patient):
    given = provision.get("actor")
    himself = f"Patient/{who.patient}" == patient
    if given is None:
        return not himself
    known = [name(one["reference"]) for one in given]
    if who.names & set(known):
        return True
    # A group may have anybody in it, but nobody has to be withheld his own.
    return None in known and denies(provision) and not himself and sure(provision, known)


def sure(provision, known):
    return denies(provision) or None not in known


def name(reference):
    text = reference.get("reference")
    if text is None:
        return f"*|{reference['identifier']['value']}"
    return text if text.split("/")[0] in ("Organization", "Practitioner") else None


def permit_needs_known_actors(provision, _who, _resource, _patient):
    given = provision.get("actor", ())
    return sure(provision, [name(one["reference"]) for one in given])


def by_purpose(provision, who, _resource, _patient):
    given = {one["code"] for one in provision.get("purpose", ())}
    if not given:
        return True
    return denies(provision) if who.purposes is None else bool(given & who.purposes)


def by_class(provision, _who, resource, _patient):
    given = [one["code"] for one in provision.get("class", ())]
    return not given or resource["resourceType"] in given


def by_code(provision, _who, resource, _patient):
    given = [(c["system"], c["code"]) for one in provision.get("code", ()) for c in one["coding"]]
    there = [
        (coding["system"], coding["code"])
        for element in CODE_ELEMENTS
        for concept in listed(resource.get(element, []))
        for coding in concept["coding"]
    ]
    return not given or any(one in there for one in given)


def by_label(provision, _who, resource, _patient):
    given = [one["code"] for one in provision.get("securityLabel", ())]
    there = [one["code"] for one in resource.get("meta", {}).get("security", ())]
    return not given or any(one in there for one in given)


def by_instance(provision, _who, resource, _patient):
    given = [one["reference"]["reference"] for one in provision.get("data", ())]
    return not given or f"{resource['resourceType']}/{resource['id']}" in given


def by_date(provision, _who, resource, _patient):
    period = provision.get("dataPeriod")
    if period is None:
        return True
    day = resource.get("effectiveDateTime") or resource.get("recordedDate")
    if day is None:
        return denies(provision)
    return period.get("start", "") <= day <= period.get("end", "9999")


def listed(value):
    return value if isinstance(value, list) else [value]


TESTS = (
    in_time,
    by_actor,
    permit_needs_known_actors,
    by_purpose,
    by_class,
    by_code,
    by_label,
    by_instance,
    by_date,
)
