"""The documentation says what the program says: settings, pages, commands, links."""

import re
import tomllib
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import click
import typer.main

from fhir_server.cli import app
from fhir_server.fhir import errors
from fhir_server.interactions import table
from fhir_server.main import plugins
from fhir_server.operations import OPERATIONS
from fhir_server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FOLDERS = (DOCS, ROOT / "mappings", ROOT / "extensions", ROOT / "profiles")
PAGES = sorted([*ROOT.glob("*.md"), *(page for one in FOLDERS for page in one.rglob("*.md"))])
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#{1,6})\s+(.+)$", re.MULTILINE)
SETTING = re.compile(r"^\| `FHIR_([A-Z_]+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """Give a page without its code blocks."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def slug(heading: str) -> str:
    """Give the anchor a heading gets in rendered Markdown."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading).strip().lower()
    kept = [one for one in plain if one in "-_ " or unicodedata.category(one)[0] in "LNM"]
    return "".join(kept).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    return {slug(text) for _, text in HEADING.findall(prose(path))}


def test_every_relative_link_leads_somewhere():
    lost = [
        f"{name(page)}: {link}"
        for page in PAGES
        for link in LINK.findall(prose(page))
        if not re.match(r"[a-z]+:", link) and not leads_somewhere(page, link)
    ]
    assert not lost, "\n".join(lost)


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def test_every_page_of_the_documentation_is_linked_from_another():
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in LINK.findall(prose(page))
        if not re.match(r"[a-z]+:", link)
    }
    alone = [name(page) for page in DOCS.rglob("*.md") if page not in linked]
    assert not alone


def test_the_settings_page_has_a_line_for_each_setting_and_no_other():
    lines = SETTING.findall((DOCS / "settings.md").read_text(encoding="utf-8"))
    told = {setting.lower(): default.strip() for setting, _, default in lines}
    assert told == {
        setting: "none" if field.default is None else f"`{shown(field.default)}`"
        for setting, field in Settings.model_fields.items()
    }


def shown(default: object) -> str:
    """Give a default as it is written into the environment."""
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_each_interaction_has_its_page_and_each_page_its_interaction():
    rows = table.build(()).rows
    codes = {row.code for row in rows if row.code}
    # One row answers both kinds of Bundle, and metadata has no code in a CapabilityStatement.
    codes |= {"batch"} if "transaction" in codes else set()
    codes |= {"capabilities" for row in rows if row.pattern == "metadata"}
    pages = {page.stem for page in (DOCS / "interactions").glob("*.md")} - {"README"}
    assert pages == codes


def test_each_operation_has_its_page():
    operations = [*OPERATIONS, *(one for guest in plugins(Settings()) for one in guest.operations)]
    assert operations
    lost = [one.name for one in operations if not (DOCS / f"operations/{one.name}.md").exists()]
    assert not lost


def test_each_command_and_option_is_on_the_command_line_page():
    sections = dict(
        re.findall(
            r"^## `fhir-server ([a-z]+)[^`]*`$(.*?)(?=^## |\Z)",
            cli_page(),
            re.MULTILINE | re.DOTALL,
        )
    )
    commands = typer.main.get_group(app).commands
    assert set(sections) == set(commands)
    for command, text in sections.items():
        told = set(re.findall(r"^\| `(--[a-z-]+)", text, re.MULTILINE))
        assert told == options(commands[command]) - {"--help"}, command


def options(command: click.Command) -> set[str]:
    """Give the options of a command, and of the commands under it."""
    under = getattr(command, "commands", {}).values()
    own = {param.opts[0] for param in command.params if param.opts[0].startswith("--")}
    return own.union(*map(options, under))


def cli_page() -> str:
    return (DOCS / "cli.md").read_text(encoding="utf-8")


def test_the_errors_page_has_a_row_for_each_error():
    found = re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \| `(\w+)` \|", errors_page(), re.MULTILINE)
    kinds = [errors.FhirError, *errors.FhirError.__subclasses__()]
    known = {(str(kind.status), kind.code, kind.__name__) for kind in kinds}
    assert set(found) == known


def errors_page() -> str:
    return (DOCS / "errors.md").read_text(encoding="utf-8")


def test_the_two_readmes_have_the_same_headings_and_commands():
    english, vietnamese = ((ROOT / page).read_text() for page in ("README.md", "README.vi.md"))
    assert levels(english) == levels(vietnamese)
    assert commands(english) == commands(vietnamese)


def levels(text: str) -> list[int]:
    return [len(marks) for marks, _ in HEADING.findall(FENCE.sub("", text))]


def commands(text: str) -> list[str]:
    """Give every line of every code block, without comments."""
    blocks = "\n".join(FENCE.findall(text)).splitlines()
    return [line.partition(" #")[0].strip() for line in blocks if not line.startswith("#")]


def test_a_decision_record_is_numbered_listed_and_complete():
    listed = (DOCS / "adr/README.md").read_text(encoding="utf-8")
    records = sorted((DOCS / "adr").glob("[0-9]*.md"))
    assert len(records) > 10
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(record.stem[:4])}. "), name(record)
        assert f"({record.name})" in listed, name(record)
        for part in ("Context", "Decision", "Consequences", "Alternatives"):
            assert re.search(rf"^(## |\*\*){part}", text, re.MULTILINE), (name(record), part)


def test_the_architecture_page_draws_the_floors_that_are_enforced():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    floors = next(one for one in contracts["contracts"] if one["type"] == "layers")["layers"]
    drawn = architecture().partition("<!-- floors -->")[2].split("```")[1].splitlines()[1:]
    assert [re.sub(r"\s{2,}.*", "", line) for line in drawn] == floors


def test_the_architecture_page_names_every_room():
    rooms = [
        f"{path.parent.relative_to(ROOT).as_posix()}/"
        for package in ("fhir_server", "mappings", "extensions")
        for path in (ROOT / package).rglob("__init__.py")
    ]
    lost = [room for room in rooms if f"`{room}`" not in architecture()]
    assert not lost


def architecture() -> str:
    return (DOCS / "architecture.md").read_text(encoding="utf-8")
