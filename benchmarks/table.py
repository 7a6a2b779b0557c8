"""The figures of a whole bench as Markdown, for the screen and for docs/performance.md."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markdown import Markdown

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- full -->", "<!-- /full -->"
_WIDTH = 160
Results = Mapping[str, Any]


def newest(folder: Path) -> dict[str, Any]:
    """Give the figures of the last whole run; SystemExit without one."""
    files = sorted(folder.glob("full-*.json"))
    if not files:
        raise SystemExit(f"There is no run in {folder}: python -m benchmarks full")
    found: dict[str, Any] = orjson.loads(files[-1].read_bytes())
    return found


def put(results: Results, page: Path = PAGE) -> None:
    """Write the tables between the page's marks."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n\n{markdown(results)}\n\n{END}{after}", "utf-8")


def show(results: Results) -> None:
    """Print the tables."""
    console = Console(width=max(Console().width, _WIDTH))
    console.print(Markdown(markdown(results)))


def markdown(results: Results) -> str:
    """Give what a run found."""
    parts = (
        _told(results),
        _workloads(results),
        _targets(results),
        _twice(results),
        _rest(results),
    )
    return "\n\n".join(part for part in parts if part)


def _told(results: Results) -> str:
    machine, versions = results["machine"], results["versions"]
    load = ", ".join(map(str, machine["load_average"]))
    python = f"Python {machine['python']}"
    libraries = ", ".join(
        f"{name} {versions[name]}" for name in ("pymongo", "uvicorn", "secantusdb")
    )
    thrown = f"{results['thrown']} runs thrown away because the machine changed its speed"
    return (
        f"{results['time'][:16].replace('T', ' ')} UTC, commit {results['commit'][:9]}, "
        f"{machine['processor']}, {machine['cores']} cores, load average {load} at the end; "
        f"{python}, {libraries}; {results['seconds'] / 60:.0f} minutes, {thrown}."
    )


def _workloads(results: Results) -> str:
    """Give a line for each workload: µs of our CPU a request at each level, R = the floor's."""
    rows, names = results["rows"], [*dict.fromkeys(one["workload"] for one in results["rows"])]
    by = {(one["workload"], one["level"]): one for one in rows}
    levels = [one for one in dict.fromkeys(row["level"] for row in rows) if one[0] in "Lp"]
    shown = [one for one in sorted(levels) if not one.endswith("x2")]
    last = next((one for one in shown if one in ("L3", "L4", "peer")), shown[-1])
    heads = ["Workload", *("R" if one == "L0" else one for one in shown)]
    heads += [f"{last}: least", "database", "requests/s", "p50 ms", "p99 ms"]
    lines = []
    for name in names:
        cells = [_cost(by.get((name, level))) for level in shown]
        base = by.get((name, last))
        lines.append([name, *cells, *(_figures(base) if base else [""] * 5)])
    return _table(heads, lines)


def _cost(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    told = _number(row["cpu_us"]["median"])
    return f"{told} ({row['ratio']:.3g} R)" if row["ratio"] and row["level"] != "L0" else told


def _figures(row: Mapping[str, Any]) -> list[str]:
    return [
        _number(row["cpu_us"]["min"]),
        _number(row["database_us"]),
        _number(row["per_second"]),
        f"{row['p50_ms']:.3g}",
        f"{row['p99_ms']:.3g}",
    ]


def _targets(results: Results) -> str:
    lines = [
        [one["name"], one["text"], one["limit"], _figure(one["value"]), one["met"]]
        for one in results["targets"]
    ]
    return _table(["", "Target", "Limit", "Measured", ""], lines) if lines else ""


def _twice(results: Results) -> str:
    """Give what a request costs with two workers beside one."""
    by = {(one["workload"], one["level"]): one for one in results["rows"]}
    lines = []
    for (name, level), two in by.items():
        one = by.get((name, level.removesuffix("x2")))
        if level.endswith("x2") and one:
            costs = [row["cpu_us"]["median"] for row in (one, two)]
            speeds = [_number(row["per_second"]) for row in (one, two)]
            lines.append(
                [name, level[:2], *map(_number, costs), f"{2 * costs[0] / costs[1]:.2f}", *speeds]
            )
    heads = [
        "Two workers",
        "",
        "one: µs",
        "two: µs",
        "by CPU",
        "one: requests/s",
        "two: requests/s",
    ]
    return _table(heads, lines) if lines else ""


def _rest(results: Results) -> str:
    return "\n".join(f"- {line}" for line in _lines(results))


def _lines(results: Results) -> Iterator[str]:
    for one in results.get("starts", ()):
        yield (
            f"Start, {one['kind']}: {one['seconds']:.2f} s, {one['cpu']:.2f} s of CPU, "
            f"{one['megabytes']:.0f} MB."
        )
    if soak := results.get("soak"):
        held = soak["megabytes"]
        yield (
            f"{soak['minutes']:g} minutes of mixed load: {soak['requests']:,} requests, the worst "
            f"round's p99 {soak['p99_ms']:.0f} ms, a worker of {held[0]:.0f} MB before and "
            f"{held[-1]:.0f} MB after."
        )
    for one in results.get("growth", ()):
        costs = [_milliseconds(one[size]["p50"]) for size in ("small", "large")]
        yield f"{one['name']}: {costs[0]} at 20,000 results, {costs[1]} at 200,000."
    refused: dict[str, list[str]] = {}
    for line in results["refused"]:
        cell, _, told = line.partition(": ")
        refused.setdefault(cell, []).append(told.partition("HTTP/1.1 ")[2].partition("\r\n")[0])
    for cell, reasons in refused.items():
        why = ", ".join(sorted({*reasons} - {""}))
        yield f"Asked again: {cell}, {len(reasons)} times" + (f" ({why})." if why else ".")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < float("inf") else "not answered"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"  # noqa: PLR2004 - digits


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004 - digits


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
