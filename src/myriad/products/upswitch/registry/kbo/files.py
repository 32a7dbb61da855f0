"""The files of an extract as the KBO publishes them, and the table that each goes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name in the file and in the table.

    A column of numbers (`is_number`) holds ten-digit numbers with check digits, with or without
    dots, one of dates (`is_date`) days as DD-MM-YYYY or nothing. All others are text.
    """

    heading: str
    name: str
    is_number: bool = False
    is_date: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """One file: its stem, table, columns in the published order, and whose rows it holds.

    `owner` is the column whose number says to which enterprise, establishment or branch a row
    belongs; `key` is the column of `*_delete.csv`. `introduces` says that a row makes its first
    column's number known, so that rows of other files may belong to it.
    """

    stem: str
    table: str
    columns: tuple[Column, ...]
    owner: str = ""
    introduces: bool = False

    @property
    def key(self) -> Column:
        """The column by which updates delete."""
        return self.columns[0]


def _number(heading: str, name: str) -> Column:
    return Column(heading, name, is_number=True)


def _date(heading: str, name: str) -> Column:
    return Column(heading, name, is_date=True)


_ENTITY = _number("EntityNumber", "entity")

ENTERPRISE = File(
    "enterprise",
    "kbo_enterprise",
    (
        _number("EnterpriseNumber", "number"),
        Column("Status", "status"),
        Column("JuridicalSituation", "situation"),
        Column("TypeOfEnterprise", "type"),
        Column("JuridicalForm", "form"),
        Column("JuridicalFormCAC", "form_cac"),
        _date("StartDate", "start_date"),
    ),
    introduces=True,
)
ESTABLISHMENT = File(
    "establishment",
    "kbo_establishment",
    (
        _number("EstablishmentNumber", "number"),
        _date("StartDate", "start_date"),
        _number("EnterpriseNumber", "enterprise"),
    ),
    owner="EnterpriseNumber",
    introduces=True,
)
BRANCH = File(
    "branch",
    "kbo_branch",
    (
        _number("Id", "number"),
        _date("StartDate", "start_date"),
        _number("EnterpriseNumber", "enterprise"),
    ),
    owner="EnterpriseNumber",
    introduces=True,
)
DENOMINATION = File(
    "denomination",
    "kbo_denomination",
    (
        _ENTITY,
        Column("Language", "language"),
        Column("TypeOfDenomination", "type"),
        Column("Denomination", "denomination"),
    ),
    owner="EntityNumber",
)
ADDRESS = File(
    "address",
    "kbo_address",
    (
        _ENTITY,
        Column("TypeOfAddress", "type"),
        Column("CountryNL", "country_nl"),
        Column("CountryFR", "country_fr"),
        Column("Zipcode", "zipcode"),
        Column("MunicipalityNL", "municipality_nl"),
        Column("MunicipalityFR", "municipality_fr"),
        Column("StreetNL", "street_nl"),
        Column("StreetFR", "street_fr"),
        Column("HouseNumber", "house_number"),
        Column("Box", "box"),
        Column("ExtraAddressInfo", "extra"),
        _date("DateStrikingOff", "struck_off"),
    ),
    owner="EntityNumber",
)
ACTIVITY = File(
    "activity",
    "kbo_activity",
    (
        _ENTITY,
        Column("ActivityGroup", "activity_group"),
        Column("NaceVersion", "nace_version"),
        Column("NaceCode", "nace_code"),
        Column("Classification", "classification"),
    ),
    owner="EntityNumber",
)
CONTACT = File(
    "contact",
    "kbo_contact",
    (
        _ENTITY,
        Column("EntityContact", "entity_contact"),
        Column("ContactType", "contact_type"),
        Column("Value", "value"),
    ),
    owner="EntityNumber",
)
CODE = File(
    "code",
    "kbo_code",
    (
        Column("Category", "category"),
        Column("Code", "code"),
        Column("Language", "language"),
        Column("Description", "description"),
    ),
)

# Those that introduce numbers come before those whose rows belong to them.
FILES = (ENTERPRISE, ESTABLISHMENT, BRANCH, DENOMINATION, ADDRESS, ACTIVITY, CONTACT, CODE)
# The type of enterprise that is a legal person; 1 is a natural one.
LEGAL_PERSON = 2
# How the version of an extract begins whose companies do not exist.
SIMULATED = "simulated"
