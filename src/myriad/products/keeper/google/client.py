"""What Keeper asks of Google Business Profile: accounts, locations, reviews, and answers to them.

`accounts.locations.reviews` of the Business Profile API v4: at most 50 reviews a page, ordered by
`updateTime desc`, `nextPageToken` absent on the last page. Reviews exist for verified locations.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from myriad.products.keeper.google.errors import GoogleAnswerError
from myriad.products.keeper.google.hosts import Hosts
from myriad.products.keeper.google.policy import GOOGLE
from myriad.products.keeper.google.transport import Json, Transport
from myriad.scale.limits import AimdLimiter, Asking, Breaker, Patience, connection_options

PAGE = 50
TIMEOUT_SECONDS = 20.0
NOTIFICATIONS = ("NEW_REVIEW", "UPDATED_REVIEW")
_LIST_PAGE = 100
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """One page of reviews as Google sent them, and what it says of all of them."""

    items: list[Json]
    next_token: str | None
    total: int | None
    average: float | None


@dataclass(frozen=True, slots=True)
class PlaceOnGoogle:
    """A location: its resource name (`accounts/…/locations/…`), title, and whether it is verified."""

    name: str
    title: str
    verified: bool


@dataclass(frozen=True)
class GoogleClient:
    """Speaks for one Google account. Methods raise the errors of `google.errors`."""

    hosts: Hosts
    transport: Transport

    async def accounts(self) -> list[Json]:
        """Return the business accounts that the permission reaches."""
        return await self._list(f"{self.hosts.accounts}/v1/accounts", "accounts", pageSize=20)

    async def places(self, account: str) -> list[PlaceOnGoogle]:
        """Return every location of an account."""
        found = await self._list(
            f"{self.hosts.information}/v1/{account}/locations",
            "locations",
            pageSize=_LIST_PAGE,
            readMask="name,title,metadata",
        )
        return [
            PlaceOnGoogle(
                name=f"{account}/{item['name']}",
                title=str(item.get("title") or item["name"]),
                verified=bool((item.get("metadata") or {}).get("hasVoiceOfMerchant")),
            )
            for item in found
            if isinstance(item.get("name"), str)
        ]

    async def reviews(self, place: str, token: str | None = None) -> ReviewPage:
        """Return a page of a location's reviews, the last changed first."""
        asked: Json = {"pageSize": PAGE, "orderBy": "updateTime desc"}
        if token is not None:
            asked["pageToken"] = token
        answer = await self.transport.send(
            "GET", f"{self.hosts.reviews}/v4/{place}/reviews", params=asked
        )
        return ReviewPage(
            items=_items(answer, "reviews"),
            next_token=answer.get("nextPageToken") or None,
            total=answer.get("totalReviewCount"),
            average=answer.get("averageRating"),
        )

    async def review(self, name: str) -> Json:
        """Return one review; raises ReviewGoneError."""
        return await self.transport.send("GET", f"{self.hosts.reviews}/v4/{name}")

    async def update_reply(self, name: str, comment: str) -> Json:
        """Publish or replace the answer to a review; doing it twice leaves one answer."""
        url = f"{self.hosts.reviews}/v4/{name}/reply"
        return await self.transport.send("PUT", url, json={"comment": comment})

    async def delete_reply(self, name: str) -> None:
        """Take the answer to a review back."""
        await self.transport.send("DELETE", f"{self.hosts.reviews}/v4/{name}/reply")

    async def subscribe(self, account: str, topic: str) -> None:
        """Have new and changed reviews of an account told to a Pub/Sub topic."""
        await self.transport.send(
            "PATCH",
            f"{self.hosts.notifications}/v1/{account}/notificationSetting",
            params={"updateMask": "pubsubTopic,notificationTypes"},
            json={"pubsubTopic": topic, "notificationTypes": list(NOTIFICATIONS)},
        )

    async def _list(self, url: str, field: str, **asked: Any) -> list[Json]:
        found: list[Json] = []
        for _ in range(_MOST_PAGES):
            answer = await self.transport.send("GET", url, params=asked)
            found += _items(answer, field)
            token = answer.get("nextPageToken")
            if not token or token == asked.get("pageToken"):
                break
            asked["pageToken"] = token
        return found


def _items(answer: Json, field: str) -> list[Json]:
    items = answer.get(field, [])
    if not isinstance(items, list):
        raise GoogleAnswerError(f"Google's answer has no list of {field}")
    return [item for item in items if isinstance(item, dict)]


@asynccontextmanager
async def open_client(
    *,
    base_url: str,
    token: str,
    account: str,
    limiter: AimdLimiter,
    breaker: Breaker,
    patience: Patience | None = None,
) -> AsyncIterator[GoogleClient]:
    """Open a client for one account and close its connections at the end."""
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, **connection_options(base_url)) as http:
        asking = Asking(GOOGLE, f"google:{account}", limiter, breaker, patience or Patience())
        yield GoogleClient(Hosts.of(base_url), Transport(http, token, asking))
