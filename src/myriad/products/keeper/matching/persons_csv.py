"""Any list of persons from CSV: febrl's, Square's and Keeper's columns, usual names, or a mapping.

A wrong file is told by line, with what was expected and what to do. Columns that the profile does
not name are left alone; febrl's soc_sec_id is among them, for a shop never has such a number.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import phonenumbers

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.csv_records import guess_encoding
from myriad.products.keeper.errors import InputFileError
from myriad.products.keeper.matching.normalise import Record, record

FIELDS = (
    "id",
    "given",
    "family",
    "email",
    "phone",
    "card",
    "birthday",
    "street_number",
    "address_line",
    "address_extra",
    "suburb",
    "postcode",
    "state",
)
# The first profile whose id column stands in the header is taken. Names are compared without case,
# spaces and underscores.
PROFILES: dict[str, dict[str, str]] = {
    "febrl": {
        "id": "rec_id",
        "given": "given_name",
        "family": "surname",
        "birthday": "date_of_birth",
        "street_number": "street_number",
        "address_line": "address_1",
        "address_extra": "address_2",
        "suburb": "suburb",
        "postcode": "postcode",
        "state": "state",
    },
    "square": {
        "id": "Square Customer ID",
        "given": "First Name",
        "family": "Last Name",
        "email": "Email Address",
        "phone": "Phone Number",
        "birthday": "Birthday",
        "address_line": "Street Address 1",
        "address_extra": "Street Address 2",
        "suburb": "City",
        "postcode": "Postal Code",
        "state": "State",
    },
    "keeper": {
        "id": "external_id",
        "given": "given_name",
        "family": "family_name",
        "email": "email",
        "phone": "phone",
        "card": "card_fingerprint",
        "birthday": "birthday",
        "address_line": "address_line",
        "postcode": "postcode",
    },
}
# What columns of any other list are called; ids may be missing, then a person is their line.
_USUAL = {
    field: tuple(names.split())
    for field, names in {
        "id": "id personid customerid clientid contactid memberid kundennummer",
        "given": "given givenname firstname forename vorname prenom nombre voornaam",
        "family": "family familyname lastname surname nachname nom apellidos cognome achternaam",
        "email": "email emailaddress mail courriel correo",
        "phone": "phone phonenumber telephone mobile mobilephone cell tel telefon telefono",
        "birthday": "birthday birthdate dateofbirth dob geburtsdatum datedenaissance",
        "address_line": "addressline address streetaddress street adresse strasse direccion",
        "suburb": "suburb city town ort ville ciudad",
        "postcode": "postcode postalcode zip zipcode plz codepostal",
        "state": "state",
    }.items()
}
_WHOLE_NAME = ("name", "fullname")
_WHO = frozenset({"given", "family", "email", "phone", _WHOLE_NAME[0]})


class PersonsFileError(InvalidInputError):
    """A list of persons cannot be read; the detail names the line, what was expected and the way out."""

    code = "persons_file"
    title = "This list of persons cannot be used"


@dataclass(frozen=True, slots=True)
class PersonsList:
    """The records of a file, in its order.

    `unread` counts, per field, texts that were present but could not be understood (a telephone
    that no country has, a birthday that can be read two ways) and so were left out.
    """

    profile: str
    records: tuple[Record, ...]
    unread: dict[str, int]


def read_persons(
    path: Path,
    mapping: Mapping[str, str] | None = None,
    country: str = "US",
    progress: Callable[[str, int, int], None] | None = None,
) -> PersonsList:
    """Read and normalise a list of persons.

    `mapping` names columns per field and wins over the profile; `country` (ISO 3166 alpha-2) reads
    telephones without a country code. Raises PersonsFileError.
    """
    country = _country(country)
    lines = list(_lines(path))
    if not lines:
        raise PersonsFileError(f"{path} is empty: expected a header line and one line per person.")
    (_, header), body = lines[0], lines[1:]
    profile, places = _places(path, [cell.strip() for cell in header], mapping or {})
    if not body:
        raise PersonsFileError(f"{path} has a header but no persons below it.")
    records: list[Record] = []
    unread: dict[str, int] = {}
    for done, (number, cells) in enumerate(body):
        typed = _typed(path, number, cells, len(header), places)
        records.append(_record(typed, country, unread))
        if progress and done % 1_000 == 0:
            progress("reading persons", done, len(body))
    _check_ids(path, [number for number, _ in body], records)
    return PersonsList(profile, tuple(records), unread)


def _country(typed: str) -> str:
    code = typed.strip().upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        message = f"{typed!r} is no country: expected two letters of ISO 3166, such as US or GB."
        raise PersonsFileError(message)
    return code


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of each line that is not blank."""
    try:
        encoding = guess_encoding(path)
        text = path.read_bytes().decode(encoding, "replace")
    except InputFileError as error:
        raise PersonsFileError(error.detail) from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(
        text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise PersonsFileError(
            f"{path}, line {start}: expected comma-separated values ({error}). "
            "Close every quotation mark, or save the list as CSV again."
        ) from error


def _plain(column: str) -> str:
    spelt = unicodedata.normalize("NFKD", column.casefold())
    return "".join(letter for letter in spelt if letter.isalnum())


def _places(
    path: Path, header: list[str], mapping: Mapping[str, str]
) -> tuple[str, dict[str, int]]:
    """Return the profile's name and, per field, the number of its column."""
    numbers = {_plain(column): number for number, column in reversed(list(enumerate(header)))}
    for field, column in mapping.items():
        if field not in FIELDS:
            raise PersonsFileError(f"--map {field}={column}: expected one of {', '.join(FIELDS)}.")
        if _plain(column) not in numbers:
            raise PersonsFileError(
                f"--map {field}={column}: {path}, line 1 has no such column. "
                f"It has: {', '.join(header)}."
            )
    profile = next((p for p, of in PROFILES.items() if _plain(of["id"]) in numbers), "mapping")
    wanted = {**PROFILES.get(profile, {}), **mapping}
    places = {f: numbers[_plain(c)] for f, c in wanted.items() if _plain(c) in numbers}
    if profile == "mapping":
        places = _usual_places(numbers) | places
    if _WHO.isdisjoint(places):
        raise PersonsFileError(
            f"{path}, line 1: expected the columns of febrl (rec_id, given_name, surname, ...), of "
            "Square's customer export (Square Customer ID, First Name, ...) or of Keeper's "
            f"(external_id, given_name, ...), found: {', '.join(header)}. Name your columns: "
            "--map id=COLUMN --map given=COLUMN --map family=COLUMN --map email=COLUMN ..."
        )
    return profile, places


def _usual_places(numbers: Mapping[str, int]) -> dict[str, int]:
    """Return where the columns stand whose names say what they are."""
    found = {
        field: next(numbers[name] for name in names if name in numbers)
        for field, names in _USUAL.items()
        if not numbers.keys().isdisjoint(names)
    }
    whole = next((numbers[name] for name in _WHOLE_NAME if name in numbers), None)
    if whole is not None and not {"given", "family"} & found.keys():
        found[_WHOLE_NAME[0]] = whole
    return found


def _typed(
    path: Path, line: int, cells: list[str], width: int, places: Mapping[str, int]
) -> dict[str, str]:
    # Cells left empty at a line's end, or more of them than the header has, mean nothing.
    given, cells = len(cells), [*cells[:width], *(cell for cell in cells[width:] if cell.strip())]
    if len(cells) != width:
        raise PersonsFileError(
            f"{path}, line {line}: expected {width} values as in the header, found {given}. "
            "Put texts that contain a comma in quotation marks."
        )
    typed = {field: cells[place].strip() for field, place in places.items()}
    if _WHOLE_NAME[0] in typed:
        typed |= _parted(typed.pop(_WHOLE_NAME[0]))
    if not typed.setdefault("id", str(line)):
        raise PersonsFileError(
            f"{path}, line {line}: expected an id, found nothing. Give every person an id."
        )
    return typed


def _parted(name: str) -> dict[str, str]:
    """Return the given and the family name of "Ann Lee" or "Lee, Ann"."""
    family, comma, given = name.partition(",")
    if not comma:
        given, _, family = name.rpartition(" ")
    return {"given": given.strip(), "family": family.strip()}


def _record(typed: dict[str, str], country: str, unread: dict[str, int]) -> Record:
    made = record(
        typed["id"],
        given=typed.get("given"),
        family=typed.get("family"),
        email=typed.get("email"),
        phone=typed.get("phone"),
        cards=tuple(typed.get("card", "").replace("|", " ").split()),
        birthday=typed.get("birthday"),
        street_number=typed.get("street_number"),
        address_line=typed.get("address_line"),
        address_extra=typed.get("address_extra"),
        suburb=typed.get("suburb"),
        postcode=typed.get("postcode"),
        state=typed.get("state"),
        country=country,
    )
    for field in ("email", "phone", "birthday"):
        if typed.get(field) and not getattr(made, field):
            unread[field] = unread.get(field, 0) + 1
    return made


def _check_ids(path: Path, lines: list[int], records: list[Record]) -> None:
    first: dict[str, int] = {}
    for line, one in zip(lines, records, strict=True):
        if one.id in first:
            raise PersonsFileError(
                f"{path}, line {line}: the id {one.id} is already on line {first[one.id]}. "
                "Expected every id once."
            )
        first[one.id] = line
