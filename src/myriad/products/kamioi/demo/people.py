"""The forty people of the demo's programme, whose names are invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What keeps somebody from saving: a bank that refuses pulls, one that wants a new login, an account
# that is nearly empty, a pause that they asked for.
Trouble = Literal["", "refused", "needs_login", "empty", "paused"]
# With this address one of them signs in.
MEMBER_EMAIL = "member@example.com"
_SIGNS_IN = 1
# So many days they have bought already when the demo begins.
DEMO_DAYS = 34
BANKS = ("Chase", "Bank of America", "Wells Fargo", "Capital One", "Harbor Credit Union")
_NAMES = """
Amara Osei|Ben Whitlock|Carla Mendes|Dmitri Volkov|Elena Rossi|Farid Haddad|Grace Lindqvist
Hiro Tanaka|Ines Moreau|Jonah Pike|Keiko Mori|Liam Doyle|Maya Iyer|Noah Bergstrom|Olga Sidorova
Priya Nair|Quentin Ames|Rosa Delgado|Samuel Adeyemi|Tessa Vandam|Umar Farooq|Vera Novak
Wesley Grant|Ximena Rojas|Yusuf Demir|Zoe Papadakis|Aaron Blum|Bianca Costa|Caleb Stone
Daria Kowalska|Emeka Obi|Freya Holm|Gabriel Santos|Hannah Weiss|Ivan Petrov|Jade Nguyen
Kofi Mensah|Lucia Ferrari|Marcus Reed|Nadia Rahman
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs in at Link under `username`; `balance_minor` is what the account shows."""

    number: int
    name: str
    institution: str
    balance_minor: int
    trouble: Trouble = ""

    @property
    def username(self) -> str:
        """How the simulated Link knows them."""
        return f"demo-{self.number:02d}"

    @property
    def mask(self) -> str:
        """The last digits of their account."""
        return f"{4200 + self.number * 13:04d}"


_TROUBLES: dict[int, Trouble] = {7: "refused", 12: "needs_login", 19: "empty", 27: "paused"}
_EMPTY_MINOR = 1_860


def _people() -> tuple[Person, ...]:
    names = _NAMES.strip().replace("\n", "|").split("|")
    return tuple(
        Person(
            number,
            name,
            BANKS[number % len(BANKS)],
            _EMPTY_MINOR if _TROUBLES.get(number) == "empty" else 42_000 + number * 7_919 % 310_000,
            _TROUBLES.get(number, ""),
        )
        for number, name in enumerate(names, start=1)
    )


PEOPLE = _people()


def signs_in() -> Person:
    """Return who signs in as the demo's member."""
    return next(person for person in PEOPLE if person.number == _SIGNS_IN)
