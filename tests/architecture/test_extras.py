"""What only an extra brings is not needed by a server that does without what the extra is for."""

import subprocess
import sys

LEGAL = (
    "asn1crypto",
    "holidays",
    "jsonschema",
    "pyhanko",
    "pyhanko_certvalidator",
    "segno",
    "typst",
)


def test_the_server_and_its_commands_start_without_the_libraries_of_the_legal_base():
    hidden = f"import sys; sys.modules.update(dict.fromkeys({LEGAL!r}))"
    program = f"{hidden}; import fhir_server.main, fhir_server.cli"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
