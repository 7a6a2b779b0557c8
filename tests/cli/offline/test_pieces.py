"""Pieces: which files are taken, and how NDJSON is cut."""

from fhir_server.cli.offline import pieces as module
from fhir_server.cli.offline.pieces import files, pieces


def test_of_a_folder_the_fhir_files_are_taken_and_of_named_files_all(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    for name in ("b.json", "a.XML", "c.ndjson", "notes.txt", "inner/d.json"):
        (tmp_path / name).write_text("{}")
    (inner / "folder.json").mkdir()
    found = [file.relative_to(tmp_path).as_posix() for file in files([tmp_path], None)]
    assert found == ["a.XML", "b.json", "c.ndjson", "inner/d.json"]
    assert files([tmp_path / "notes.txt"], None) == [tmp_path / "notes.txt"]


def test_a_file_is_taken_once_and_the_report_never(tmp_path):
    for name in ("a.json", "report.json"):
        (tmp_path / name).write_text("{}")
    given = [tmp_path, tmp_path / "a.json"]
    assert files(given, tmp_path / "report.json") == [tmp_path / "a.json"]


def test_a_file_is_one_piece(tmp_path):
    file = tmp_path / "a.json"
    file.write_bytes(b"{}\n{}")
    (piece,) = pieces(file, 100)
    assert (piece.lines, piece.size) == (None, 5)


def test_lines_are_numbered_and_blank_ones_passed_over(tmp_path):
    file = tmp_path / "a.ndjson"
    file.write_bytes(b'{"a":1}\n\n  \r\n{"b":2}')
    (piece,) = pieces(file, 100)
    assert piece.lines == ((1, b'{"a":1}\n'), (4, b'{"b":2}'))
    assert piece.size == file.stat().st_size


def test_a_piece_ends_after_some_lines_or_bytes(tmp_path, monkeypatch):
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"{}\n" * 5)
    monkeypatch.setattr(module, "_MOST_LINES", 2)
    found = [*pieces(file, 100)]
    assert [[number for number, _ in one.lines] for one in found] == [[1, 2], [3, 4], [5]]
    assert sum(one.size for one in found) == file.stat().st_size
    monkeypatch.setattr(module, "_MOST_BYTES", 3)
    assert len([*pieces(file, 100)]) == 6


def test_of_a_line_over_the_limit_no_more_than_that_is_kept(tmp_path):
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"x" * 1000 + b"\n{}\n" + b"y" * 500)
    (piece,) = pieces(file, 10)
    assert piece.lines == ((1, b"x" * 11), (2, b"{}\n"), (3, b"y" * 11))
    assert piece.size == file.stat().st_size


def test_a_line_of_just_the_limit_is_whole(tmp_path):
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"x" * 10 + b"\n{}\n")
    (piece,) = pieces(file, 10)
    assert [number for number, _ in piece.lines] == [1, 2]
    assert len(piece.lines[0][1].rstrip()) == 10


def test_a_file_that_is_gone_says_so(tmp_path):
    for name in ("gone.json", "gone.ndjson"):
        (piece,) = pieces(tmp_path / name, 10)
        assert "cannot be read" in piece.unread
