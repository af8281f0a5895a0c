"""Rows of a file: JSON lines or CSV, plain or gzip, each with the number of its first line.

PublishError        the file as a whole can't be used; one line that says why
BadRow              a value: this row alone can't be sent, with a reason and a detail
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import msgspec

GZIP_MAGIC = b"\x1f\x8b"
_DELIMITERS = ",;\t|"
_CSV_ENDINGS = {".csv", ".tsv"}
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class PublishError(Exception):
    """The file can't be used, or not further; the text is one line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `cells` are a CSV row's by column; `tokens` a JSON line's fields, each exactly as written; both are None
    where a JSON line is no object, which `text` then shows to whoever decodes it."""

    line: int
    text: bytes
    cells: Mapping[str, str] | None = None
    tokens: Mapping[str, msgspec.Raw] | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that can't be sent. `reason` is one of the dead letters' reasons, or `wrong_columns`, `not_utf8`;
    of spend also `incomplete_line`, `mixed_currencies`, `mixed_times`."""

    line: int
    text: bytes
    reason: str
    detail: str


def is_csv(path: Path) -> bool:
    """Whether the file's name says CSV (`.csv`, `.tsv`, also with `.gz` behind); all else is JSON lines."""
    return (Path(path.stem) if path.suffix.lower() == ".gz" else path).suffix.lower() in _CSV_ENDINGS


def unpacked(file: io.BufferedReader) -> IO[bytes]:
    """The file's content, unpacked if it is gzip, whatever its name. The file may be a pipe."""
    return cast(IO[bytes], gzip.GzipFile(fileobj=file)) if file.peek(2).startswith(GZIP_MAGIC) else file


def json_rows(content: IO[bytes], max_bytes: int) -> Iterator[Row | BadRow]:
    """The rows of JSON lines; empty lines are passed over. Raises PublishError where the file breaks off."""
    for line, text in _lines(content, max_bytes):
        text = text.strip()
        if line == 1:
            text = text.removeprefix(b"\xef\xbb\xbf")
        if not text:
            continue
        if len(text) > max_bytes:
            yield BadRow(line, text[:200], "too_large", f"more than {max_bytes} bytes")
            continue
        try:
            yield Row(line, text, tokens=_FIELDS.decode(text))
        except (ValueError, RecursionError):
            yield Row(line, text)


def csv_text(content: IO[bytes]) -> io.TextIOWrapper:
    """The content as text. Bytes that are no UTF-8 become lone surrogates, so that only their own rows are refused."""
    return io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="")


def csv_columns(text: io.TextIOWrapper) -> tuple[str, list[str]]:
    """Reads the header: the delimiter and the columns. Raises PublishError without one."""
    try:
        header = text.readline()
        delimiter = max(_DELIMITERS, key=header.count)
        columns = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
    except (csv.Error, EOFError, OSError, zlib.error) as error:
        raise PublishError(f"its first line can't be read: {error}") from None
    if any(not name.isprintable() for name in columns):  # lone surrogates and NULs among them
        raise PublishError("its first line is not plain UTF-8: save the file as CSV in UTF-8")
    if not any(columns):
        raise PublishError("its first line has no column names")
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise PublishError(f"two columns have the same name: {', '.join(twice)}")
    return delimiter, columns


def csv_rows(text: io.TextIOWrapper, delimiter: str, columns: list[str], max_bytes: int) -> Iterator[Row | BadRow]:
    """The rows of CSV behind its header; a cell may span lines. Raises PublishError where the file breaks off."""
    csv.field_size_limit(max_bytes)
    reader = csv.reader(text, delimiter=delimiter)
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield BadRow(line, b"", "wrong_columns", str(error))
            continue
        except (EOFError, OSError, zlib.error) as error:
            raise PublishError(f"breaks off at line {line}: {error}") from None
        if cells is None:
            return
        if not cells:
            continue
        original = delimiter.join(cells).encode("utf-8", "surrogateescape")
        if len(cells) != len(columns):
            yield BadRow(line, original, "wrong_columns", f"has {len(cells)} cells, the header {len(columns)}")
            continue
        yield Row(line, original, cells=dict(zip(columns, cells, strict=True)))


def _lines(content: IO[bytes], max_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; of one that is too long only its beginning, so that no file can fill the memory."""
    line = 0
    while True:
        line += 1
        try:
            text = content.readline(max_bytes + 2)
            rest = text
            while rest and not rest.endswith(b"\n"):
                rest = content.readline(1 << 16)
        except (EOFError, OSError, zlib.error) as error:
            raise PublishError(f"breaks off at line {line}: {error}") from None
        if not text:
            return
        yield line, text
