"""A flame graph as SVG: stacks side by side, each as wide as it was seen often.

https://www.brendangregg.com/flamegraphs.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

Stacks = Mapping[tuple[str, ...], int]
WIDTH, ROW, MARGIN = 1200, 17, 28
# What was seen less often than this is not drawn.
LEAST = 0.002
_LETTER, _KEY = 6.2, 75
# How a frame's module begins → its colour, on light and on dark.
_KINDS = {
    "fhir_server": ("ours", "#f2b04a", "#9a6412"),
    "pymongo": ("driver", "#8fbf6a", "#44701f"),
    "bson": ("driver", "#8fbf6a", "#44701f"),
    "uvicorn": ("http", "#82b1e0", "#265a8f"),
    "asyncio": ("loop", "#c9c9d6", "#50505e"),
}
_OTHER = ("other", "#d9d4cc", "#45413a")


@dataclass(slots=True)
class Frame:
    """A function in a place of the stack: how often it was seen, and what it called."""

    seen: int = 0
    called: dict[str, "Frame"] = field(default_factory=dict)


def read(text: str) -> dict[tuple[str, ...], int]:
    """Give stacks from lines of `outer;inner count`."""
    lines = (line.rpartition(" ") for line in text.splitlines() if line)
    return {tuple(stack.split(";")): int(count) for stack, _, count in lines}


def drawn(stacks: Stacks, title: str) -> str:
    """Give the picture, from the frame on that the stacks do not have in common."""
    root = _tree(stacks)
    while len(root.called) == 1:
        (root,) = root.called.values()
    boxes = list(_boxes(root, 0.0, 0, root.seen))
    height = MARGIN * 2 + ROW * (1 + max((depth for _, _, depth, _ in boxes), default=0))
    shapes = "".join(_shape(*box, height) for box in boxes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="monospace" font-size="10.5"><style>{_style()}</style>'
        f'<text x="6" y="17" font-size="13">{escape(title)}: processor time of the server, '
        f"{root.seen:,} looks at its stack</text>{_legend()}{shapes}</svg>\n"
    )


def _tree(stacks: Stacks) -> Frame:
    root = Frame()
    for stack, count in stacks.items():
        root.seen += count
        frame = root
        for name in stack:
            frame = frame.called.setdefault(name, Frame())
            frame.seen += count
    return root


def _boxes(
    frame: Frame, left: float, depth: int, whole: int
) -> Iterator[tuple[str, tuple[float, float], int, float]]:
    """Yield name, left and width as shares, depth and share of every frame that is drawn."""
    for name, one in sorted(frame.called.items(), key=lambda item: -item[1].seen):
        share = one.seen / whole
        if share >= LEAST:
            yield name, (left, share), depth, share
            yield from _boxes(one, left, depth + 1, whole)
        left += share


def _shape(name: str, place: tuple[float, float], depth: int, share: float, height: int) -> str:
    module, _, function = name.partition(":")
    kind = _KINDS.get(module.partition(".")[0], _OTHER)[0]
    x, width = (round(one * WIDTH, 1) for one in place)
    y = height - MARGIN - ROW * (depth + 1)
    told = f"{module.rpartition('.')[2]}.{function.replace('.<locals>', '')}"
    fits = int((width - 4) / _LETTER)
    text = told if len(told) <= fits else f"{told[: fits - 1]}…" if fits > 3 else ""  # noqa: PLR2004 - letters
    label = f'<text x="{x + 2}" y="{y + 12}">{escape(text)}</text>' if text else ""
    return (
        f'<g><title>{escape(name)} {share:.1%}</title><rect class="{kind}" x="{x}" y="{y}" '
        f'width="{width}" height="{ROW - 1}"/>{label}</g>'
    )


def _legend() -> str:
    """Give what each colour means, at the right of the title."""
    names = dict.fromkeys(one[0] for one in (*_KINDS.values(), _OTHER))
    places = zip(range(WIDTH - _KEY * len(names), WIDTH, _KEY), names, strict=True)
    return "".join(
        f'<rect class="{name}" x="{x}" y="8" width="11" height="11"/>'
        f'<text x="{x + 15}" y="17">{name}</text>'
        for x, name in places
    )


def _style() -> str:
    kinds = {name: (light, dark) for name, light, dark in (*_KINDS.values(), _OTHER)}
    light = "".join(f".{name}{{fill:{one}}}" for name, (one, _) in kinds.items())
    dark = "".join(f".{name}{{fill:{one}}}" for name, (_, one) in kinds.items())
    return f"text{{fill:#222}}{light}@media(prefers-color-scheme:dark){{text{{fill:#eee}}{dark}}}"
