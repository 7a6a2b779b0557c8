"""Files of judgments, papers and bans into the source records: each row kept, or refused.

May be stopped and repeated at any time: what is here already is left as it is.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from extensions.judicial_record.law.days import day_of
from extensions.judicial_record.office import Office
from extensions.judicial_record.sources import quarantine, records
from extensions.judicial_record.sources.checking import lacking, normal, problems
from extensions.judicial_record.sources.courts import Courts, shipped
from extensions.judicial_record.sources.problems import Problem
from extensions.judicial_record.sources.records import Differs, Judgment, Outcome
from extensions.judicial_record.sources.report import FileReport
from extensions.judicial_record.sources.rows import Row, rows
from fhir_server.fhir.errors import NotFound

KINDS = records.KINDS | quarantine.KINDS

Json = dict[str, Any]


def import_files(
    office: Office,
    paths: Iterable[Path],
    courts: Courts | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[FileReport]:
    """Import files, giving the report of each as it ends; `progress` gets bytes that are done.

    Raises Invalid for a file that is neither JSON lines nor a table.
    """
    known = courts or shipped()
    today = day_of(office.clock())
    for path in paths:
        report = FileReport(path.name)
        for row in rows(path):
            take(office, row, report, known, today)
            progress(len(row.raw))
        yield report


def take(office: Office, row: Row, report: FileReport, courts: Courts, today: date) -> None:
    """Keep one row, or put it into quarantine, and note which in the report."""
    told = normal(row.told)
    wrong = row.problems or problems(told, courts, today)
    if not wrong:
        try:
            report.outcomes[_kept(office, told)] += 1
        except Differs:
            wrong = [Problem("differs", "row")]
        except NotFound:
            wrong = [Problem("no-judgment", "judgment")]
        else:
            report.lacking.update(lacking(told))
            quarantine.accept(office, row)
            return
    quarantine.refuse(office, report.file, row, wrong)
    report.refuse(row.line, wrong)


def _kept(office: Office, told: Json) -> Outcome:
    subject = told["subject"]
    if told["kind"] == "paper":
        return records.keep_paper(office, _judgment(told["judgment"]), subject, told["paper"])
    if told["kind"] == "prohibition":
        ban = told["prohibition"]
        named = Judgment(_court(ban), ban["decisionNumber"], ban["decisionDate"])
        return records.keep(office, "prohibition", named, subject, ban)
    judgment = _judgment(told["conviction"])
    return records.keep(office, "conviction", judgment, subject, told["conviction"])


def _judgment(told: Json) -> Judgment:
    return Judgment(_court(told), told["judgmentNumber"], told["judgmentDate"])


def _court(told: Json) -> str:
    code: str = told["court"]["identifier"]["value"]
    return code
