"""Python source in the making: its lines, and the objects they name."""

from dataclasses import dataclass, field
from typing import Any

INDENT = "    "


@dataclass(slots=True, kw_only=True)
class Lines:
    """Lines of Python, and the objects that stand in them by a name."""

    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    count: int = 0

    def add(self, depth: int, line: str) -> None:
        """Add a line."""
        self.lines.append(INDENT * depth + line)

    def fresh(self, prefix: str = "v") -> str:
        """Give a name nothing has."""
        self.count += 1
        return f"{prefix}{self.count}"

    def named(self, prefix: str, thing: Any) -> str:
        """Give the name of an object made before."""
        name = self.fresh(prefix)
        self.names[name] = thing
        return name
