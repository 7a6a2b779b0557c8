"""The table of http.html's rules names tests that are there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "interactions" / "README.md"
ROW = re.compile(r"^\| (?!Rule|-|\*\*)([^|]+) \| ([^|]*) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def rows() -> list[tuple[str, str]]:
    """Give each rule and what stands beside it."""
    table = PAGE.read_text(encoding="utf-8").partition("## The rules of http.html")[2]
    return ROW.findall(table)


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


def test_every_rule_names_a_test_or_says_why_it_is_not_held():
    assert len(rows()) > 80
    bare = [rule for rule, held in rows() if not (NAMED.search(held) or "not held: " in held)]
    assert not bare


def test_every_test_a_rule_names_is_there():
    named = {pair for _, held in rows() for pair in NAMED.findall(held)}
    known: dict[str, set[str]] = {}
    lost = []
    for file, test in sorted(named):
        path = ROOT / "tests" / file
        if file not in known:
            known[file] = functions(path) if path.exists() else set()
        if test not in known[file]:
            lost.append(f"{file}::{test}")
    assert not lost


def test_no_rule_stands_twice_in_a_section():
    table = PAGE.read_text(encoding="utf-8").partition("## The rules of http.html")[2]
    for section in re.split(r"^\| \*\*", table, flags=re.MULTILINE):
        rules = [rule for rule, _ in ROW.findall(section)]
        assert len(rules) == len(set(rules)), section[:40]


def test_every_test_of_a_rules_file_stands_beside_a_rule():
    named = {pair for _, held in rows() for pair in NAMED.findall(held)}
    lost = [
        f"{path.name}::{test}"
        for path in sorted((ROOT / "tests" / "interactions").glob("test_http_rules_*.py"))
        for test in functions(path)
        if test.startswith("test_") and (f"interactions/{path.name}", test) not in named
    ]
    assert not lost
