"""Judging stored reviews again after a model was trained: by a job, in batches, telling how far.

Nobody is alerted anew: an alert is for what a customer has just said, and these are old words.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

from myriad.products.keeper.judging import JUDGES
from myriad.products.keeper.opinions import chance_negative
from myriad.products.keeper.queueing import enqueue_run
from myriad.products.keeper.repository.rejudging import (
    count_texts,
    list_accounts_with_texts,
    load_texts_after,
)
from myriad.products.keeper.repository.review_intake import store_scores
from myriad.products.keeper.square.work import Work
from myriad.scale.data import Session
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.runtime import Runtime

REJUDGE_TASK = "keeper.reviews.rejudge"
BATCH = 500
_SAME = 1e-9


async def enqueue_rejudging(session: Session) -> UUID:
    """Queue judging the account's reviews again; several wishes at once are one job."""
    return await enqueue(session, REJUDGE_TASK, {}, dedup_key="rejudge")


async def enqueue_for_all(runtime: Runtime) -> int:
    """Queue it for every account that has a text to judge; return for how many."""
    async with runtime.database.crossing("judge every account's reviews again") as session:
        tenants = await list_accounts_with_texts(session)
    for tenant_id in tenants:
        async with runtime.database.session(tenant_id) as session:
            await enqueue_rejudging(session)
    return len(tenants)


async def rejudge(work: Work) -> int:
    """Judge every stored text by the present model; return how many chances changed.

    Each batch is a transaction, so that it goes on where it stopped costing no more than one.
    """
    total, done, changed = await count_texts(work.session), 0, 0
    after: UUID | None = None
    while rows := await load_texts_after(work.session, after, BATCH):
        judge = await JUDGES.get(work.session)
        chances = await asyncio.to_thread(chance_negative, [row["text"] for row in rows], judge)
        judged = [
            {"id": row["id"], "p_negative": chance}
            for row, chance in zip(rows, chances, strict=True)
            if row["p_negative"] is None or abs(row["p_negative"] - chance) > _SAME
        ]
        await store_scores(work.session, judged)
        done, changed, after = done + len(rows), changed + len(judged), rows[-1]["id"]
        await work.progress(done, total, "Reading reviews again")
        await work.checkpoint()
    if changed:
        await enqueue_run(work.session, agent="review")
    return changed
