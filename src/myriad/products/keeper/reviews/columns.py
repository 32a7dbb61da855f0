"""Which column of a file of reviews holds what, by the names that exports give them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

SYNONYMS: dict[str, tuple[str, ...]] = {
    "ext_id": (
        *("id", "reviewid", "reviewuid", "externalid", "extid", "uuid", "reviewnumber"),
        *("bewertungsid", "rezensionsid", "idavis"),
    ),
    "stars": (
        *("stars", "star", "rating", "starrating", "score", "reviewrating", "ratingvalue"),
        *("overallrating", "overall", "reviewscore", "ratingoutof5", "ratingstars", "note"),
        *("sterne", "punkte", "etoiles", "estrellas", "calificacion", "puntuacion", "stelle"),
        *("sterren", "waardering", "voto", "valutazione", "bewertung", "beoordeling"),
    ),
    "text": (
        *("text", "reviewtext", "review", "comment", "comments", "reviewcomment", "body"),
        *("reviewbody", "content", "reviewcontent", "feedback", "message", "description"),
        *("kommentar", "rezension", "bewertungstext", "rezensionstext", "commentaire", "texte"),
        *("texteavis", "avis", "comentario", "resena", "opinion", "commento", "recensione"),
        *("opmerking", "recensie", "tekst", "bewertung", "beoordeling"),
    ),
    "title": (
        "title",
        "reviewtitle",
        "headline",
        "subject",
        "summary",
        "titel",
        "titre",
        "titulo",
        "titolo",
    ),
    "author": (
        *("author", "name", "reviewer", "reviewername", "authorname", "customer"),
        *("customername", "client", "clientname", "username", "user", "reviewauthor", "fullname"),
        *("autor", "verfasser", "rezensent", "kunde", "kundenname", "auteur", "nom", "cliente"),
        *("nombre", "autore", "nome", "naam", "klant"),
    ),
    "date": (
        *("date", "reviewdate", "created", "createdat", "createtime", "published", "publishedat"),
        *("publisheddate", "time", "timestamp", "datetime", "posted", "posteddate", "reviewedat"),
        *("dateposted", "submitted", "submittedat", "datecreated", "postedat"),
        *("datum", "bewertungsdatum", "erstelltam", "veroffentlichtam", "datedelavis"),
        *("datedepublication", "fecha", "fechadepublicacion", "data", "datapubblicazione"),
    ),
    "changed": (
        "updated",
        "updatedat",
        "updatetime",
        "modified",
        "modifiedat",
        "lastmodified",
        "geandertam",
    ),
    "reply": (
        *("reply", "response", "ownerresponse", "ownerreply", "replytext", "reviewreply"),
        *("businessresponse", "managementresponse", "replycomment", "responsetext"),
        *("antwort", "reponse", "respuesta", "risposta", "antwoord"),
    ),
    "replied": ("replydate", "replyat", "repliedat", "responsedate", "replytime", "responsetime"),
    "location": ("location", "locationid", "store", "storecode", "branch", "place", "venue"),
    "source": ("source", "platform", "site", "channel", "provider"),
}


def plain(column: str) -> str:
    """Return a column's name without case, accents, spaces and marks: "Étoiles" is "etoiles"."""
    return "".join(c for c in unicodedata.normalize("NFKD", column.casefold()) if c.isalnum())


def find_columns(header: Sequence[str], mapping: Mapping[str, str] | None = None) -> dict[str, int]:
    """Return the place of each field in a header; `mapping` names columns and wins.

    Of several columns for one field the one whose name stands first among the synonyms is taken:
    "Review Text" before "Description". One that is called as texts and ratings both are holds the
    texts. Raises KeyError with what `mapping` names wrongly.
    """
    places = {plain(column): number for number, column in reversed(list(enumerate(header)))}
    found = {
        field: places[name]
        for field, names in SYNONYMS.items()
        for name in reversed(names)
        if name in places
    }
    if "stars" in found and found["stars"] == found.get("text"):
        del found["stars"]
    for field, column in (mapping or {}).items():
        if field not in SYNONYMS or plain(column) not in places:
            raise KeyError(f"{field}={column}")
        found[field] = places[plain(column)]
    return found
