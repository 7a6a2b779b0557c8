"""A Questionnaire and a response, and what is found: the items are all a test has to say."""

from fhir_server.terminology.ucum import canonical
from fhir_server.validation.findings import Definitions, Visit
from fhir_server.validation.questionnaire.response import response_findings
from fhir_server.validation.questions import Questions

URL = "http://example.org/Questionnaire/q"
MEMBERS = {("http://example.org/vs", "http://example.org/cs", "in")}


def found(spec, asked, given, status="completed", **more):
    """Give the findings of a response to a Questionnaire with these items."""
    form = {"resourceType": "Questionnaire", "status": "active", "item": asked, **more}
    response = {"resourceType": "QuestionnaireResponse", "status": status, "questionnaire": URL}
    return findings(spec, {**response, "item": given}, {("questionnaire", URL): form})


def findings(spec, response, answers):
    """Give the findings of a response, where these questions have these answers."""
    definitions = Definitions(spec, member=lambda *asked: asked in MEMBERS, canonical=canonical)
    return response_findings(response, Visit(definitions, Questions(answers), response, response))


def item(type_, link="q", **more):
    return {"linkId": link, "type": type_, **more}


def answered(*values, link="q"):
    """Give an item with an answer for each (name, value)."""
    return {"linkId": link, "answer": [{f"value{name}": value} for name, value in values]}


def limited(url, name, value):
    """Give an extension of HL7's core."""
    return {"url": f"http://hl7.org/fhir/StructureDefinition/{url}", f"value{name}": value}
