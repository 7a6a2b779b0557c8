"""Write the JSON Schema of the judicial-record certificate from its definition."""

import json
from pathlib import Path

from fhir_server.spec.spec import load
from fhir_server.validation.json_schema import json_schema

FOLDER = Path(__file__).resolve().parent.parent / "extensions" / "judicial_record"
TYPE = "JudicialRecordCertificate"
TARGET = FOLDER / "schema" / f"{TYPE}.schema.json"


def text() -> str:
    """Give the file's text; the same definitions always give the same one."""
    schema = json_schema(load([FOLDER / "definitions"]), TYPE)
    rows = [f"    {json.dumps(name)}: {json.dumps(one)}" for name, one in schema["$defs"].items()]
    head = {name: value for name, value in schema.items() if name != "$defs"}
    top = "".join(f"  {json.dumps(name)}: {json.dumps(value)},\n" for name, value in head.items())
    return "{\n" + top + '  "$defs": {\n' + ",\n".join(rows) + "\n  }\n}\n"


if __name__ == "__main__":
    TARGET.write_text(text(), "utf-8")
