"""The house keeps its shape: file sizes, first lines, names, and reasons beside exceptions."""

import ast
import re
import tokenize
from collections.abc import Iterable
from pathlib import Path

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


def names(paths: Iterable[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_there_are_files_to_look_at():
    assert len(SOURCES) > 50
    assert len(TESTS) > 10


def test_a_source_file_has_at_most_400_lines_and_a_test_600():
    long = [path for path in SOURCES if lines(path) > 400]
    long += [path for path in TESTS if lines(path) > 600]
    assert not names(long)


def test_a_file_begins_by_saying_what_it_is_for():
    assert not names(path for path in SOURCES if not says_what_for(path))


def says_what_for(path: Path) -> bool:
    text = path.read_text(encoding="utf-8").removeprefix("#!/usr/bin/env python3\n")
    said = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    return text.startswith(('"""', 'r"""')) and len(said.split()) >= MIN_WORDS


def test_a_file_has_a_name_that_says_something():
    vague = [
        path
        for path in SOURCES
        if FORBIDDEN.intersection((path.stem, *path.relative_to(ROOT).parent.parts))
    ]
    assert not names(vague)


def test_an_exception_from_a_rule_has_its_reason_on_the_line():
    bare = [
        f"{path.relative_to(ROOT)}: {comment}"
        for path in (*SOURCES, *TESTS)
        for comment in comments(path)
        if EXCEPTION.match(comment) and not REASONED.match(comment)
    ]
    assert not bare


def comments(path: Path) -> list[str]:
    with path.open("rb") as file:
        tokens = list(tokenize.tokenize(file.readline))
    return [token.string for token in tokens if token.type == tokenize.COMMENT]
