"""Records and numbers found in whole blocks are those that a reader of lines finds."""

from __future__ import annotations

import calendar
import csv
import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.upswitch.registry.kbo.cleaning import Cleaner, are_dates, read_numbers
from myriad.products.upswitch.registry.kbo.entities import EntitySet
from myriad.products.upswitch.registry.kbo.files import ADDRESS, DENOMINATION, ENTERPRISE
from myriad.products.upswitch.registry.kbo.records import iter_blocks, read_records
from myriad.products.upswitch.registry.kbo.simulator import printed

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=12
)
ROWS = st.lists(st.lists(TEXTS, min_size=2, max_size=4), min_size=1, max_size=12)


def as_csv(rows: list[list[str]], end: str = "\n") -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator=end).writerows(rows)
    return out.getvalue().encode()


@given(ROWS, st.sampled_from(["\n", "\r\n"]))
def test_fields_are_where_the_standard_reader_finds_them(rows: list[list[str]], end: str) -> None:
    data = as_csv(rows, end)
    records = read_records(data)
    assert records.field_counts.tolist() == [len(row) for row in rows]
    for place, row in enumerate(rows):
        for column, text in enumerate(row):
            start, stop = records.field(np.array([place]), column, len(row) - 1)
            field = data[start[0] : stop[0]].decode()
            assert field == '"' + text.replace('"', '""') + '"'


@given(ROWS, st.integers(min_value=1, max_value=40))
def test_blocks_end_where_records_end_and_lose_nothing(rows: list[list[str]], size: int) -> None:
    data = as_csv(rows)
    blocks = list(iter_blocks(io.BytesIO(data), size))
    assert b"".join(blocks) == data
    for block in blocks:
        assert len(list(csv.reader(io.StringIO(block.decode(), newline="")))) >= 1
    assert sum(read_records(block).starts.size for block in blocks) == len(rows)


@given(st.lists(st.text('0123456789." x', max_size=16), min_size=1, max_size=20))
def test_no_text_but_a_checked_number_is_read_as_one(texts: list[str]) -> None:
    data = "\n".join(texts).encode()
    lengths = np.array([len(text) for text in texts])
    starts = np.concatenate(([0], np.cumsum(lengths + 1)[:-1]))
    values, _ = read_numbers(np.frombuffer(data or b" ", np.uint8), starts, starts + lengths)
    for text, value in zip(texts, values, strict=True):
        plain = text.strip('"').replace(".", "")
        right = plain.isdigit() and len(plain) == 10
        right = right and 97 - int(plain[:8]) % 97 == int(plain[8:])
        if value >= 0:
            assert right
            assert int(plain) == value


@given(st.integers(min_value=0, max_value=89_999_999))
def test_every_printed_number_is_read(stem: int) -> None:
    for text in (printed(stem), f'"{printed(stem)}"', printed(stem).replace(".", "")):
        data = np.frombuffer(text.encode(), np.uint8)
        values, dropped = read_numbers(data, np.array([0]), np.array([data.size]))
        kept = np.delete(data, dropped).tobytes().decode()
        assert int(kept) == values[0] == int(printed(stem).replace(".", ""))


@given(
    st.integers(min_value=0, max_value=99),
    st.integers(min_value=0, max_value=99),
    st.integers(min_value=0, max_value=9999),
)
def test_dates_are_days_of_the_calendar(day: int, month: int, year: int) -> None:
    real = 1 <= month <= 12 and year >= 1 and 1 <= day <= calendar.monthrange(year or 1, month)[1]
    for text in (f"{day:02d}-{month:02d}-{year:04d}", f'"{day:02d}-{month:02d}-{year:04d}"'):
        data = np.frombuffer(text.encode(), np.uint8)
        assert are_dates(data, np.array([0]), np.array([data.size])).tolist() == [real]


def test_rows_that_cannot_be_taken_are_refused_with_line_and_reason() -> None:
    good = printed(4_000_000)
    lines = [
        f'"{good}","AC","000","2","610",,01-02-2003',
        '"0400.000.000","AC","000","2","610",,01-02-2003',
        f'"{good}","AC","000"',
        f'"{printed(4_000_007)}","AC","000","1","",,01-02-2003',
        f'"{good}","AC","000","2","610",,31-02-2003',
    ]
    data = "\n".join(lines).encode() + b'\n"\xff\xfe","AC","000","2","610",,01-02-2003\n'
    cleaned = Cleaner(ENTERPRISE, EntitySet()).clean(data)
    assert cleaned.data.decode().splitlines() == [
        f'{good.replace(".", "")},"AC","000","2","610",,01-02-2003'
    ]
    assert cleaned.skipped == 1
    assert [(each.line, each.reason.split()[0]) for each in cleaned.refusals] == [
        (3, "a"),
        (4, "it"),
        (6, "a"),
        (7, "it"),
    ]
    assert "check digits" in cleaned.refusals[0].reason
    assert "7 fields" in cleaned.refusals[1].reason
    assert "DD-MM-YYYY" in cleaned.refusals[2].reason
    assert "UTF-8" in cleaned.refusals[3].reason


def test_lines_are_counted_over_blocks_and_over_line_breaks_inside_fields() -> None:
    known = EntitySet()
    own = printed(4_000_000)
    known.add(np.array([int(own.replace(".", ""))]))
    cleaner = Cleaner(DENOMINATION, known)
    first = cleaner.clean(f'"{own}","2","001","two\nlines"\n"{own}","2","002","one"\n'.encode())
    second = cleaner.clean(f'"{own}","2","001","x"\n"bad","2","001","y"\n'.encode())
    assert first.lines.tolist() == [2, 4]
    assert second.lines.tolist() == [5]
    assert [each.line for each in second.refusals] == [6]


def test_rows_of_entities_that_are_not_kept_are_left_out() -> None:
    known = EntitySet()
    known.add(np.array([int(printed(4_000_000).replace(".", ""))]))
    row = '"{}","REGO",,,"9000","Gent","Gent","Kerkplein","Kerkplein","1","","",\n'
    data = "".join(row.format(printed(4_000_000 + 7 * place)) for place in range(3)).encode()
    cleaned = Cleaner(ADDRESS, known).clean(data)
    assert cleaned.lines.tolist() == [2]
    assert cleaned.skipped == 2
