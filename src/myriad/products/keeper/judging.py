"""Which model judges an account's reviews: the lexicon, or the trained one where it may.

The stored model is read once and again when it changes. What an account's own stars say (the gate
and the base rate, see `reviews.transfer`) is kept for a while once there are enough of them.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from myriad.products.keeper.opinions import Judge, make_judge
from myriad.products.keeper.repository.sentiment import load_starred
from myriad.products.keeper.reviews.errors import SentimentModelError
from myriad.products.keeper.reviews.model import SentimentModel
from myriad.products.keeper.reviews.stored import CURRENT, load_model
from myriad.scale.data import ReadSession
from myriad.scale.observe.logs import get_logger
from myriad.scale.tenancy import TenantId, current_tenant

NEWEST_REVIEWS = 500
KEEP_FROM_REVIEWS = 100
KEEP_SECONDS = 900.0
_MOST_KEPT = 1_000
_log = get_logger(__name__)


def model_folder(home: Path | None = None) -> Path:
    """Return where the sentiment model is stored: in the installation's home."""
    return (home or Path(os.environ.get("MYRIAD_HOME", ".myriad"))) / "keeper" / "sentiment"


@dataclass
class Judges:
    """The judges of the accounts that this process has lately met."""

    home: Path | None = None
    _model: SentimentModel | None = None
    _model_stamp: tuple[int, int] | None = None
    _kept: dict[TenantId, tuple[float, Judge]] = field(default_factory=dict)

    async def get(self, session: ReadSession) -> Judge:
        """Return the judge of the acting tenant, from its newest starred reviews."""
        model = await asyncio.to_thread(self._current_model)
        tenant = current_tenant()
        kept = self._kept.get(tenant)
        if kept and kept[0] > time.monotonic() and kept[1].model is model:
            return kept[1]
        starred = await load_starred(session, NEWEST_REVIEWS)
        judge = await asyncio.to_thread(make_judge, starred, model)
        if len(starred) >= KEEP_FROM_REVIEWS:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[tenant] = time.monotonic() + KEEP_SECONDS, judge
        return judge

    def _current_model(self) -> SentimentModel | None:
        folder = model_folder(self.home)
        try:
            found = (folder / CURRENT).stat()
        except OSError:
            self._model = self._model_stamp = None
            return None
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._model_stamp:
            self._model, self._model_stamp = _load(folder), stamp
        return self._model


def _load(folder: Path) -> SentimentModel | None:
    # A damaged file must not keep reviews out: the lexicon judges until it is trained again.
    try:
        return load_model(folder)
    except SentimentModelError as error:
        _log.warning("keeper.sentiment_model_unusable", reason=error.detail)
        return None


JUDGES = Judges()
