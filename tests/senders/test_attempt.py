"""Claims about one attempt at a relaunch, on a real Kafka, a real Valkey and a real SMTP server."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from schemas.outcome import Outcome
from senders.attempt import AT_ONCE, SOON, EmailAttempt, PutOff
from senders.email_smtp import SmtpPool
from senders.errors import Misconfigured, Reason
from senders.fence import Fence, Lease
from senders.gate import LEASE_S, Gate
from senders.lookup import Lookup
from streams import topics
from streams.core.identity import CONTACT, VISITOR, subject
from streams.local.inbox import HANG_UP, KEEP_AND_HANG_UP, Inbox
from streams.local.kafka import LocalKafka
from streams.local.valkey import LocalValkey
from streams.stores.facts import Consent, Purchase
from streams.stores.in_redis import SuppressionInRedis
from streams.stores.ports import Reserved
from tests.senders.installation import SHOPS, Installation, a_due_relaunch, installed, now_ms
from tests.senders.made_up import a_product
from tests.senders.projector import SECRET

OpenInbox = Callable[..., Awaitable[Inbox]]
#: Answers at one stage what it has in store, one after the other, and accepts from then on.
Script = Callable[[str, str], str | None]


def script(stage: str, *answers: str) -> Script:
    left = iter(answers)
    return lambda at, text: next(left, None) if at == stage else None


def a_lease(age_s: float = 0.0) -> Lease:
    return Lease(time.monotonic() - age_s)


@dataclass
class Trying:
    """What attempts are made with."""

    here: Installation
    contacts: Lookup
    products: Lookup
    ends: AsyncExitStack

    def gate(self) -> Gate:
        """Return a gate as any sender has it."""
        here = self.here
        return Gate(Fence(here.producer, here.table, {}, here.settings, here.metrics), here.table)

    def __call__(self, inbox: Inbox, wall_ms: Callable[[], int] = now_ms, **settings: object) -> EmailAttempt:
        """Return a sender's way of attempting, as after a restart."""
        pool = SmtpPool(self.here.mailing(inbox, **settings))
        self.ends.push_async_callback(pool.close)
        public_url = self.here.settings.public_url
        return EmailAttempt(self.gate(), pool, self.contacts, self.products, SHOPS, public_url, SECRET, wall_ms)


async def consent(table: SuppressionInRedis, *contacts: str) -> None:
    """Have contacts say yes."""
    said = [
        Consent(subject(CONTACT, "boutique", contact), "email", "marketing", "granted", 1, "yes")
        for contact in contacts
    ]
    await table.apply(topics.CONSENT_CHANGES.name, 0, expected=None, next_offset=1, facts=said)


@asynccontextmanager
async def trying_with(kafka: LocalKafka, valkey: LocalValkey) -> AsyncIterator[Trying]:
    async with AsyncExitStack() as ends:
        here = await ends.enter_async_context(installed(kafka.bootstrap, valkey.url))
        await here.contact("anna", first_name="Zenobia")
        await here.contact("mute", email=None)
        await here.contact("foreign", email="ænna@mail.example")
        await here.known(a_product(), "boutique:teapot")
        await consent(here.table, "anna", "mute", "foreign", "nobody")
        contacts = await ends.enter_async_context(here.known_so_far(topics.CONTACTS.name))
        products = await ends.enter_async_context(here.known_so_far(topics.CATALOG.name))
        yield Trying(here, contacts, products, ends)


@pytest.fixture
async def trying(kafka: LocalKafka, valkey: LocalValkey) -> AsyncIterator[Trying]:
    async with trying_with(kafka, valkey) as made:
        yield made


def ending(result: Outcome | PutOff) -> tuple[str, str | None]:
    assert isinstance(result, Outcome)
    return result.outcome, result.reason


