"""The README's tables, made from tables.csv: where each field goes, and which stay raw."""

from mappings.decision_4750.tables import MAPPED, RAW, SAME_AS_SUMMARY, Field, fields

BEGIN, END = "<!-- fields: made by guide.py -->", "<!-- end of fields -->"


def field_tables() -> str:
    """Give the Markdown of all mapped tables, a table each, then what stays raw."""
    return "\n\n".join(_table(kind) for kind in MAPPED)


def _table(kind: str) -> str:
    found = [field for field in fields() if field.table == kind and not field.until]
    mapped = [field for field in found if field.fhir not in {RAW, SAME_AS_SUMMARY}]
    lines = [f"### {kind}", "", "| Field | Meaning | FHIR |", "|---|---|---|"]
    lines += [_line(field) for field in mapped]
    for word, told in (
        (SAME_AS_SUMMARY, "Said in XML1 already, not written again"),
        (RAW, "Kept in the raw document only"),
    ):
        names = ", ".join(f"`{field.name}`" for field in found if field.fhir == word)
        if names:
            lines += ["", f"{told}: {names}."]
    return "\n".join(lines)


def _line(field: Field) -> str:
    places = field.fhir.replace("|", "\\|")
    return f"| `{field.name}` | {field.meaning.replace('|', '/')} | {places} |"
