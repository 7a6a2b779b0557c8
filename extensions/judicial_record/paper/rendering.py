"""A frozen certificate as a page: PDF/A-2b, tagged, the same bytes for the same body.

https://www.iso.org/standard/50655.html (PDF/A-2); the page's layout is `template.typ`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from extensions.judicial_record.paper import letters, qr
from extensions.judicial_record.paper.fields import printed
from fhir_server.fhir.errors import Unprocessable

_TEMPLATE = Path(__file__).parent / "template.typ"


def pdf(
    body: dict[str, Any], url: str, *, place: str = "", sample: bool = True, offline: str = ""
) -> bytes:
    """Give the page of a frozen body as a PDF without a signature.

    `url` is where it is checked, `place` the town of the issuer, `offline` a compact JWS for a
    second QR code, left out where it is too long for one. Unless `sample` is false, it says across
    the page that it has no legal value. Takes about 10 ms of CPU: run it in a thread.
    Raises Unprocessable where the body cannot be printed.
    """
    letters.check(body)
    links = {
        "url": url,
        "qr": qr.of_link(url),
        "offline": (qr.of_jws(offline) or "") if offline else "",
        "place": place,
        "sample": sample,
    }
    at = datetime.fromisoformat(body["issued"])
    return compiled(_TEMPLATE, {"page": printed(body), "links": links}, at)


def compiled(template: Path, inputs: Mapping[str, Any], at: datetime) -> bytes:
    """Give a template as PDF/A; `inputs` reach it as JSON, `at` is its date of creation."""
    texts = {name: json.dumps(value) for name, value in inputs.items()}
    try:
        return typst.compile(
            template,
            sys_inputs=texts,
            format="pdf",
            ignore_system_fonts=True,
            pdf_standards=["a-2b"],
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        # Its message quotes what stands there.
        raise Unprocessable("A text of this certificate cannot be printed.") from error
