"""A CSV file as its bytes: find the cells, and replace the text of some of them where they stand.

Everything else stays as it was, byte for byte: byte-order mark, separator, quotes, line ends. This
module knows CSV; it knows no platform and no marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.errors import ExportError

__all__ = ["Cell", "Row", "Sheet", "decimal_comma", "number"]

_SEPARATORS = ",;\t"
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?|[-+]?[.,]\d+")
# Separators of thousands: 1,234.50 and 1.234,50 and 1 234,50.
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:(,)\d{3})+\.\d+|[-+]?\d{1,3}(?:(\.)\d{3})+,\d+")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # of Excel, new and old
_SPACES = re.compile(r"[\s\u00a0\u202f']")


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: Its text, without the quotes around it.
        start: Position of its first character in the text of the file.
        end: Position after its last character.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        line: Number of its first line in the file, from 1.
        cells: Its cells.
    """

    line: int
    cells: tuple[Cell, ...]

    def text(self, column: int | None) -> str:
        """Return the text of a cell without spaces around it; "" if the row has no such cell."""
        return self.cells[column].text.strip() if column is not None and column < len(self.cells) else ""


class Sheet:
    """A CSV file.

    Attributes:
        name: Name of the file, for messages.
        rows: Its rows; empty lines are left out.
        separator: Character between its cells.
    """

    def __init__(self, data: bytes, name: str) -> None:
        """Read a CSV file.

        Args:
            data: Content of the file.
            name: Name of the file, for messages.

        Raises:
            ExportError: The data are not CSV in UTF-8, have no rows, or end in the middle of a row.
        """
        self.name = name
        _check_kind(data, name)
        try:
            self._text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ExportError(
                f"{name}: not UTF-8 (byte {error.start}); give the file as it was downloaded, not saved again by a spreadsheet program"
            ) from None
        if "\0" in self._text:
            raise ExportError(f"{name}: not a CSV file; download the export as CSV, not as a workbook")
        self.separator = _separator(self._text)
        self.rows = tuple(row for row in self._read() if any(cell.text for cell in row.cells))
        if not self.rows:
            raise ExportError(f"{name}: empty; download the export again")
        first, last = self.rows[0], self.rows[-1]
        if len(last.cells) < len(first.cells):
            raise ExportError(
                f"{name}, line {last.line}: the file ends after {len(last.cells)} of {len(first.cells)} cells of its last row, so it is "
                "not whole; download the export again"
            )

    def with_cells(self, texts: Mapping[tuple[int, int], str]) -> bytes:
        """Return the file with other texts in some cells.

        Args:
            texts: (index of the row, index of the cell) → text. It is quoted if the cell was, or
                if it must be.

        Returns:
            Content of the file.
        """
        made, done = [], 0
        for (row, column), text in sorted(texts.items()):
            cell = self.rows[row].cells[column]
            quoted = self._text[cell.start : cell.end].startswith('"') or any(c in text for c in f'"\r\n{self.separator}')
            made += [self._text[done : cell.start], '"' + text.replace('"', '""') + '"' if quoted else text]
            done = cell.end
        return "".join([*made, self._text[done:]]).encode()

    def _read(self) -> Iterator[Row]:
        at, line = len(_BOM) if self._text.startswith(_BOM) else 0, 1
        while at < len(self._text):
            first, cells = at, []
            while True:
                cell = _cell(self._text, at, self.separator)
                if cell is None:
                    raise ExportError(
                        f'{self.name}, line {line}: a quote `"` is opened and not closed; download the export again'
                    )
                cells.append(cell)
                at = cell.end + 1
                if self._text[cell.end : at] != self.separator:
                    break
            yield Row(line, tuple(cells))
            if self._text[cell.end : cell.end + 2] == "\r\n":
                at += 1
            broken = self._text[first:at]
            line += broken.count("\n") + broken.count("\r") - broken.count("\r\n")


def _check_kind(data: bytes, name: str) -> None:
    """Raise ExportError for a workbook or a web page, which programs and browsers save in place of a CSV file."""
    if data.startswith(_WORKBOOKS):
        raise ExportError(f"{name}: a workbook or an archive, not a CSV file; download the export as CSV")
    if data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html")):
        raise ExportError(
            f"{name}: a web page, not a CSV file; the download may need you to log in. Download the export again, in your browser"
        )


def _cell(text: str, start: int, separator: str) -> Cell | None:
    """Return the cell that begins at `start`; None if its quote is not closed."""
    at, said = start, ""
    while text.startswith('"', at) and (at == start or text[at - 1] == '"'):
        close = text.find('"', at + 1)
        if close < 0:
            return None
        said += ('"' if at > start else "") + text[at + 1 : close]
        at = close + 1
    rest = at
    while at < len(text) and text[at] not in f"\r\n{separator}":
        at += 1
    return Cell(said + text[rest:at], start, at)


def _separator(text: str) -> str:
    """Return the separator that stands most often in the first line, outside quotes."""
    first = next((line for line in text.splitlines() if line.strip(_BOM + " ")), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_SEPARATORS, key=bare.count)


def number(text: str) -> float | None:
    """Read a number as the platforms write it, with a decimal point or comma.

    Args:
        text: Text of a cell.

    Returns:
        The number, or None if the text is none.
    """
    plain = _SPACES.sub("", text)
    if grouped := _GROUPED.fullmatch(plain):
        plain = plain.replace(grouped[1] or grouped[2], "")
    return float(plain.replace(",", ".")) if _NUMBER.fullmatch(plain) else None


def decimal_comma(texts: Sequence[str]) -> bool:
    """Return whether numbers are written with a decimal comma, as most of these texts are."""
    numbers = [text for text in texts if number(text) is not None]
    comma = sum(re.search(r",\d*$", text) is not None for text in numbers)
    return comma > sum(re.search(r"\.\d*$", text) is not None for text in numbers)
