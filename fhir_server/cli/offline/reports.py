"""Reports: what was found, as a table, as JSON, as JUnit XML; each written as it comes.

https://hl7.org/fhir/R4/operationoutcome.html and https://github.com/testmoapp/junitxml
"""

import html
import io
import tempfile
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, BinaryIO, Literal, TypeAlias

from fhir_server.cli.offline.judge import Judged
from fhir_server.fhir import json
from fhir_server.fhir.outcome import cleaned, operation_outcome

FailOn: TypeAlias = Literal["error", "warning"]
Format: TypeAlias = Literal["table", "json", "junit"]
# (its place among all, the resource, the issue)
Row: TypeAlias = tuple[int, Judged, Mapping[str, Any]]
Report: TypeAlias = Callable[[BinaryIO, Iterable[Judged], FailOn], None]

_FAILING = {"error": ("fatal", "error"), "warning": ("fatal", "error", "warning")}
_COLOURS = {"fatal": "bold red", "error": "red", "warning": "yellow"}
_MOST_ROWS = 1_000
_WIDTH = 160
_SPOOL = 8 * 1024 * 1024


def fails(judged: Judged, fail_on: FailOn) -> bool:
    """Say whether something was found at or above this severity."""
    return any(issue.severity in _FAILING[fail_on] for issue in judged.issues)


def where(judged: Judged) -> str:
    """Give the file, and the line where there are several resources in it."""
    return cleaned(f"{judged.file}:{judged.line}" if judged.line else judged.file)


def as_table(out: BinaryIO, found: Iterable[Judged], fail_on: FailOn) -> None:
    """Write a row for each issue; of more than 1,000 those that fail first, and how many more."""
    from rich.console import Console
    from rich.table import Table

    rows, left_out = _rows(found, fail_on)
    text = io.TextIOWrapper(out, encoding="utf-8", errors="replace", write_through=True)
    console = Console(file=text, width=None if text.isatty() else _WIDTH)
    table = Table("file", "location", "severity", "text")
    before = None
    for _, judged, issue in rows:
        table.add_row(*_cells(judged, issue, told=judged is before))
        before = judged
    if rows:
        console.print(table)
    if left_out:
        console.print(f"{left_out} more issues are not shown; --format json has them all.")
    text.detach()
    out.flush()


def _rows(found: Iterable[Judged], fail_on: FailOn) -> tuple[list[Row], int]:
    """Give the issues to show, as they came, and how many are left out."""
    kept: dict[bool, list[Row]] = {True: [], False: []}
    seen = 0
    for judged in found:
        for issue in _told(judged) if judged.issues else ():
            rows = kept[issue["severity"] in _FAILING[fail_on]]
            if len(rows) < _MOST_ROWS:
                rows.append((seen, judged, issue))
            seen += 1
    chosen = [*kept[True], *kept[False]][:_MOST_ROWS]
    return sorted(chosen, key=itemgetter(0)), seen - len(chosen)


def _cells(judged: Judged, issue: Mapping[str, Any], *, told: bool) -> list[Any]:
    """Give the cells of a row, the file only where it was not told in the one before."""
    from rich.text import Text

    severity = issue["severity"]
    return [
        Text("" if told else where(judged), overflow="fold"),
        Text(_place(issue) or cleaned(judged.resource), overflow="fold"),
        Text(severity, style=_COLOURS.get(severity, "")),
        Text(issue.get("diagnostics", "")),
    ]


def as_json(out: BinaryIO, found: Iterable[Judged], _fail_on: FailOn) -> None:
    """Write an array with an object for each resource, its `outcome` an OperationOutcome."""
    between = b"[\n"
    for judged in found:
        told: dict[str, Any] = {"file": cleaned(judged.file)}
        if judged.line:
            told["line"] = judged.line
        if judged.resource:
            told["resource"] = cleaned(judged.resource)
        told["outcome"] = operation_outcome(judged.issues)
        out.write(between + json.dump(told))
        between = b",\n"
    out.write(b"\n]\n" if between == b",\n" else b"[]\n")


def as_junit(out: BinaryIO, found: Iterable[Judged], fail_on: FailOn) -> None:
    """Write a testcase for each resource: an error is one that cannot be read."""
    tests = failures = errors = 0
    # How many there are stands before them.
    with tempfile.SpooledTemporaryFile(_SPOOL) as cases:
        for judged in found:
            kind = _kind(judged, fail_on)
            tests, failures = tests + 1, failures + (kind == "failure")
            errors += kind == "error"
            cases.write(_case(judged, kind).encode())
        head = f'<testsuite name="fhir-server validate" tests="{tests}" failures="{failures}"'
        out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n')
        out.write(f'{head} errors="{errors}" skipped="0">\n'.encode())
        cases.seek(0)
        while part := cases.read(_SPOOL):
            out.write(part)
    out.write(b"</testsuite>\n</testsuites>\n")


def _kind(judged: Judged, fail_on: FailOn) -> str:
    if any(issue.severity == "fatal" for issue in judged.issues):
        return "error"
    return "failure" if fails(judged, fail_on) else "system-out"


def _case(judged: Judged, kind: str) -> str:
    name = judged.resource or "resource"
    name = f"line {judged.line}: {name}" if judged.line else name
    head = f'<testcase classname="{_escaped(judged.file)}" name="{_escaped(name)}"'
    if not judged.issues:
        return f"{head}/>\n"
    lines = [
        f"{one['severity']}: {_place(one)}: {one.get('diagnostics', '')}" for one in _told(judged)
    ]
    said = f' message="{_escaped(lines[0])}"' if kind != "system-out" else ""
    body = html.escape("\n".join(lines))
    return f"{head}><{kind}{said}>{body}</{kind}></testcase>\n"


def _told(judged: Judged) -> list[dict[str, Any]]:
    issues: list[dict[str, Any]] = operation_outcome(judged.issues)["issue"]
    return issues


def _place(issue: Mapping[str, Any]) -> str:
    return str(next(iter(issue.get("expression", ())), ""))


def _escaped(text: str) -> str:
    return html.escape(cleaned(text))


REPORTS: Mapping[Format, Report] = {"table": as_table, "json": as_json, "junit": as_junit}
