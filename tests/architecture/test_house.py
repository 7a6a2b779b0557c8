"""The house keeps its shape: file sizes, first lines, names, and reasons beside exceptions."""

import ast
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("fhir_server", "mappings", "extensions", "profiles", "scripts", "benchmarks")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "service"}
EXCEPTION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma)", re.IGNORECASE)
REASONED = re.compile(
    r"#\s*(noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|type:\s*ignore\[[a-z, -]+\])[\s#(-]+[A-Za-z].+"
)
MIN_WORDS = 2


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_there_are_files_to_look_at():
    assert len(SOURCES) > 50
    assert len(TESTS) > 10


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_source_file_has_at_most_400_lines(path):
    assert lines(path) <= 400


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_a_test_file_has_at_most_600_lines(path):
    assert lines(path) <= 600


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_begins_by_saying_what_it_is_for(path):
    text = path.read_text(encoding="utf-8").removeprefix("#!/usr/bin/env python3\n")
    assert text.startswith(('"""', 'r"""')), "the first line is the module's docstring"
    said = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    assert len(said.split()) >= MIN_WORDS, f"{said!r} does not say what the file is for"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_has_a_name_that_says_something(path):
    assert not FORBIDDEN.intersection((path.stem, *path.relative_to(ROOT).parent.parts))


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name)
def test_an_exception_from_a_rule_has_its_reason_on_the_line(path):
    with path.open("rb") as file:
        comments = [
            token.string
            for token in tokenize.tokenize(file.readline)
            if token.type == tokenize.COMMENT
        ]
    bare = [one for one in comments if EXCEPTION.match(one) and not REASONED.match(one)]
    assert not bare, f"say why: {bare}"
