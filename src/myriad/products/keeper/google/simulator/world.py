"""The businesses that one simulated Google holds, their locations and reviews."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from myriad.kit.clock import utc_now

Json = dict[str, Any]
STARS = ("ONE", "TWO", "THREE", "FOUR", "FIVE")


def opaque(*parts: object, length: int = 32) -> str:
    """Return an opaque id that depends on `parts` alone."""
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=20).hexdigest()[:length]


def number(*parts: object) -> str:
    """Return a numeric id in Google's manner that depends on `parts` alone."""
    return str(int(opaque(*parts, length=15), 16) % 10**18)


def timestamp(moment: datetime) -> str:
    """Return RFC 3339 in UTC with microseconds, as Google writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass
class Spot:
    """One location: `verified` decides whether reviews of it are shown at all."""

    name: str
    title: str
    verified: bool = True
    reviews: dict[str, Json] = field(default_factory=dict)

    def put(
        self,
        review_id: str,
        *,
        stars: int,
        comment: str,
        author: str,
        created: datetime,
        updated: datetime | None = None,
    ) -> Json:
        """Add or replace a review of 1 to 5 stars and return it."""
        name = f"{self.name}/reviews/{review_id}"
        old = self.reviews.get(name, {})
        anonymous = {"isAnonymous": True, "displayName": "A Google User"}
        self.reviews[name] = {
            "name": name,
            "reviewId": review_id,
            "reviewer": {"displayName": author} if author else anonymous,
            "starRating": STARS[stars - 1],
            "createTime": old.get("createTime") or timestamp(created),
            "updateTime": timestamp(updated or created),
            **({"comment": comment} if comment else {}),
            **({"reviewReply": old["reviewReply"]} if "reviewReply" in old else {}),
        }
        return self.reviews[name]

    def newest_first(self) -> list[Json]:
        """Return the reviews by time of change, the last changed first."""
        order = sorted(self.reviews.values(), key=lambda item: item["name"])
        return sorted(order, key=lambda item: str(item["updateTime"]), reverse=True)

    @property
    def average(self) -> float:
        """The mean of the stars, 0 without reviews."""
        stars = [STARS.index(item["starRating"]) + 1 for item in self.reviews.values()]
        return round(sum(stars) / len(stars), 1) if stars else 0.0


@dataclass
class Business:
    """One business account, `accounts/…`, and its locations by resource name."""

    name: str
    title: str
    spots: dict[str, Spot] = field(default_factory=dict)

    def add(self, title: str, *, verified: bool = True) -> Spot:
        """Add a location and return it."""
        name = f"{self.name}/locations/{number(self.name, title)}"
        self.spots[name] = Spot(name, title, verified)
        return self.spots[name]


@dataclass
class GoogleWorld:
    """Everything behind the simulated APIs."""

    businesses: dict[str, Business] = field(default_factory=dict)
    clock: Callable[[], datetime] = utc_now

    def add(self, title: str) -> Business:
        """Add a business account and return it."""
        name = f"accounts/{number(title)}"
        self.businesses[name] = Business(name, title)
        return self.businesses[name]

    @property
    def first(self) -> Business:
        """The business that calls mean when they name none."""
        return next(iter(self.businesses.values()))

    def spot(self, name: str) -> Spot | None:
        """Return the location of that resource name, or None."""
        business = self.businesses.get("/".join(name.split("/")[:2]))
        return business.spots.get(name) if business else None
