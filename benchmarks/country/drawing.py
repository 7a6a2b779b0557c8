"""Two plain pictures as SVG: bars for each key, and a matrix of questions by keys."""

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

_CALM, _WARM, _HOT, _INK = "#2f7d5b", "#d9a441", "#b8433a", "#1d2a33"
_MUCH, _TOO_MUCH, _TALLEST = 1.2, 1.5, 3.0
_LABEL, _BAR, _STEP, _HIGH = 120, 40, 48, 64
_ASKS, _CELL, _ROW = 330, 104, 34


def bars(loads: Mapping[str, Sequence[float]]) -> str:
    """Draw for each key what every shard gets in a busy hour, next to the mean."""
    shards = max(map(len, loads.values()))
    width, height = _LABEL + shards * _STEP + 20, 60 + len(loads) * (_HIGH + 36)
    return "\n".join(_svg(width, height, _bars(loads)))


def _bars(loads: Mapping[str, Sequence[float]]) -> Iterator[str]:
    yield _text(
        10, 24, "A busy hour, and one hospital sends its month again: what each shard gets", 16
    )
    yield _text(
        10,
        44,
        "line: an equal share; red: over one and a half times that; cut off at three times",
        12,
    )
    for row, (key, some) in enumerate(loads.items()):
        foot = 60 + row * (_HIGH + 36) + _HIGH + 12
        yield _text(10, foot - 8, key, 14)
        for place, load in enumerate(some):
            high, left = min(load / _TALLEST, 1) * _HIGH, _LABEL + place * _STEP
            colour = _HOT if load > _TOO_MUCH else _WARM if load > _MUCH else _CALM
            yield _box(left, foot - high, _BAR, high, colour)
        level, right = foot - _HIGH / _TALLEST, _LABEL + len(some) * _STEP - 8
        yield f'<path d="M{_LABEL} {level:.1f}H{right}" stroke="{_INK}" stroke-width="1.5"/>'
        yield _text(_LABEL, foot + 14, f"hottest: {max(some):.1f} times an equal share", 11)


def matrix(keys: Sequence[str], asked: Mapping[str, Sequence[float]], shards: int) -> str:
    """Draw how many shards each question asks, by key."""
    width, height = _ASKS + len(keys) * _CELL + 10, 84 + len(asked) * _ROW
    return "\n".join(_svg(width, height, _matrix(keys, asked, shards)))


def _matrix(
    keys: Sequence[str], asked: Mapping[str, Sequence[float]], shards: int
) -> Iterator[str]:
    yield _text(10, 24, f"How many of {shards} shards a question asks, by the key", 16)
    for place, key in enumerate(keys):
        yield _text(_ASKS + place * _CELL + 8, 58, key, 13)
    for row, (question, some) in enumerate(asked.items()):
        top = 68 + row * _ROW
        yield _text(10, top + 20, question, 13)
        for place, number in enumerate(some):
            colour = _CALM if number <= 1 else _WARM if number < shards else _HOT
            left = _ASKS + place * _CELL
            yield _box(left, top, _CELL - 6, _ROW - 6, colour)
            yield _text(left + 8, top + 20, f"{number:.3g}", 13, "#ffffff")


def _svg(width: float, height: float, inner: Iterator[str]) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif">'
    )
    yield _box(0, 0, width, height, "#ffffff")
    yield from inner
    yield "</svg>\n"


def _box(left: float, top: float, width: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{colour}"/>'
    )


def _text(left: float, foot: float, words: str, size: int, colour: str = _INK) -> str:
    return (
        f'<text x="{left}" y="{foot:.1f}" font-size="{size}" fill="{colour}">{escape(words)}</text>'
    )