async def test_what_is_sent_says_so_with_the_mail_s_message_id_and_names_the_products(
    trying: Trying, inbox: OpenInbox
) -> None:
    box, relaunch = await inbox(), a_due_relaunch()
    sent = await trying(box)(relaunch, a_lease())
    (mail,) = box.messages
    assert isinstance(sent, Outcome)
    assert (sent.outcome, sent.reason, sent.message_id) == ("sent", None, mail.message_id)
    assert (sent.relaunch_id, sent.event_id) == (relaunch.relaunch_id, f"{relaunch.event_id}/sent")
    body = mail.parsed().get_body(("plain",))
    assert body is not None
    assert "Théière en fonte" in body.get_content()


async def test_an_outcome_holds_no_address_and_no_name(trying: Trying, inbox: OpenInbox) -> None:
    box = await inbox(script("rcpt", "550 5.1.1 <anna@mail.example>, Zenobia, is nobody"))
    refused = await trying(box)(a_due_relaunch(), a_lease())
    sent = await trying(box)(a_due_relaunch(scenario="other"), a_lease())
    assert (ending(refused), ending(sent)) == (("dead", "hard_bounce"), ("sent", None))
    for said in (str(refused), str(sent)):
        assert "Zenobia" not in said
        assert "anna@" not in said


async def test_what_the_relay_does_not_take_now_is_put_off_and_given_back_and_sent_once_later(
    trying: Trying, inbox: OpenInbox
) -> None:
    for stage in ("mail", "rcpt", "dot"):
        box, relaunch = await inbox(script(stage, "451 4.2.0 later")), a_due_relaunch(scenario=f"busy-at-{stage}")
        assert await trying(box)(relaunch, a_lease()) == PutOff(timedelta(minutes=5), Reason.BUSY)
        assert box.messages == []
        assert ending(await trying(box)(relaunch, a_lease())) == ("sent", None)
        assert len(box.messages) == 1


async def test_what_the_relay_refuses_for_good_is_dead_and_stays_so(trying: Trying, inbox: OpenInbox) -> None:
    box, relaunch = await inbox(script("rcpt", "554 5.7.1 no")), a_due_relaunch()
    first = await trying(box)(relaunch, a_lease())
    assert ending(first) == ("dead", "policy")
    assert await trying(box)(relaunch, a_lease()) == first
    assert box.messages == []


async def test_silence_after_the_final_dot_is_unknown_and_stays_so(trying: Trying, inbox: OpenInbox) -> None:
    for cut, mails in ((HANG_UP, 0), (KEEP_AND_HANG_UP, 1)):
        box, relaunch = await inbox(script("dot", cut)), a_due_relaunch(scenario=f"cut-with-{mails}-mails")
        first = await trying(box)(relaunch, a_lease())
        assert ending(first) == ("unknown", "lost_contact")
        assert await trying(box)(relaunch, a_lease()) == first
        assert len(box.messages) == mails


async def test_an_attempt_that_was_cut_off_is_unknown_to_the_next(trying: Trying, inbox: OpenInbox) -> None:
    at_the_dot = asyncio.Event()

    async def never(stage: str, text: str) -> str | None:
        if stage == "dot":
            at_the_dot.set()
            await asyncio.Event().wait()
        return None

    box, relaunch = await inbox(never), a_due_relaunch()
    cut_off = asyncio.ensure_future(trying(box)(relaunch, a_lease()))
    await at_the_dot.wait()
    cut_off.cancel()
    await asyncio.wait([cut_off])
    assert ending(await trying(await inbox())(relaunch, a_lease())) == ("unknown", "interrupted")


async def test_a_lease_that_is_too_old_at_the_start_puts_the_message_off(trying: Trying, inbox: OpenInbox) -> None:
    box, relaunch = await inbox(), a_due_relaunch()
    assert await trying(box)(relaunch, a_lease(LEASE_S + 0.1)) == PutOff(SOON, Reason.GATE_CLOSED)
    assert ending(await trying(box)(relaunch, a_lease())) == ("sent", None)


