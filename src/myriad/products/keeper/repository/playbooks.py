"""Which kind of call brings people back, as the Proof screen shows it: own people and peers."""

from __future__ import annotations

from collections.abc import Sequence

from myriad.products.keeper.proof.playbooks import pooled_uplift
from myriad.products.keeper.repository.network_calls import PeerCalls, arms_of, list_peer_calls
from myriad.products.keeper.repository.sql import Row, get
from myriad.products.keeper.views.proof import PeerCallsRow, PlaybookRow, ShareBounds
from myriad.scale.data import ReadSession


async def find_peers(session: ReadSession, vertical: str) -> tuple[bool, tuple[PeerCalls, ...]]:
    """Return whether the account has joined the network, and what others see there.

    Who does not lend sees nothing of those who do.
    """
    if not (await get(session, "network_place"))["network_opt_in"]:
        return False, ()
    return True, await list_peer_calls(session, vertical)


def playbook_rows(
    rows: Sequence[Row], peers: Sequence[PeerCalls], *, measured: bool
) -> tuple[PlaybookRow, ...]:
    """Return the account's kinds of call from rows of `effect_totals`, leaning on peers' shares.

    Before anything is `measured` only the kinds that peers know are told.
    """
    priors = {peer.playbook: peer.priors for peer in peers if peer.priors}
    groups = [
        arms
        for arms in arms_of(rows)
        if arms.playbook in priors or (measured and (arms.called[1] or arms.held_out[1]))
    ]
    return tuple(
        PlaybookRow(
            playbook=found.playbook,
            called=found.called,
            held_out=found.held_out,
            uplift=ShareBounds.of(found.uplift),
            leans_on=found.leans_on,
        )
        for found in pooled_uplift(groups, priors)
    )


def peer_rows(peers: Sequence[PeerCalls]) -> tuple[PeerCallsRow, ...]:
    """Return what peers see as the screen shows it."""
    return tuple(
        PeerCallsRow(
            playbook=peer.playbook,
            accounts=peer.accounts,
            uplift=ShareBounds.of(peer.uplift) if peer.uplift else None,
            withheld=peer.withheld,
        )
        for peer in peers
    )
