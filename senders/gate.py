"""How does a message get leave to go? Fence, check, reserve: the only way to a send.

    take ──► fence ──► check and reserve ──► SMTP … lease still fresh? DATA ──► settle, or release
               │                │                              │
               └ late: put off  └ suppressed(reason)           └ no: release, and back to the fence

Law 1  The check sees every purchase and withdrawal that Kafka acknowledged before the fence began.
Law 2  It is made on every attempt anew, and the message is reserved in the same step.
Law 3  No answer in time puts the message off. It neither drops nor sends it.

The ledger's place is between reserving and SMTP: an INTENT, acknowledged, before the first byte of DATA; its result after.
"""

from collections.abc import Iterable

from schemas.relaunch import Relaunch
from senders.fence import Fence, FenceTimeout, Lease
from streams.core.identity import CART, CONTACT, VISITOR, subject
from streams.stores.ports import AlreadyReserved, AlreadySettled, Request, SuppressionTable, Verdict

#: How old a fence may be when the message's body starts to leave.
LEASE_S = 5.0


class Gate:
    """Admits relaunches, each after a fence."""

    def __init__(self, fence: Fence, table: SuppressionTable) -> None:
        self._fence = fence
        self._table = table

    async def lease(self) -> Lease:
        """Return a lease that may serve every message taken before it. Raises `FenceTimeout`."""
        return await self._fence.passed()

    async def admit(self, relaunch: Relaunch, lease: Lease, *, now_ms: int) -> Verdict:
        """Check and reserve, on every attempt anew; `now_ms` is the wall clock, UTC.

        Raises `FenceTimeout` if the lease is too old to send under, and `StoreError`: send nothing.
        """
        if not self.lease_is_fresh(lease):
            raise FenceTimeout(f"the fence was passed {lease.age():.1f} s ago")
        return await self._table.reserve(_request(relaunch, now_ms))

    async def taken(self, relaunch: Relaunch) -> AlreadyReserved | AlreadySettled | None:
        """Return what is known of an earlier attempt, for a relaunch that is not to be admitted; None if there was none."""
        return await self._table.taken(relaunch.relaunch_id)

    def lease_is_fresh(self, lease: Lease) -> bool:
        """Say whether a body may still leave under a lease; to be asked right before DATA."""
        return lease.age() <= LEASE_S

    async def settle(self, relaunch: Relaunch, result: str) -> None:
        """Note what became of a relaunch that was admitted."""
        await self._table.settle(relaunch.relaunch_id, result)

    async def release(self, relaunch: Relaunch) -> None:
        """Give back a relaunch that was admitted and certainly not sent, for another attempt."""
        await self._table.release(relaunch.relaunch_id)


def _request(relaunch: Relaunch, now_ms: int) -> Request:
    shop_id = relaunch.shop_id
    return Request(
        relaunch_id=relaunch.relaunch_id,
        contact=subject(CONTACT, shop_id, relaunch.contact_id),
        identities=tuple(_identities(relaunch)),
        channel=relaunch.channel,
        scenario=relaunch.scenario,
        trigger_at=relaunch.trigger_at,
        once_per_ms=relaunch.once_per,
        now_ms=now_ms,
    )


def _identities(relaunch: Relaunch) -> Iterable[bytes]:
    """Return every device of the contact, the one of the episode first, and the cart."""
    for visitor_id in dict.fromkeys((relaunch.visitor_id, *relaunch.visitor_ids)):
        yield subject(VISITOR, relaunch.shop_id, visitor_id)
    if relaunch.cart_id is not None:
        yield subject(CART, relaunch.shop_id, relaunch.cart_id)
