"""Names, staff, and the price list."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from myriad.products.keeper.square.simulator.world import square_id


@dataclass(frozen=True)
class Service:
    """Something on the menu: minutes (0 for retail) and price in cents."""

    name: str
    minutes: int
    cents: int
    weight: float


@dataclass(frozen=True)
class Habit:
    """How often a next date is made at a visit's end, an article goes along; tips to the usual."""

    checkout: float
    retail: float
    tip: float


SERVICES = (
    Service("Swedish massage 60", 60, 9_500, 5),
    Service("Deep tissue massage 90", 90, 13_500, 3),
    Service("Signature facial", 60, 11_000, 4),
    Service("Express facial", 30, 6_500, 2),
    Service("Manicure", 45, 4_000, 4),
    Service("Pedicure", 60, 5_500, 4),
    Service("Brow and lip wax", 30, 3_500, 3),
    Service("Body scrub", 75, 12_000, 1),
)
RETAIL = (
    Service("Vitamin C serum", 0, 4_800, 3),
    Service("Bath oil", 0, 2_400, 3),
    Service("Soy candle", 0, 3_200, 2),
    Service("Hand cream", 0, 1_650, 4),
)
STAFF = (
    ("Nora", "Alder"),
    ("Tomas", "Reyes"),
    ("Priya", "Shah"),
    ("Jade", "Okafor"),
    ("Lena", "Kowalski"),
    ("Mei", "Tanaka"),
)
# In the order of STAFF: what Keeper's measures of staff should find again, and nothing else.
HABITS = (
    Habit(0.20, 0.18, 1.0),
    Habit(0.55, 0.16, 1.0),
    Habit(0.22, 0.34, 1.0),
    Habit(0.25, 0.15, 1.15),
    Habit(0.20, 0.17, 1.0),
    Habit(0.06, 0.08, 1.0),
)
# What really goes together at this spa, for the search of patterns to find again, and nothing else:
# a service and what is added to it in the same visit, with the chance; an article that is wanted
# so many times as much after a service; a service and what is chosen at the next visit, with the
# chance, where otherwise every visit is drawn anew.
ADDED = {"Manicure": ("Pedicure", 0.32), "Brow and lip wax": ("Express facial", 0.22)}
WANTED = {"Signature facial": ("Vitamin C serum", 8.0), "Swedish massage 60": ("Bath oil", 4.0)}
FOLLOWED = {
    "Deep tissue massage 90": ("Body scrub", 0.22),
    "Signature facial": ("Brow and lip wax", 0.18),
}
GIVEN = (  # noqa: SIM905 - shorter to read than sixty quoted words
    "Maria Anna Emma Olivia Sofia Grace Chloe Hannah Julia Laura Sarah Rachel Megan Katherine "
    "Elizabeth Margaret Susan Patricia Linda Barbara Jennifer Jessica Amanda Melissa Deborah "
    "Stephanie Rebecca Nicole Samantha Victoria Alicia Carmen Rosa Yuki Aisha Fatima Ingrid Eva "
    "Nadia Leila Michael David James Robert Daniel Thomas Andrew Joseph Samuel Peter Luis Carlos "
    "Omar Kevin Brian Mark Steven Eric Paul Diego"
).split()
FAMILY = (  # noqa: SIM905 - shorter to read than a hundred quoted words
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez "
    "Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris "
    "Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill "
    "Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips "
    "Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers "
    "Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson "
    "Watson Brooks Chavez Wood Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders "
    "Patel Myers Long Ross Foster Jimenez Novak Lindqvist Haddad Oyelaran Fitzgerald Beaumont"
).split()
AREA_CODES = (201, 203, 212, 215, 267, 302, 315, 332, 347, 401, 410, 413, 443, 475, 484, 508)


def dice(*key: object) -> Random:
    """Return repeatable dice that depend on `key` alone."""
    return Random("|".join(map(str, key)))  # noqa: S311 - a repeatable world, not secrecy


def member_id(seed: int, number: int) -> str:
    """Return the id of a member of staff."""
    return "TM" + square_id("staff", seed, number, length=14)


def catalog_id(service: Service) -> str:
    """Return the catalog id of something on the menu."""
    return square_id("catalog", service.name, length=24)


def pick(roll: Random, menu: tuple[Service, ...]) -> Service:
    """Draw from a menu by weight."""
    return roll.choices(menu, [service.weight for service in menu])[0]


def pick_article(roll: Random, service: Service) -> Service:
    """Draw an article, with what this service makes people want."""
    name, times = WANTED.get(service.name, ("", 1.0))
    return roll.choices(RETAIL, [a.weight * (times if a.name == name else 1.0) for a in RETAIL])[0]


def added(roll: Random, service: Service) -> Service | None:
    """Draw whether a second service is added to the first in the same visit, and which."""
    return _draw(roll, ADDED.get(service.name))


def followed(roll: Random, service: Service) -> Service | None:
    """Draw whether a service leads to another at the next visit, and which."""
    return _draw(roll, FOLLOWED.get(service.name))


def _draw(roll: Random, habit: tuple[str, float] | None) -> Service | None:
    if habit is None or roll.random() >= habit[1]:
        return None
    return next(service for service in SERVICES if service.name == habit[0])
