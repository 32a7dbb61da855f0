"""Companies of the register, found and shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a company has its seat; parts that the register lacks are None."""

    street: str | None = None
    number: str | None = None
    box: str | None = None
    zipcode: str | None = None
    municipality: str | None = None
    country: str | None = None

    @property
    def line(self) -> str:
        """The address in one line."""
        house = " ".join(part for part in (self.street, self.number) if part)
        house += f" bus {self.box}" if house and self.box else ""
        place = " ".join(part for part in (self.zipcode, self.municipality) if part)
        return ", ".join(part for part in (house, place) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedText:
    """A code of the register and what it means, the code again when nothing says so."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """An extract that is being loaded: `done` of `total` parts, in the file or step `step`."""

    number: int
    step: str
    done: int
    total: int

    @property
    def words(self) -> str:
        """What is done now, in words."""
        if self.step.endswith(".csv"):
            return f"reading {self.step}"
        return "making it searchable" if self.step else "beginning"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryState:
    """How fresh the register is here: None of a date means that nothing was loaded yet.

    `is_invented` is the demo's, whose companies do not exist.
    """

    snapshot_date: date | None = None
    extract_number: int | None = None
    source: str = ""
    is_invented: bool = False
    loading: Loading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRow:
    """A company in a list. `number` is as printed; not `is_ordinary` is one in trouble."""

    number: str
    name: str
    legal_form: str | None = None
    is_ordinary: bool = True
    municipality: str | None = None
    zipcode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompaniesView:
    """What a search found, the likeliest first; `note` says what to do when it found nothing."""

    query: str
    rows: tuple[CompanyRow, ...]
    registry: RegistryState
    note: str = ""
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyView:
    """A company's card. More than one of `activities` means that the register names several.

    `situation` is the legal situation; where it is not the ordinary one, `warning` says what that
    means for a valuation. `is_financial` companies are not valued by their free cash flow.
    """

    number: str
    vat: str
    name: str
    names: tuple[str, ...]
    legal_form: CodedText | None
    situation: CodedText | None
    warning: str
    start_date: date | None
    address: Address | None
    activities: tuple[CodedText, ...]
    is_financial: bool
    establishments: int
    snapshot_date: date
    source: str = ""
