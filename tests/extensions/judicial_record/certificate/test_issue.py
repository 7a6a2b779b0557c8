"""What the application asks for stands in the certificate: on which basis, on which medium."""

import pytest

from extensions.judicial_record.certificate import issue
from extensions.judicial_record.dossier import task
from extensions.judicial_record.dossier.application import read
from extensions.judicial_record.dossier.desk import Signing
from extensions.judicial_record.law import policy
from tests.extensions.judicial_record.dossier.desks import application
from tests.extensions.judicial_record.offices import office
from tests.extensions.judicial_record.terms.dossiers import ACCEPTED

PAPER, ELECTRONIC = ("valueCode", "paper"), ("valueCode", "electronic")


def body(**differs):
    """Give the unsigned body of a dossier made of an application."""
    told = read({"parameter": application(**differs)}, today="2026-07-03")
    dossier = {
        "id": "a",
        "identifier": [{"system": task.CODE, "value": "99-a"}],
        "for": {"reference": "Person/holder"},
        "input": told.input,
    }
    at_hand = Signing(dossier, {}, "Practitioner/signer")
    return issue._frozen(office(law=policy.loaded()), at_hand, ACCEPTED)


def test_the_basis_of_the_demand_reaches_the_certificate():
    told = body(legal_basis=("valueString", "Nghị định thử nghiệm, Điều 1"))
    assert told["legalBasis"] == [{"text": "Nghị định thử nghiệm, Điều 1"}]
    assert "legalBasis" not in body()


@pytest.mark.parametrize(
    ("channel", "delivery", "on_paper"),
    [
        ("online", None, False),
        ("online", [ELECTRONIC, PAPER], True),
        ("counter", None, True),
        ("counter", ELECTRONIC, False),
        ("post", PAPER, True),
    ],
)
def test_the_medium_says_paper_where_copies_are_asked_for_on_paper(channel, delivery, on_paper):
    told = body(channel=("valueCode", channel), delivery=delivery, copies=("valuePositiveInt", 3))
    assert told["medium"] == (["electronic", "paper"] if on_paper else ["electronic"])
    assert told.get("copies") == (3 if on_paper else None)
