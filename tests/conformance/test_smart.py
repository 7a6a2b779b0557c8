"""Every requirement of SMART on a server is held by a test that is there, or explained."""

from pathlib import Path

from tests.conformance.smart_page import PAGE, ROOT, functions_in, page, rows

REQUIREMENTS = 172


def test_every_requirement_stands_once():
    ids = [row.id for row in rows()]
    assert len(ids) == len(set(ids)) == REQUIREMENTS
    assert ids == sorted(ids)


def test_each_has_a_test_or_a_reason():
    assert not [row for row in rows() if bool(row.test) == bool(row.reason)]


def test_the_tests_are_there():
    named = [row.test.partition("::") for row in rows() if row.test]
    gone = [
        f"{path}::{name}"
        for path, _, name in named
        if not Path(ROOT / path).exists() or name not in functions_in(path)
    ]
    assert not gone


def test_the_page_says_what_the_rows_say():
    assert PAGE.read_text(encoding="utf-8") == page()
