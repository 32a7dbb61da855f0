"""The Keeper screens: an endpoint is a signature and one call.

`views` says what each shows, `words` makes its sentences, `figures` its charts, `screens` draws it.
"""

from myriad.products.keeper.pages import (
    auditing,
    calling,
    connecting,
    granting,
    noticing,
    operating,
    pairs,
    patterning,
    people,
    preferring,
    proving,
    reading,
    reviews,
    staff,
    unsubscribing,
    what_if,
)
from myriad.products.keeper.pages.route import page_router

router = page_router()
# `granting` stands before `reading`: /reports/{id}.pdf would else be read as an id.
for part in (
    calling,
    people,
    pairs,
    granting,
    reading,
    connecting,
    preferring,
    auditing,
    noticing,
    operating,
    reviews,
    proving,
    staff,
    patterning,
    what_if,
    unsubscribing,
):
    router.include_router(part.router)

__all__ = ["router"]
