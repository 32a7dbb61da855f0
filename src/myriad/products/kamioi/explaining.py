"""Why this stock: from the raw string to the share that stood for its brand on that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from myriad.products.kamioi.facts.loading import World
from myriad.products.kamioi.facts.owning import Owned
from myriad.products.kamioi.mapping.confidence import band, first_confidence
from myriad.products.kamioi.mapping.matching import Match


@dataclass(frozen=True, slots=True)
class Explained:
    """One string's way; `steps` are sentences in their order."""

    raw: str
    norm: str
    processor: str
    brand: str
    company: str
    ticker: str
    confidence: float
    band: str
    method: str
    steps: tuple[str, ...]

    @property
    def why(self) -> str:
        """The steps as one text."""
        return "; ".join(self.steps)


def explain(
    world: World,
    raw: str,
    day: date,
    *,
    category: str | None = None,
    mcc: str | None = None,
    country: str | None = None,
) -> Explained:
    """Return what a purchase written as `raw` on `day` stands for, and why."""
    match = world.matcher.match(raw, category=category, mcc=mcc, country=country)
    return explain_match(world, raw, match, day)


def explain_match(world: World, raw: str, match: Match, day: date) -> Explained:
    """Return the same of a match that is there already."""
    steps = [f"read as “{match.normal.norm}”"]
    if match.normal.processor:
        steps.append(f"paid through {match.normal.processor}")
    steps.append(match.why)
    confidence = first_confidence(match.method, match.score)
    owned = Owned("unknown")
    name = ""
    if match.brand is not None:
        brand = world.book.brands[match.brand]
        name, owned = brand.name, world.owners.on(brand.key, day)
        steps.append(_of_owner(name, owned, day))
    return Explained(
        raw=raw,
        norm=match.normal.norm,
        processor=match.normal.processor or "",
        brand=name,
        company=owned.owner,
        ticker=owned.ticker,
        confidence=confidence,
        band=band(confidence),
        method=match.method,
        steps=tuple(steps),
    )


def _of_owner(name: str, owned: Owned, day: date) -> str:
    if owned.state == "unknown":
        return f"nobody states who owned {name} on {day}"
    if owned.state == "private":
        return f"on {day} {name} belonged to {owned.owner}, which has no share to buy"
    if owned.state == "unlisted":
        return f"on {day} {name} belonged to {owned.owner}, which stood on no exchange"
    stood = f"on {day} {name} belonged to {owned.owner}, {owned.ticker} ({owned.source})"
    return stood if owned.state == "listed" else f"{stood}, now {owned.state}"
