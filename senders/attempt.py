"""What becomes of one attempt at a relaunch?

Exactly one outcome, or it is put off. Nothing is sent that was not composed, admitted by the gate, and still under a fresh lease when
the body leaves.
"""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.message import EmailMessage
from typing import Literal, NamedTuple, assert_never

import structlog

from schemas.contact import Contact
from schemas.outcome import Outcome
from schemas.relaunch import Relaunch
from senders import unsubscribe
from senders.email_smtp import SmtpPool
from senders.errors import Misconfigured, NeverSend, Reason, TryAgain, Unknown
from senders.fence import FenceTimeout, Lease
from senders.gate import Gate
from senders.lookup import Lookup
from senders.message import compose
from senders.render import render
from senders.shops import Shop
from streams.stores.errors import StoreError, StoreUnavailable
from streams.stores.ports import AlreadyReserved, AlreadySettled, Reserved, Suppressed

log = structlog.get_logger()

AT_ONCE = timedelta(0)
SOON = timedelta(seconds=1)


class PutOff(NamedTuple):
    """Not now: try again, with a new fence, after this long."""

    after: timedelta
    reason: Reason


class EmailAttempt:
    """Attempts e-mails, one at a time or many at once."""

    def __init__(
        self,
        gate: Gate,
        pool: SmtpPool,
        contacts: Lookup,
        products: Lookup,
        shops: Mapping[str, Shop],
        public_url: str,
        secret: bytes,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._gate = gate
        self._pool = pool
        self._contacts = contacts
        self._products = products
        self._shops = shops
        self._public_url = public_url
        self._secret = secret
        self._wall_ms = wall_ms
        #: Not sent, and yet still reserved, because the table did not answer.
        self._unreleased: set[str] = set()

    async def __call__(self, relaunch: Relaunch, lease: Lease) -> Outcome | PutOff:
        """Attempt one relaunch under a lease. Raises `Misconfigured` when no message can be sent at all."""
        if relaunch.relaunch_id in self._unreleased:
            return await self._put_off(relaunch, PutOff(AT_ONCE, Reason.GATE_CLOSED))
        if self._wall_ms() >= relaunch.expires_at:
            return await self._unless_taken(relaunch, self.outcome(relaunch, "expired", Reason.TOO_LATE))
        try:
            contact, shop = self._addressee(relaunch)
            message = self._composed(relaunch, contact, shop)
            verdict = await self._gate.admit(relaunch, lease, now_ms=self._wall_ms())
        except NeverSend as refusal:
            return await self._unless_taken(relaunch, self.outcome(relaunch, "dead", refusal.reason))
        except (FenceTimeout, StoreUnavailable):
            return PutOff(SOON, Reason.GATE_CLOSED)
        match verdict:
            case Reserved():
                return await self._send(relaunch, lease, message, shop, str(contact.email))
            case Suppressed(reason, evidence):
                return self.outcome(relaunch, "suppressed", reason, evidence)
            case AlreadySettled() | AlreadyReserved():
                return self._before(relaunch, verdict)
            case _:
                assert_never(verdict)

    async def _unless_taken(self, relaunch: Relaunch, ended: Outcome) -> Outcome | PutOff:
        """End a relaunch that is not to be admitted: by now it is too late, but an earlier attempt may have sent it."""
        try:
            before = await self._gate.taken(relaunch)
        except StoreUnavailable:
            return PutOff(SOON, Reason.GATE_CLOSED)
        return ended if before is None else self._before(relaunch, before)

    def _before(self, relaunch: Relaunch, before: AlreadySettled | AlreadyReserved) -> Outcome:
        if isinstance(before, AlreadySettled):
            return Outcome.model_validate_json(before.result)
        return self.outcome(relaunch, "unknown", Reason.INTERRUPTED)

    def outcome(
        self,
        relaunch: Relaunch,
        word: Literal["sent", "suppressed", "expired", "dead", "unknown"],
        reason: str | None = None,
        evidence: tuple[str, ...] = (),
        message_id: str | None = None,
    ) -> Outcome:
        """Return how a relaunch ended, now."""
        return Outcome(
            v=1,
            event_id=f"{relaunch.event_id}/{word}",
            shop_id=relaunch.shop_id,
            occurred_at=self._wall_ms(),
            relaunch_id=relaunch.relaunch_id,
            contact_id=relaunch.contact_id,
            scenario=relaunch.scenario,
            step=relaunch.step,
            attempt=relaunch.attempt,
            channel=relaunch.channel,
            outcome=word,
            reason=reason and str(reason),
            evidence=(*relaunch.evidence, *evidence),
            message_id=message_id,
        )

    def _addressee(self, relaunch: Relaunch) -> tuple[Contact, Shop]:
        shop = self._shops.get(relaunch.shop_id)
        if shop is None:
            raise NeverSend(Reason.UNKNOWN_SHOP)
        contact = self._contacts.contact(relaunch.shop_id, relaunch.contact_id)
        if contact is None or contact.email is None:
            raise NeverSend(Reason.NO_ADDRESS)
        return contact, shop

    def _composed(self, relaunch: Relaunch, contact: Contact, shop: Shop) -> EmailMessage:
        wish = unsubscribe.Unsubscription(relaunch.shop_id, relaunch.contact_id, relaunch.channel, "marketing")
        link = unsubscribe.address(self._public_url, unsubscribe.token(wish, self._secret))
        found = {line.product_id: self._products.product(relaunch.shop_id, line.product_id) for line in relaunch.lines}
        products = {product_id: product for product_id, product in found.items() if product is not None}
        rendered = render(relaunch, contact, shop, products, link)
        return compose(rendered, contact, shop, relaunch, link, at=self._wall_ms())

    async def _send(
        self, relaunch: Relaunch, lease: Lease, message: EmailMessage, shop: Shop, recipient: str
    ) -> Outcome | PutOff:
        """Hand a reserved message over, and note in the table what came of it."""

        async def still_fresh() -> None:
            if not self._gate.lease_is_fresh(lease):
                raise FenceTimeout("the lease ran out before DATA")

        try:
            await self._pool.send(message, shop.from_address, recipient, before_data=still_fresh)
            ended = self.outcome(relaunch, "sent", message_id=message["Message-ID"])
        except NeverSend as refusal:
            ended = self.outcome(relaunch, "dead", refusal.reason)
        except Unknown as loss:
            ended = self.outcome(relaunch, "unknown", loss.reason)
        except FenceTimeout:
            return await self._put_off(relaunch, PutOff(AT_ONCE, Reason.GATE_CLOSED))
        except TryAgain as refusal:
            return await self._put_off(relaunch, PutOff(refusal.after, refusal.reason))
        except Misconfigured:
            await self._released(relaunch)
            raise
        try:
            await self._gate.settle(relaunch, ended.model_dump_json())
        except StoreError:
            # The reservation stays, so nobody sends it again; the outcome is told all the same.
            log.warning("result_not_settled", relaunch_id=relaunch.relaunch_id)
        return ended

    async def _put_off(self, relaunch: Relaunch, put_off: PutOff) -> PutOff:
        released = await self._released(relaunch)
        return put_off if released else PutOff(max(put_off.after, SOON), put_off.reason)

    async def _released(self, relaunch: Relaunch) -> bool:
        """Give back what was certainly not sent; when the table does not answer, it is asked again before the next attempt."""
        try:
            await self._gate.release(relaunch)
        except StoreUnavailable:
            self._unreleased.add(relaunch.relaunch_id)
            return False
        self._unreleased.discard(relaunch.relaunch_id)
        return True
