"""The figures of a bench: medians, ratios to the floor of the same round, verdicts, the tables."""

from benchmarks import report, table, targets
from benchmarks.report import Cell


def cell(kind, cpu, workload="GET by id"):
    return Cell(workload, kind, 1_000, 2.0, cpu, 0.5, 0.01, 0.02, 0.1)


CELLS = [cell("L0", 0.1), cell("L1", 0.12), cell("L0", 0.2), cell("L1", 0.4)]


def results(cells):
    return report.told() | {
        "rows": report.levels(cells), "thrown": 2, "refused": [], "seconds": 60.0, "starts": [],
        "validation": [], "growth": [], "floor": {"parse_us": 50.0}, "targets": [],
        "soak": {"minutes": 1, "megabytes": [90.0, 181.0], "requests": 10, "p99_ms": 3.0},
    }  # fmt: skip


def test_a_ratio_is_to_the_floor_of_its_own_round():
    floor, ours = report.levels(CELLS)
    assert (floor["level"], floor["ratio"]) == ("L0", 1.0)
    assert ours["ratio"] == 1.6
    assert ours["cpu_us"] == {"min": 120.0, "median": 260.0}
    assert (ours["per_second"], ours["database_us"]) == (500.0, 500.0)


def test_what_is_asked_with_a_token_is_of_the_same_level():
    (row,) = report.levels([cell("L2, secured", 0.1, "GET by id, secured")])
    assert row["level"] == "L2"


def test_a_target_is_met_not_met_or_not_measured():
    told = targets.judged(results(CELLS))
    verdicts = {(one["name"], one["text"]): one["met"] for one in told}
    assert verdicts["T1", "GET by id, L1"] == "not met"
    assert verdicts["T2", "GET by id, L2, 32 at once"] == "not measured"
    assert verdicts["T14", "memory of a worker after the load"] == "not met"


def test_the_tables_name_each_workload_and_each_target():
    found = results(CELLS)
    found["targets"] = targets.judged(found)
    told = table.markdown(found)
    assert "| GET by id | 150 | 260 (1.6 R) | 120 | 500 | 500 | 10 | 20 |" in told
    assert "| T1 | GET by id, L1 | ≥ 75 % of R | 62.5 | not met |" in told
    assert "2 runs thrown away" in told


def test_what_was_asked_again_is_told_once_for_each_workload():
    answer = "statuses {b'422': 2}: HTTP/1.1 422 Unprocessable Entity\r\ndate: now\r\n\r\n{}"
    lines = [f"create, L3: {answer}", "page, L1: 1 answer lacks what it must hold"]
    told = table.markdown(results(CELLS) | {"refused": [*lines, lines[0]]})
    assert "- Asked again: create, L3, 2 times (422 Unprocessable Entity).\n" in told
    assert told.endswith("- Asked again: page, L1, 1 times.")


def test_the_newest_run_is_read_back_with_its_decimals(tmp_path):
    for hour, seconds in ((11, 90.5), (10, 60.0)):
        run = results(CELLS) | {"time": f"2026-11-28T{hour}:00:00", "seconds": seconds}
        report.write(run, tmp_path, "full-")
    newest = table.newest(tmp_path)
    assert newest["seconds"] == 90.5
    assert table.markdown(newest)


def test_the_tables_are_put_between_the_marks_of_a_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{table.BEGIN}\n\nold\n\n{table.END}\n\nAfter\n")
    table.put(results(CELLS), page)
    text = page.read_text()
    assert text.startswith("# Before")
    assert text.endswith("After\n")
    assert "old" not in text
    assert "| GET by id |" in text


def test_a_run_is_compared_with_the_one_that_was_kept(tmp_path, capsys):
    row = {"workload": "create", "cpu_to_floor": 5.5, "resources": 1}
    row |= dict.fromkeys(("per_second", "p50_ms", "p99_ms", "cpu_ms", "floor_cpu_ms"), 1.25)
    row |= dict.fromkeys(("time_to_floor", "database_cpu_ms"), 1.25)
    run = report.told() | {"workloads": [row], "seconds": 60.0, "starts": []}
    run |= {"megabytes": {"idle": 90, "after": 95}}
    assert report.baseline(tmp_path / "baseline.json") == {}
    report.keep(run, tmp_path / "baseline.json")
    slower = run | {"workloads": [row | {"cpu_to_floor": 11.0}]}
    report.show(slower, report.baseline(tmp_path / "baseline.json"))
    assert "+100%" in capsys.readouterr().out


def test_what_changed_since_the_baseline_is_told_with_its_colour():
    baseline = {"cpu_to_floor": {"GET by id": 10.0, "create": 10.0}}
    assert (
        report.change({"workload": "GET by id", "cpu_to_floor": 12.0}, baseline) == "[red]+20%[/]"
    )
    assert report.change({"workload": "create", "cpu_to_floor": 9.0}, baseline) == "[dim]-10%[/]"
    assert report.change({"workload": "envelope", "cpu_to_floor": 9.0}, baseline) == "new"
