"""Extracts that no register ever published: the KBO's files, filled with companies that are not.

The KBO publishes files, so what stands in for it writes files: the same forms, proportions and
oddities (natural persons, entities without address or main activity, two main activities,
names with quotes and line breaks). One seed gives the same extract every time.
"""

from __future__ import annotations

import csv
import random
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import IO

from myriad.products.upswitch.registry.kbo.files import FILES, SIMULATED
from myriad.products.upswitch.registry.kbo.invention import (
    ENDINGS,
    FORMS,
    NACE,
    PLACES,
    STREETS,
    WORDS,
)

_CODES = tuple(NACE)
_FIRST = 20_000_000


def write_extract(
    target: Path, *, enterprises: int, seed: int = 1, number: int = 1, day: date = date(2026, 5, 1)
) -> None:
    """Write a full extract into the folder `target`, or into a ZIP file when it ends in .zip."""
    if target.suffix != ".zip":
        target.mkdir(parents=True, exist_ok=True)
        _write_files(target, enterprises, seed, number, day)
        return
    folder = target.with_suffix(".files")
    folder.mkdir(parents=True)
    _write_files(folder, enterprises, seed, number, day)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
            file.unlink()
    folder.rmdir()


def _write_files(folder: Path, enterprises: int, seed: int, number: int, day: date) -> None:
    (folder / "meta.csv").write_text(
        '"Variable","Value"\n'
        f'"SnapshotDate","{day:%d-%m-%Y}"\n'
        f'"ExtractTimestamp","{day + timedelta(days=1):%d-%m-%Y} 07:07:49"\n'
        '"ExtractType","full"\n'
        f'"ExtractNumber","{number}"\n"Version","{SIMULATED} 1.0.0"\n',
        encoding="utf-8",
    )
    with ExitStack() as stack:
        files: dict[str, IO[str]] = {}
        for file in FILES:
            opened = (folder / f"{file.stem}.csv").open("w", encoding="utf-8", newline="")
            files[file.stem] = stack.enter_context(opened)
            headings = ",".join(f'"{column.heading}"' for column in file.columns)
            files[file.stem].write(f"{headings}\n")
        files["code"].writelines(_codes())
        chance = random.Random(seed)  # noqa: S311 - invented companies are no secret.
        for place in range(enterprises):
            for stem, text in _entity(place, chance):
                files[stem].write(text)


def iter_named(enterprises: int, seed: int = 1) -> Iterator[tuple[int, str, str]]:
    """Yield number, name and seat of each enterprise of the extract of that size and seed."""
    chance = random.Random(seed)  # noqa: S311 - the same invention as the extract's.
    for place in range(enterprises):
        name, seat = "", ""
        for stem, text in _entity(place, chance):
            if stem == "denomination" and not name:
                name = next(csv.reader([text.partition("\n")[0]]))[3]
            elif stem == "address" and not seat:
                row = next(csv.reader([text]))
                seat = f"{row[7]} {row[9]}\n{row[4]} {row[5]}"
        yield int(printed(4_000_000 + place * 7).replace(".", "")), name, seat


def printed(stem: int) -> str:
    """Return the number with the eight digits `stem` and its check digits, as printed."""
    digits = f"{stem:08d}{97 - stem % 97:02d}"
    if stem < _FIRST:
        return f"{digits[:4]}.{digits[4:7]}.{digits[7:]}"
    return f"{digits[0]}.{digits[1:4]}.{digits[4:7]}.{digits[7:]}"


def _entity(place: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (file, lines) of one enterprise and what belongs to it."""
    own = printed(4_000_000 + place * 7)
    natural = chance.random() < 0.45
    start = date(1960, 1, 1) + timedelta(days=chance.randrange(24_000))
    form = "" if natural else chance.choice(("014", "015", "610", "612", "706"))
    situation = "000" if chance.random() < 0.98 else "050"
    yield (
        "enterprise",
        f'"{own}","AC","{situation}","{1 if natural else 2}",{_quoted(form)},,{start:%d-%m-%Y}\n',
    )
    yield "denomination", _names(own, chance)
    if chance.random() < 0.6:
        yield "address", _address(own, "REGO", chance)
    if chance.random() < 0.65:
        yield "activity", _activities(own, chance, chance.randrange(1, 7))
    if chance.random() < 0.2:
        yield "contact", f'"{own}","ENT","EMAIL","info@firm-{place}.example"\n'
    if chance.random() < 0.85:
        site = printed(20_000_000 + place)
        yield "establishment", f'"{site}",{start:%d-%m-%Y},"{own}"\n'
        yield "address", _address(site, "BAET", chance)
        yield "activity", _activities(site, chance, chance.randrange(1, 5))
        if chance.random() < 0.5:
            yield "denomination", f'"{site}","2","003","{_name(chance)}"\n'
    if chance.random() < 0.002:
        yield "branch", f'"{printed(90_000_000 + place)}",{start:%d-%m-%Y},"{own}"\n'


def _quoted(text: str) -> str:
    return f'"{text}"' if text else ""


def _name(chance: random.Random) -> str:
    name = chance.choice(WORDS) + chance.choice(ENDINGS)
    if chance.random() < 0.6:
        name += " " + chance.choice(WORDS)
    return name if chance.random() > 0.01 else f'{name} ""De Oude""'


def _names(own: str, chance: random.Random) -> str:
    name = _name(chance)
    lines = f'"{own}","2","001","{name}"\n'
    if chance.random() < 0.15:
        lines += f'"{own}","2","002","{name[:4].upper()}"\n'
    if chance.random() < 0.1:
        lines += f'"{own}","1","003","{_name(chance)}"\n'
    return lines


def _address(entity: str, kind: str, chance: random.Random) -> str:
    zipcode, place = chance.choice(PLACES)
    street = chance.choice(STREETS)
    return (
        f'"{entity}","{kind}",,,"{zipcode}","{place}","{place}","{street}","{street}",'
        f'"{chance.randrange(1, 300)}","","",\n'
    )


def _activities(entity: str, chance: random.Random, count: int) -> str:
    lines = []
    for place in range(count):
        code = chance.choice(_CODES)
        kind = "MAIN" if place == 0 or chance.random() < 0.1 else "SECO"
        group = chance.choice(("001", "006"))
        lines.append(f'"{entity}","{group}","2008","{code}","{kind}"\n')
        lines.append(f'"{entity}","{group}","2025","{code}","{kind}"\n')
    return "".join(lines)


def _codes() -> Iterator[str]:
    for language, forms in FORMS.items():
        yield from (
            f'"JuridicalForm","{code}","{language}","{text}"\n' for code, text in forms.items()
        )
    yield '"JuridicalSituation","000","NL","Normale toestand"\n'
    yield '"JuridicalSituation","000","FR","Situation normale"\n'
    yield '"JuridicalSituation","050","NL","Opening van faillissement"\n'
    yield '"JuridicalSituation","050","FR","Ouverture de faillite"\n'
    yield '"Status","AC","NL","Actief"\n'
    yield '"Status","AC","FR","Actif"\n'
    for version in ("Nace2008", "Nace2025"):
        for code, (dutch, french) in NACE.items():
            yield f'"{version}","{code}","NL","{dutch}"\n'
            yield f'"{version}","{code}","FR","{french}"\n'