async def test_a_lease_that_runs_out_before_data_keeps_the_body_back_and_gives_the_message_back(
    trying: Trying, inbox: OpenInbox
) -> None:
    lease, asked = a_lease(LEASE_S - 1), list[str]()

    async def slow(stage: str, text: str) -> str | None:
        asked.append(stage)
        while stage == "rcpt" and lease.age() <= LEASE_S:
            await asyncio.sleep(0.05)
        return None

    box, relaunch = await inbox(slow), a_due_relaunch()
    assert await trying(box)(relaunch, lease) == PutOff(AT_ONCE, Reason.GATE_CLOSED)
    assert (asked, box.messages) == (["mail", "rcpt"], [])
    assert ending(await trying(box)(relaunch, a_lease())) == ("sent", None)


async def test_a_message_expires_exactly_when_it_says(trying: Trying, inbox: OpenInbox) -> None:
    box = await inbox()
    for before_ms, expected in ((0, ("expired", "too_late")), (-1, ("expired", "too_late")), (1, ("sent", None))):
        relaunch = a_due_relaunch()
        attempt = trying(box, wall_ms=partial(int, relaunch.expires_at - before_ms))
        assert ending(await attempt(relaunch, a_lease())) == expected
    assert len(box.messages) == 1


async def test_what_was_sent_stays_sent_when_it_is_seen_again_too_late_or_after_an_erasure(
    trying: Trying, inbox: OpenInbox
) -> None:
    box, relaunch = await inbox(), a_due_relaunch()
    first = await trying(box)(relaunch, a_lease())
    assert ending(first) == ("sent", None)
    assert await trying(box, wall_ms=lambda: relaunch.expires_at)(relaunch, a_lease()) == first
    unwritable = relaunch.model_copy(update={"template": "unwritten"})
    assert await trying(box)(unwritable, a_lease()) == first


async def test_what_was_cut_off_is_unknown_even_when_it_is_seen_again_too_late(
    trying: Trying, inbox: OpenInbox
) -> None:
    relaunch, gate = a_due_relaunch(), trying.gate()
    assert await gate.admit(relaunch, a_lease(), now_ms=now_ms()) == Reserved()
    late = trying(await inbox(), wall_ms=lambda: relaunch.expires_at)
    assert ending(await late(relaunch, a_lease())) == ("unknown", "interrupted")


async def test_what_cannot_be_written_is_dead_and_says_why(trying: Trying, inbox: OpenInbox) -> None:
    box = await inbox()
    attempt = trying(box)
    cases: list[tuple[str, dict[str, Any]]] = [
        ("unknown_shop", {"shop_id": "closed"}),
        ("no_address", {"contact_id": "nobody"}),
        ("no_address", {"contact_id": "mute"}),
        ("unfit_address", {"contact_id": "foreign"}),
        ("nothing_to_say", {"lines": []}),
        ("no_template", {"template": "unwritten"}),
        ("no_template", {"template": "../../errors"}),
    ]
    for reason, changes in cases:
        assert ending(await attempt(a_due_relaunch(**changes), a_lease())) == ("dead", reason)
    assert box.messages == []


async def test_a_purchase_by_any_device_suppresses_with_its_event_as_evidence(trying: Trying, inbox: OpenInbox) -> None:
    phone = Purchase((subject(VISITOR, "boutique", "phone"),), "o-1", "placed", now_ms(), "bought")
    await trying.here.table.apply(topics.ORDERS.name, 0, expected=None, next_offset=1, facts=[phone])
    box, relaunch = await inbox(), a_due_relaunch(visitor_ids=["v-anna", "phone"])
    suppressed = await trying(box)(relaunch, a_lease())
    assert isinstance(suppressed, Outcome)
    assert ending(suppressed) == ("suppressed", "purchased")
    assert suppressed.evidence == (*relaunch.evidence, "bought")
    assert box.messages == []


