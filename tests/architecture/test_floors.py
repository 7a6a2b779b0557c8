"""What the import contracts in pyproject.toml leave open: who may import which library or room."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("fhir_server", "mappings", "extensions")
SOURCES = sorted(path for folder in PACKAGES for path in (ROOT / folder).rglob("*.py"))

# Imported name → the folders and files that may import it; everybody else may not.
ROOMS = {
    "pymongo": ("fhir_server/store/",),
    "bson": ("fhir_server/store/",),
    "fastapi": ("fhir_server/http/", "fhir_server/pages/"),
    "starlette": ("fhir_server/http/", "fhir_server/pages/"),
    "authlib": ("fhir_server/oauth/",),
    "joserfc": ("fhir_server/oauth/", "extensions/"),
    "argon2": ("fhir_server/oauth/",),
    "jinja2": ("fhir_server/pages/",),
    "markupsafe": ("fhir_server/pages/",),
    "typst": ("extensions/judicial_record/paper/",),
    "segno": ("extensions/judicial_record/paper/",),
    "pyhanko": ("extensions/judicial_record/paper/",),
    "pyhanko_certvalidator": ("extensions/judicial_record/paper/",),
    "asn1crypto": ("extensions/judicial_record/paper/",),
    "playwright": (),
    "backports": ("fhir_server/http/", "fhir_server/spec/pack.py"),
    "compression": ("fhir_server/http/", "fhir_server/spec/pack.py"),
    "uvicorn": ("fhir_server/cli/",),
    "typer": ("fhir_server/cli/",),
    "rich": ("fhir_server/cli/",),
    "httpx2": ("fhir_server/cli/", "fhir_server/outbound/"),
    "prometheus_client": ("fhir_server/http/",),
    "fhir.resources": ("mappings/",),
    "lxml": ("fhir_server/fhir/",),
    "pydantic_settings": ("fhir_server/settings.py",),
    "fhir_server.settings": ("fhir_server/main/", "fhir_server/cli/"),
    "fhir_server.main": ("fhir_server/cli/", "fhir_server/main/"),
    "fhir_server.cli": ("fhir_server/cli/", "fhir_server/__main__.py"),
    "fhir_server.http": ("fhir_server/http/", "fhir_server/main/", "fhir_server/cli/serve.py"),
    # The embedded server is a program, never a library (its licence is GPL-2.0-only).
    "secantus": (),
    "secantusdb": (),
    "motor": (),
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(source: str) -> set[str]:
    """Give every module a file imports, at the top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(node.module or "")
            found |= {f"{node.module}.{one.name}" for one in node.names}
    return found


def test_an_import_is_seen_in_every_form():
    source = "import a.b\nfrom c import d\ndef f():\n    from e.g import h\n"
    assert imported(source) >= {"a.b", "c", "c.d", "e.g", "e.g.h"}


def test_a_library_stays_in_its_room():
    modules = {name(path): imported(path.read_text(encoding="utf-8")) for path in SOURCES}
    wrong = [
        f"{path} imports {wanted}"
        for path, found in modules.items()
        for wanted, rooms in ROOMS.items()
        if names(wanted, found) and not path.startswith(rooms)
    ]
    assert not wrong


def names(wanted: str, modules: set[str]) -> bool:
    return any(module == wanted or module.startswith(f"{wanted}.") for module in modules)


def test_every_room_of_the_engine_is_on_a_floor():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    floors = next(one for one in contracts["contracts"] if one["type"] == "layers")
    named = {room.strip() for floor in floors["layers"] for room in floor.split("|")}
    there = {
        path.name for path in (ROOT / "fhir_server").iterdir() if (path / "__init__.py").exists()
    }
    assert there <= named
