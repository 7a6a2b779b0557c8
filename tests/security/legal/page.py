"""docs/security.md, "Two bases": the classes and the groups; `python -m tests.security.page`."""

import json
from collections.abc import Iterator
from pathlib import Path

from tests.security.legal.catalogue import CLASSES, tries

ROOT = Path(__file__).parents[3]
BEGIN, END = "<!-- two bases -->\n", "<!-- /two bases -->\n"
_TOLD = json.loads(Path(__file__).with_name("groups.json").read_bytes())
GROUPS = [(what, tuple(by)) for what, by in _TOLD["groups"]]
_FOLDERS = {
    "legal/": f"{_TOLD['legal']}/",
    "there/": f"{_TOLD['there']}/",
    "store/": "tests/store/",
}


def section() -> str:
    """Give both tables."""
    return "".join((BEGIN, *_classes(), "\n", *_groups(), END))


def place(by: str) -> tuple[Path, str]:
    """Give file and test of what is tried by a test."""
    name, _, test = by.partition("::")
    for short, folder in _FOLDERS.items():
        if name.startswith(short):
            name = folder + name.removeprefix(short)
            break
    return ROOT / name, test


def _classes() -> Iterator[str]:
    yield "| Class | By | Tried | Alone | Posted search "
    yield "| In a batch | In a transaction | Crossed |\n"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|\n"
    every: list[str] = []
    for name, one in CLASSES.items():
        forms = [each.attack.form for each in tries(name)]
        every += forms
        yield _row(name, str(len(one.callers)), forms)
    yield _row("**all**", "", every)


def _row(name: str, by: str, forms: list[str]) -> str:
    posted = forms.count("post") + forms.count("search")
    counts = (len(forms), forms.count("http"), posted, forms.count("batch"),
              forms.count("transaction"))  # fmt: skip
    return f"| {name} | {by} | {' | '.join(f'{one:,}' for one in counts)} | 0 |\n"


def _groups() -> Iterator[str]:
    yield "| | What is tried | Where |\n|--:|---|---|\n"
    for number, (what, by) in enumerate(GROUPS, 1):
        where = [one for one in by if one in CLASSES]
        files = dict.fromkeys(place(one)[0] for one in by if one not in CLASSES)
        where += [f"[`{one.stem}`](../{one.relative_to(ROOT)})" for one in files]
        yield f"| {number} | {what} | {'; '.join(where)} |\n"
