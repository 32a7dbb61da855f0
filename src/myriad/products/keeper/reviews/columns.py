"""Which column of a file of reviews holds what, by the names that exports give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SYNONYMS: dict[str, tuple[str, ...]] = {
    "ext_id": ("id", "reviewid", "reviewuid", "externalid", "extid", "uuid", "reviewnumber"),
    "stars": (
        *("stars", "star", "rating", "starrating", "score", "reviewrating", "ratingvalue"),
        *("overallrating", "overall", "reviewscore", "ratingoutof5", "ratingstars", "note"),
    ),
    "text": (
        *("text", "reviewtext", "review", "comment", "comments", "reviewcomment", "body"),
        *("reviewbody", "content", "reviewcontent", "feedback", "message", "description"),
    ),
    "title": ("title", "reviewtitle", "headline", "subject", "summary"),
    "author": (
        *("author", "name", "reviewer", "reviewername", "authorname", "customer"),
        *("customername", "client", "clientname", "username", "user", "reviewauthor", "fullname"),
    ),
    "date": (
        *("date", "reviewdate", "created", "createdat", "createtime", "published", "publishedat"),
        *("publisheddate", "time", "timestamp", "datetime", "posted", "posteddate", "reviewedat"),
        *("dateposted", "submitted", "submittedat", "datecreated", "postedat"),
    ),
    "changed": ("updated", "updatedat", "updatetime", "modified", "modifiedat", "lastmodified"),
    "reply": (
        *("reply", "response", "ownerresponse", "ownerreply", "replytext", "reviewreply"),
        *("businessresponse", "managementresponse", "replycomment", "responsetext"),
    ),
    "replied": ("replydate", "replyat", "repliedat", "responsedate", "replytime", "responsetime"),
    "location": ("location", "locationid", "store", "storecode", "branch", "place", "venue"),
    "source": ("source", "platform", "site", "channel", "provider"),
}


def plain(column: str) -> str:
    """Return a column's name without case, spaces and marks: "Review Text" is "reviewtext"."""
    return "".join(c for c in column.casefold() if c.isalnum())


def find_columns(header: Sequence[str], mapping: Mapping[str, str] | None = None) -> dict[str, int]:
    """Return the place of each field in a header; `mapping` names columns and wins.

    Of several columns for one field the one whose name stands first among the synonyms is taken:
    "Review Text" before "Description". Raises KeyError with what `mapping` names wrongly.
    """
    places = {plain(column): number for number, column in reversed(list(enumerate(header)))}
    found = {
        field: places[name]
        for field, names in SYNONYMS.items()
        for name in reversed(names)
        if name in places
    }
    for field, column in (mapping or {}).items():
        if field not in SYNONYMS or plain(column) not in places:
            raise KeyError(f"{field}={column}")
        found[field] = places[plain(column)]
    return found
