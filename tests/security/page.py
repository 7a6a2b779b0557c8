"""docs/security.md: the tables of the attacks; `python -m tests.security.page` writes it anew."""

import re
from pathlib import Path

from tests.security.catalogue import CLASSES, attacks, twins
from tests.security.legal import page as legal

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- attacks -->\n", "<!-- /attacks -->\n"


def table() -> str:
    """Give the table: by class how many attacks there are, in which forms."""
    head = "| Class | Tried | Alone | Posted search | In a batch | In a transaction | Passed |\n"
    rows = [head, "|---|--:|--:|--:|--:|--:|--:|\n"]
    every = []
    for name in CLASSES:
        forms = [one.form for one in attacks(name)]
        every += forms
        rows.append(_row(name, forms))
    rows.append(_row("**all**", every))
    rows.append(f"\nPositive twins: {len(twins()):,} of {len(twins()):,} answered.\n")
    return BEGIN + "".join(rows) + END


def _row(name: str, forms: list[str]) -> str:
    counts = (len(forms), *(forms.count(one) for one in ("http", "post", "batch", "transaction")))
    return f"| {name} | {' | '.join(f'{one:,}' for one in counts)} | 0 |\n"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    for begin, end, made in (BEGIN, END, table), (legal.BEGIN, legal.END, legal.section):
        text = re.sub(f"{begin}.*{end}", lambda _, made=made: made(), text, flags=re.DOTALL)
    PAGE.write_text(text, encoding="utf-8")
