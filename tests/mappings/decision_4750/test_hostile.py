"""Whatever stands in a field: a visit that is well-made FHIR, or reasons; never an exception."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.spec.spec import load
from fhir_server.validation.structure import structural_issues
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.tables import MAPPED
from mappings.decision_4750.visit import Refused, Visit
from tests.mappings.decision_4750.hospital import SUMMARY, filled, mapped

SPEC = load()
LEGAL = st.characters(
    blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff", codec="utf-8"
)
DIGITS = st.text("0123456789;./,-<>", max_size=20)
ODD = st.sampled_from(
    [
        "\u00a0",
        "\u0085x",
        "\u200b",
        "a  b",
        ";",
        ";;a;",
        "١٢",
        "<5",
        "-0",
        "0" * 12,
        "<script>",
        "\ufeff",
    ]
)
TEXT = st.one_of(st.text(LEGAL, max_size=30), DIGITS, ODD, st.just(""))
TABLES = {kind: filled(kind) for kind in MAPPED}
WHERE = [(kind, name) for kind in MAPPED for name in TABLES[kind] if name != "MA_LK"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(WHERE), TEXT, min_size=1, max_size=6))
def test_any_text_in_any_field_gives_a_good_visit_or_reasons(changes):
    rows = {kind: dict(row) for kind, row in TABLES.items()}
    for kind in ("XML13", "XML14"):
        rows[kind] |= {name: SUMMARY[name] for name in rows[kind] if name in SUMMARY}
    for (kind, name), text in changes.items():
        rows[kind][name] = text
    summary = rows.pop("XML1")
    outcome = mapped(summary, **{kind: [row] for kind, row in rows.items()})
    if isinstance(outcome, Visit):
        assert structural_issues(SPEC, to_bundle(outcome)) == []
    else:
        assert isinstance(outcome, Refused)
        assert any(issue.severity == "error" for issue in outcome.issues)
