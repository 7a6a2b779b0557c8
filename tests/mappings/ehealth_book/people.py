"""A person, their visits and what belongs to them, as resources for tests."""

ICD10 = "http://hl7.org/fhir/sid/icd-10"


def person(id_, **more):
    return {
        "resourceType": "Patient",
        "id": id_,
        "identifier": [{"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": "099190000001"}],
        "name": [{"text": "Nguyễn Thị Bưởi"}],
        "gender": "female",
        "birthDate": "1990-02-28",
        **more,
    }


def card(id_):
    return {
        "resourceType": "Coverage",
        "id": id_,
        "status": "active",
        "subscriberId": "HC4990000000001",
        "beneficiary": {"reference": "Patient/p1"},
        "payor": [{"display": "Bảo hiểm xã hội Việt Nam"}],
    }


def encounter(id_, patient="p1", **more):
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{patient}"},
        "serviceProvider": {"reference": "Organization/o1"},
        **more,
    }


def of_visit(type_, id_, visit, **more):
    return {
        "resourceType": type_,
        "id": id_,
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": f"Encounter/{visit}"},
        **more,
    }


def result(id_, visit, **more):
    return of_visit(
        "Observation",
        id_,
        visit,
        **{"status": "final", "code": {"text": "Glucose"}, "valueString": "6.1", **more},
    )


def visit(day):
    """Give a visit of March 2026 with one resource for each section."""
    id_ = f"e{day}"
    start, end = f"2026-03-{day:02}T07:30:00+07:00", f"2026-03-{day:02}T09:00:00+07:00"
    category = [{"coding": [{"system": "http://example.invalid/kind", "code": "referral"}]}]
    return [
        of_visit(
            "Condition",
            f"c{day}",
            id_,
            code={"coding": [{"system": ICD10, "code": "E11.9"}], "text": "Đái tháo đường"},
        ),
        encounter(
            id_,
            period={"start": start, "end": end},
            diagnosis=[{"condition": {"reference": f"Condition/c{day}"}}],
        ),
        result(f"r{day}", id_, performer=[{"reference": "Practitioner/d1"}]),
        of_visit(
            "MedicationRequest",
            f"m{day}",
            id_,
            status="active",
            intent="order",
            medicationCodeableConcept={"text": "Metformin 500mg"},
        ),
        of_visit("Procedure", f"x{day}", id_, status="completed", code={"text": "Siêu âm"}),
        of_visit("ClinicalImpression", f"n{day}", id_, status="completed", summary="Ổn định"),
        of_visit(
            "ServiceRequest",
            f"s{day}",
            id_,
            status="active",
            intent="order",
            category=category,
            performer=[{"reference": "Organization/o1"}],
        ),
        {
            "resourceType": "Appointment",
            "id": f"a{day}",
            "status": "proposed",
            "requestedPeriod": [{"start": "2026-04-01", "end": "2026-04-01"}],
            "supportingInformation": [{"reference": f"Encounter/{id_}"}],
            "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
        },
    ]


def older_url(bundle):
    relations = bundle["entry"][0]["resource"].get("relatesTo", [])
    return relations[0]["targetIdentifier"]["value"] if relations else None