async def test_the_second_message_inside_the_window_is_suppressed_and_names_the_first(
    trying: Trying, inbox: OpenInbox
) -> None:
    box, first = await inbox(), a_due_relaunch()
    attempt = trying(box)
    assert ending(await attempt(first, a_lease())) == ("sent", None)
    second = await attempt(a_due_relaunch(), a_lease())
    assert isinstance(second, Outcome)
    assert (*ending(second), second.evidence[-1]) == ("suppressed", "pressure", first.relaunch_id)
    assert len(box.messages) == 1


async def test_a_relay_that_strips_tls_raises_and_the_message_is_given_back(trying: Trying, inbox: OpenInbox) -> None:
    box, relaunch = await inbox(), a_due_relaunch()
    with pytest.raises(Misconfigured):
        await trying(box, smtp_tls="starttls")(relaunch, a_lease())
    assert box.messages == []
    assert ending(await trying(box)(relaunch, a_lease())) == ("sent", None)


async def test_while_the_table_is_away_nothing_is_said_to_the_relay(
    kafka: LocalKafka, tmp_path: Path, inbox: OpenInbox
) -> None:
    with LocalValkey(tmp_path) as valkey:
        async with trying_with(kafka, valkey) as trying:
            relaunch, asked = a_due_relaunch(), list[str]()
            box = await inbox(lambda stage, text: asked.append(stage))
            valkey.kill()
            assert await trying(box)(relaunch, a_lease()) == PutOff(SOON, Reason.GATE_CLOSED)
            assert asked == []
            valkey.start()
            assert ending(await trying(box)(relaunch, a_lease())) == ("sent", None)


async def test_a_message_that_could_not_be_given_back_is_before_it_is_tried_again(
    kafka: LocalKafka, tmp_path: Path, inbox: OpenInbox
) -> None:
    def dies_and_refuses(stage: str, text: str) -> str | None:
        if stage != "rcpt" or refused:
            return None
        refused.append(text)
        valkey.kill()
        return "451 4.2.0 later"

    refused: list[str] = []
    with LocalValkey(tmp_path) as valkey:
        async with trying_with(kafka, valkey) as trying:
            box, relaunch = await inbox(dies_and_refuses), a_due_relaunch()
            attempt = trying(box)
            assert await attempt(relaunch, a_lease()) == PutOff(timedelta(minutes=5), Reason.BUSY)
            assert await attempt(relaunch, a_lease()) == PutOff(SOON, Reason.GATE_CLOSED)
            valkey.start()
            assert await attempt(relaunch, a_lease()) == PutOff(AT_ONCE, Reason.GATE_CLOSED)
            assert ending(await attempt(relaunch, a_lease())) == ("sent", None)
    assert len(box.messages) == 1


async def test_a_result_that_could_not_be_noted_is_told_and_never_sent_again(
    kafka: LocalKafka, tmp_path: Path, inbox: OpenInbox
) -> None:
    def dies(stage: str, text: str) -> None:
        if stage == "dot":
            valkey.kill()

    with LocalValkey(tmp_path) as valkey:
        async with trying_with(kafka, valkey) as trying:
            box, relaunch = await inbox(dies), a_due_relaunch()
            assert ending(await trying(box)(relaunch, a_lease())) == ("sent", None)
            valkey.start()
            assert ending(await trying(box)(relaunch, a_lease())) == ("unknown", "interrupted")
    assert len(box.messages) == 1


async def test_of_two_attempts_at_the_same_time_one_sends(trying: Trying, inbox: OpenInbox) -> None:
    box, relaunch = await inbox(), a_due_relaunch()
    both: list[Outcome | PutOff] = await asyncio.gather(*[trying(box)(relaunch, a_lease()) for _ in range(2)])
    assert sorted(word for word, _ in map(ending, both)) in (["sent", "unknown"], ["sent", "sent"])
    assert len(box.messages) == 1
