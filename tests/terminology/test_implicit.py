"""Value sets that SNOMED CT and LOINC have without anybody writing them."""

import pytest

from fhir_server.terminology.implicit import implicit
from fhir_server.terminology.value_set import Clause, Filter

SCT, LOINC = "http://snomed.info/sct", "http://loinc.org"
BELOW = Clause(SCT, None, (Filter("concept", "is-a", "50697003"),))
EDITION = f"{SCT}/900000000000207008/version/20260101"


@pytest.mark.parametrize(
    ("url", "clause"),
    [
        (f"{SCT}?fhir_vs", Clause(SCT)),
        (f"{SCT}?fhir_vs=isa/50697003", BELOW),
        (f"{SCT}?fhir_vs=isa%2F50697003", BELOW),
        (f"{EDITION}?fhir_vs", Clause(f"{SCT}|{EDITION}")),
        (f"{LOINC}/vs", Clause(LOINC)),
        (f"{LOINC}/vs/LL1162-8", Clause(LOINC, None, (Filter("answer-list", "=", "LL1162-8"),))),
        (f"{LOINC}/vs/LP31755-9", Clause(LOINC, None, (Filter("concept", "is-a", "LP31755-9"),))),
    ],
)  # fmt: skip
def test_its_url_says_what_is_in_it(url, clause):
    found = implicit(url)
    assert found.include == (clause,)
    assert found.resource["url"] == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        SCT,
        f"{SCT}?x=fhir_vs",
        f"{SCT}?fhir_vs=refset/1",
        f"{SCT}?fhir_vs=ecl/<1",
        f"{SCT}?fhir_vs=isa/",
        f"{SCT}2?fhir_vs",
        f"{LOINC}/vs/1-8",
        f"{LOINC}/vs/LL1/2",
        f"{LOINC}/vsx",
    ],
)
def test_any_other_is_not_known(url):
    assert implicit(url) is None
