"""Persons and damaged copies of them, made from a seed: a second opinion on any matcher.

The damage differs from febrl's on purpose. Families live together, people move house and marry,
clerks write initials and short names, exchange day and month, hear instead of read, leave fields
out, and type with slipping fingers; some people have several copies, most have none.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path

HEADER = [
    "rec_id",
    "given_name",
    "surname",
    "street_number",
    "address_1",
    "address_2",
    "suburb",
    "postcode",
    "state",
    "date_of_birth",
    "soc_sec_id",
]
GIVEN = [
    "james",
    "mary",
    "robert",
    "patricia",
    "john",
    "jennifer",
    "michael",
    "linda",
    "david",
    "elizabeth",
    "william",
    "barbara",
    "richard",
    "susan",
    "joseph",
    "jessica",
    "thomas",
    "sarah",
    "charles",
    "karen",
    "daniel",
    "lisa",
    "matthew",
    "nancy",
    "anthony",
    "sandra",
    "mark",
    "ashley",
    "steven",
    "emily",
    "paul",
    "donna",
    "andrew",
    "michelle",
    "joshua",
    "carol",
    "kenneth",
    "amanda",
    "kevin",
    "melissa",
    "brian",
    "deborah",
    "george",
    "stephanie",
    "timothy",
    "rebecca",
    "ronald",
    "laura",
    "jason",
    "helen",
    "edward",
    "sharon",
    "jeffrey",
    "cynthia",
    "ryan",
    "kathleen",
    "jacob",
    "amy",
    "gary",
    "angela",
    "nicholas",
    "shirley",
    "eric",
    "anna",
    "jonathan",
    "brenda",
    "stephen",
    "pamela",
    "larry",
    "emma",
    "justin",
    "nicole",
    "scott",
    "samantha",
    "brandon",
    "katherine",
    "benjamin",
    "christine",
    "samuel",
    "olivia",
    "noah",
    "liam",
    "ava",
    "mia",
    "isla",
    "leo",
    "zara",
    "omar",
    "fatima",
    "chen",
    "wei",
    "mei",
    "hiro",
    "yuki",
    "priya",
    "arjun",
    "ines",
    "mateo",
]
SHORT = {
    "james": "jim", "robert": "bob", "patricia": "pat", "jennifer": "jen", "michael": "mike",
    "david": "dave", "elizabeth": "liz", "william": "bill", "richard": "rick", "joseph": "joe",
    "thomas": "tom", "charles": "chuck", "daniel": "dan", "matthew": "matt", "anthony": "tony",
    "steven": "steve", "andrew": "andy", "kenneth": "ken", "timothy": "tim", "edward": "ed",
    "rebecca": "becky", "samuel": "sam", "benjamin": "ben", "nicholas": "nick", "susan": "sue",
}  # fmt: skip
ONSETS = [
    "b",
    "br",
    "c",
    "ch",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "qu",
    "r",
    "s",
    "sh",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "w",
    "z",
]
VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "oo", "ou"]
CODAS = ["n", "r", "s", "t", "l", "m", "ck", "nd", "rt", "ss", "ng", "lt", "rn", "mp"]
ENDINGS = ["son", "ton", "ley", "man", "er", "ford", "wood", "well", "field", ""]
STREETS = ["street", "road", "avenue", "lane", "close", "drive", "court", "place"]
STATES = ["nsw", "vic", "qld", "wa", "sa", "tas", "act", "nt"]
SOUNDS = (("ph", "f"), ("ck", "k"), ("ea", "ee"), ("ou", "oo"), ("th", "t"), ("s", "z"), ("y", "i"))

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Mix:
    """How often things happen; every value is a chance per copy unless its name says otherwise."""

    duplicated: float = 0.3
    more_copies: float = 0.25
    slips_per_field: float = 0.12
    blank_per_field: float = 0.06
    short_name: float = 0.10
    initial: float = 0.05
    moved: float = 0.08
    married: float = 0.04
    swapped_names: float = 0.03
    swapped_day_month: float = 0.05
    new_birthday: float = 0.01
    household: float = 0.0


MIXES = {
    "light": Mix(slips_per_field=0.06, blank_per_field=0.03),
    "clerks": Mix(short_name=0.2, initial=0.12, swapped_day_month=0.1, blank_per_field=0.15),
    "heavy": Mix(duplicated=0.5, more_copies=0.5, slips_per_field=0.3, blank_per_field=0.1),
    "movers": Mix(moved=0.3, married=0.15),
    "families": Mix(household=0.3, slips_per_field=0.08),
}


def write_persons(path: Path, size: int, mix: Mix, seed: int) -> None:
    """Write about `size` rows in febrl's columns; equal numbers in rec_id are one person."""
    draw = random.Random(seed)
    rows: list[Row] = []
    number = 0
    before: Row | None = None
    surnames, places = _surnames(draw, size), _places(draw, size)
    while len(rows) < size:
        person = _person(draw, surnames, places)
        if before is not None and draw.random() < mix.household:
            person = _relative(draw, before, person)
        rows.append({"rec_id": f"rec-{number}-org", **person})
        if draw.random() < mix.duplicated:
            copies = 1
            while draw.random() < mix.more_copies and copies < 6:
                copies += 1
            for copy in range(copies):
                damaged = _damaged(draw, person, mix, surnames, places)
                rows.append({"rec_id": f"rec-{number}-dup-{copy}", **damaged})
        number, before = number + 1, person
    draw.shuffle(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HEADER, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _word(draw: random.Random, syllables: int) -> str:
    return "".join(
        draw.choice(ONSETS) + draw.choice(VOWELS) + draw.choice(CODAS) for _ in range(syllables)
    )


def _surnames(draw: random.Random, size: int) -> list[str]:
    distinct = [_word(draw, 1) + draw.choice(ENDINGS) for _ in range(max(size // 3, 50))]
    # Names are as unequal as Zipf found them: the first is far commoner than the thousandth.
    weights = [1.0 / (rank + 5) for rank in range(len(distinct))]
    return draw.choices(distinct, weights, k=size * 2)


def _places(draw: random.Random, size: int) -> list[tuple[str, str, str]]:
    return [
        (
            _word(draw, 1) + draw.choice(ENDINGS),
            f"{draw.randrange(800, 7999):04d}",
            draw.choice(STATES),
        )
        for _ in range(max(size // 15, 10))
    ]


def _person(draw: random.Random, surnames: list[str], places: list[tuple[str, str, str]]) -> Row:
    year, month, day = draw.randrange(1930, 2008), draw.randrange(1, 13), draw.randrange(1, 29)
    return {
        "given_name": draw.choice(GIVEN),
        "surname": draw.choice(surnames),
        "date_of_birth": f"{year}{month:02d}{day:02d}",
        **_address(draw, places),
    }


def _address(draw: random.Random, places: list[tuple[str, str, str]]) -> Row:
    suburb, postcode, state = draw.choice(places)
    flat = f"flat {draw.randrange(1, 40)}" if draw.random() < 0.3 else ""
    return {
        "street_number": str(draw.randrange(1, 250)),
        "address_1": f"{_word(draw, draw.choice((1, 2)))} {draw.choice(STREETS)}",
        "address_2": flat,
        "suburb": suburb,
        "postcode": postcode,
        "state": state,
    }


def _relative(draw: random.Random, person: Row, other: Row) -> Row:
    """One more member of a family: own name and birthday, same address, mostly the same surname."""
    keep = ("street_number", "address_1", "address_2", "suburb", "postcode", "state")
    home = {field: person[field] for field in keep}
    surname = person["surname"] if draw.random() < 0.8 else other["surname"]
    return {**other, **home, "surname": surname}


def _damaged(
    draw: random.Random,
    person: Row,
    mix: Mix,
    surnames: list[str],
    places: list[tuple[str, str, str]],
) -> Row:
    row = _life(draw, dict(person), mix, surnames, places)
    row = _clerk(draw, row, mix)
    for field, value in row.items():
        if draw.random() < mix.blank_per_field:
            row[field] = ""
        elif value and draw.random() < mix.slips_per_field:
            row[field] = _slip(draw, value)
    return row


def _life(
    draw: random.Random,
    row: Row,
    mix: Mix,
    surnames: list[str],
    places: list[tuple[str, str, str]],
) -> Row:
    if draw.random() < mix.moved:
        row.update(_address(draw, places))
    if draw.random() < mix.married:
        row["surname"] = draw.choice(surnames)
    if draw.random() < mix.new_birthday:
        row["date_of_birth"] = f"{draw.randrange(1930, 2008)}0101"
    return row


def _clerk(draw: random.Random, row: Row, mix: Mix) -> Row:
    given, born = row["given_name"], row["date_of_birth"]
    if draw.random() < mix.short_name:
        row["given_name"] = SHORT.get(given, given)
    if draw.random() < mix.initial:
        row["given_name"] = given[:1]
    if draw.random() < mix.swapped_names:
        row["given_name"], row["surname"] = row["surname"], row["given_name"]
    if draw.random() < mix.swapped_day_month:
        row["date_of_birth"] = born[:4] + born[6:] + born[4:6]
    return row


def _slip(draw: random.Random, value: str) -> str:
    for heard, written in draw.sample(SOUNDS, len(SOUNDS)):
        if heard in value and draw.random() < 0.3:
            return value.replace(heard, written, 1)
    place = draw.randrange(len(value))
    letter = draw.choice("0123456789" if value.isdigit() else "abcdefghijklmnopqrstuvwxyz")
    kind = draw.choice(("change", "lose", "add", "exchange"))
    if kind == "change":
        return value[:place] + letter + value[place + 1 :]
    if kind == "lose" and len(value) > 1:
        return value[:place] + value[place + 1 :]
    if kind == "exchange" and place + 1 < len(value):
        return value[:place] + value[place + 1] + value[place] + value[place + 2 :]
    return value[:place] + letter + value[place:]
