"""The Keeper screens: an endpoint is a signature and one call.

`views` says what each shows, `words` makes its sentences, `figures` its charts, `screens` draws it.
"""

from myriad.products.keeper.pages import calling, connecting, pairs, people, reading
from myriad.products.keeper.pages.route import page_router

router = page_router()
for part in (calling, people, pairs, reading, connecting):
    router.include_router(part.router)

__all__ = ["router"]
