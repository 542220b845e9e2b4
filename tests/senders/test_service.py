"""Claims about a whole sender, on a real Kafka, a real Valkey and a real SMTP server."""

import asyncio
import logging
import os
import re
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import RequestTimedOutError

from schemas.outcome import Outcome
from schemas.relaunch import Relaunch
from senders.attempt import PutOff
from senders.errors import Misconfigured
from senders.fence import FenceTimeout, Lease
from senders.gate import LEASE_S, Gate
from senders.lookup import Lookup
from senders.service import AGAIN_S, MOST_AT_ONCE, Attempt
from streams.demo.run import Part
from streams.lane.outbox import Outbox
from streams.local.inbox import HANG_UP, KEEP_AND_HANG_UP, Inbox
from streams.local.kafka import LocalKafka
from streams.local.server import wait_async
from streams.local.valkey import LocalValkey
from tests.senders.installation import Installation, a_due_relaunch, installed, now_ms, until
from tests.senders.made_up import a_product

OpenInbox = Callable[..., Awaitable[Inbox]]


@pytest.fixture
async def here(kafka: LocalKafka, valkey: LocalValkey) -> AsyncIterator[Installation]:
    async with installed(kafka.bootstrap, valkey.url) as installation:
        yield installation


def endings(outcomes: list[Outcome]) -> dict[str, tuple[str, str | None]]:
    return {outcome.contact_id: (outcome.outcome, outcome.reason) for outcome in outcomes}


def hasty(attempt: Attempt) -> Attempt:
    """Attempt without waiting for what was put off."""

    async def attempting(relaunch: Relaunch, lease: Lease) -> Outcome | PutOff:
        result = await attempt(relaunch, lease)
        return result._replace(after=timedelta(0)) if isinstance(result, PutOff) else result

    return attempting


class Dots:
    """A relay that does not answer a final dot until it is told to."""

    def __init__(self) -> None:
        self.answer = asyncio.Event()
        #: The messages whose final dot has come.
        self.bodies: list[str] = []

    async def __call__(self, stage: str, text: str) -> str | None:
        if stage == "dot":
            self.bodies.append(text)
            await self.answer.wait()
        return None

    async def one_is_open(self) -> None:
        async def is_open() -> bool:
            return len(self.bodies) > 0

        await until(is_open)


async def crash(running: "asyncio.Task[None]") -> None:
    """End a sender where it stands, without a word to anybody."""
    running.cancel()
    await asyncio.wait([running])


async def test_one_relaunch_is_one_mail_and_one_outcome_with_its_message_id(
    here: Installation, inbox: OpenInbox
) -> None:
    box, relaunch = await inbox(), a_due_relaunch()
    await here.contact()
    await here.known(a_product(), "boutique:teapot")
    await here.relaunch(relaunch)
    async with here.projecting(), here.sending(box):
        (outcome,) = await here.outcomes(1)
        await here.done()
    (mail,) = box.messages
    body = mail.parsed().get_body(("plain",))
    assert body is not None
    assert "Théière en fonte" in body.get_content()
    assert (outcome.outcome, outcome.relaunch_id, outcome.message_id) == ("sent", relaunch.relaunch_id, mail.message_id)
    assert mail.to == ("anna@mail.example",)


async def test_who_must_not_be_written_to_is_not_and_the_outcome_says_why(here: Installation, inbox: OpenInbox) -> None:
    expected: dict[str, tuple[str, str | None]] = {
        "anna": ("sent", None),
        "bought": ("suppressed", "purchased"),
        "withdrew": ("suppressed", "no_consent"),
        "erased": ("dead", "no_address"),
        "late": ("expired", "too_late"),
        "elsewhere": ("dead", "unknown_shop"),
    }
    changes: dict[str, dict[str, object]] = {"late": {"expires_at": now_ms() - 1}, "elsewhere": {"shop_id": "closed"}}
    for contact in expected:
        await here.contact(contact)
    await here.order("bought")
    await here.consent("withdrew", "withdrawn")
    await here.erase("erased")
    await here.relaunch(*[a_due_relaunch(contact, **changes.get(contact, {})) for contact in expected])
    box = await inbox()
    async with here.projecting(), here.sending(box):
        assert endings(await here.outcomes(len(expected))) == expected
    assert [mail.to for mail in box.messages] == [("anna@mail.example",)]


async def test_an_order_acknowledged_just_before_its_relaunch_always_stops_it(
    here: Installation, inbox: OpenInbox
) -> None:
    contacts = [f"contact-{number}" for number in range(20)]
    for contact in contacts:
        await here.contact(contact)
    box, orders = await inbox(), {}
    async with here.projecting(), here.sending(box):
        for contact in contacts:
            orders[contact] = await here.order(contact)
            await here.relaunch(a_due_relaunch(contact))
        outcomes = await here.outcomes(len(contacts))
    assert endings(outcomes) == dict.fromkeys(contacts, ("suppressed", "purchased"))
    assert {outcome.contact_id: outcome.evidence[-1] for outcome in outcomes} == orders
    assert box.messages == []


async def test_without_the_fence_an_acknowledged_order_is_not_seen_and_a_mail_goes_out(
    here: Installation, inbox: OpenInbox
) -> None:
    """The negative control: the very order that stops a mail above, with the table one record behind."""

    async def unfenced(gate: Gate) -> Lease:
        return Lease(time.monotonic())

    await here.contact()
    async with here.projecting(), here.serving(await inbox()):
        await here.relaunch(a_due_relaunch("nobody"))
        await here.outcomes(1)  # whatever it is: the table knows of the consent
    await here.order("anna")
    await here.relaunch(a_due_relaunch())
    box = await inbox()
    async with here.serving(box, lease=unfenced):
        outcomes = await here.outcomes(2)
    assert (endings(outcomes)["anna"], len(box.messages)) == (("sent", None), 1)


async def test_while_the_suppress_agent_stands_still_nothing_is_sent_and_then_everything_is(
    here: Installation, inbox: OpenInbox
) -> None:
    def sample(name: str) -> float:
        return here.metrics.registry.get_sample_value(name, {"channel": "email"} if "deferred" in name else {}) or 0

    async def is_deferred() -> bool:
        return sample("relance_fence_timeouts_total") > 0 and sample("relance_deferred_messages") == 2

    box = await inbox()
    for contact in ("anna", "bea"):
        await here.contact(contact)
        await here.relaunch(a_due_relaunch(contact))
    async with here.sending(box):
        await until(is_deferred)
        assert (box.messages, here.records, await here.committed()) == ([], [], 0)
        async with here.projecting():
            assert endings(await here.outcomes(2)) == {"anna": ("sent", None), "bea": ("sent", None)}
    assert len(box.messages) == 2


async def test_while_the_suppression_table_is_away_nothing_is_sent_and_then_everything_is(
    kafka: LocalKafka, tmp_path: Path, inbox: OpenInbox
) -> None:
    async def is_deferred() -> bool:
        return (installation.metrics.registry.get_sample_value("relance_fence_timeouts_total") or 0) > 0

    box = await inbox()
    with LocalValkey(tmp_path) as valkey:
        async with installed(kafka.bootstrap, valkey.url) as installation:
            await installation.contact()
            async with installation.projecting(), installation.serving(box):
                await installation.relaunch(a_due_relaunch("nobody"))
                await installation.outcomes(1)
            async with installation.sending(box):
                await asyncio.to_thread(valkey.kill)
                await installation.relaunch(a_due_relaunch())
                await until(is_deferred)
                assert box.messages == []
                # A thread that ends would take the server with it.
                valkey.start()
                async with installation.projecting():
                    assert endings(await installation.outcomes(2))["anna"] == ("sent", None)
    assert len(box.messages) == 1


async def test_a_relay_that_is_busy_at_first_gets_one_mail_later(here: Installation, inbox: OpenInbox) -> None:
    refusals = iter(["451 4.7.1 greylisted", HANG_UP])

    def answer(stage: str, text: str) -> str | None:
        return next(refusals, None) if stage == "rcpt" else None

    box = await inbox(answer)
    await here.contact()
    await here.relaunch(a_due_relaunch())
    async with here.projecting(), here.serving(box, attempting=hasty):
        assert endings(await here.outcomes(1)) == {"anna": ("sent", None)}
        await here.done()
    assert (len(box.messages), list(refusals)) == (1, [])


async def test_a_relay_that_refuses_for_good_is_asked_once_and_others_are_written_to(
    here: Installation, inbox: OpenInbox
) -> None:
    asked: list[str] = []

    def answer(stage: str, text: str) -> str | None:
        asked.extend([text] if stage == "rcpt" else [])
        return f"550 5.1.1 <{text}> is nobody" if text.startswith("gone") else None

    box = await inbox(answer)
    for contact in ("anna", "gone"):
        await here.contact(contact)
    await here.relaunch(a_due_relaunch(), a_due_relaunch("gone"))
    async with here.projecting(), here.sending(box):
        expected = {"anna": ("sent", None), "gone": ("dead", "hard_bounce")}
        assert endings(await here.outcomes(2)) == expected
    assert sorted(asked) == ["anna@mail.example", "gone@mail.example"]


async def test_after_the_final_dot_silence_is_unknown_and_never_resent(here: Installation, inbox: OpenInbox) -> None:
    box = await inbox(lambda stage, text: KEEP_AND_HANG_UP if stage == "dot" else None)
    relaunch = a_due_relaunch()
    await here.contact()
    await here.relaunch(relaunch)
    async with here.projecting():
        async with here.sending(box):
            (first,) = await here.outcomes(1)
        async with here.sending(box):
            await here.relaunch(relaunch)
            assert await here.outcomes(2) == [first, first]
    assert ((first.outcome, first.reason), len(box.messages)) == (("unknown", "lost_contact"), 1)


async def test_a_relaunch_published_twice_and_replayed_is_one_mail_and_the_same_outcome_each_time(
    here: Installation, inbox: OpenInbox
) -> None:
    box, relaunch = await inbox(), a_due_relaunch()
    await here.contact()
    await here.relaunch(relaunch, relaunch)
    async with here.projecting():
        async with here.sending(box):
            outcomes = await here.outcomes(2)
        async with here.serving(box, group="from-the-beginning"):
            outcomes = await here.outcomes(4)
    assert outcomes == [outcomes[0]] * 4
    assert (outcomes[0].outcome, len(box.messages)) == ("sent", 1)


async def test_what_is_no_relaunch_is_a_dead_letter_and_its_neighbours_are_unharmed(
    here: Installation, inbox: OpenInbox
) -> None:
    junk = [None, b"", b"\xff", b"{", b"[]", b'{"v": 2}', b'{"v": 1, "contact_id": "anna@mail.example"}']
    box, neighbours = await inbox(), ("anna", "bea")
    for contact in neighbours:
        await here.contact(contact)
    await here.relaunch_record(a_due_relaunch("anna").model_dump_json().encode())
    for raw in junk:
        await here.relaunch_record(raw)
    await here.relaunch_record(a_due_relaunch("bea").model_dump_json().encode())
    async with here.projecting(), here.sending(box):
        letters = await here.dead_letters(len(junk))
        assert endings(await here.outcomes(2)) == {"anna": ("sent", None), "bea": ("sent", None)}
        await here.done()
    assert [letter.value for letter in letters] == junk
    sources = [dict(letter.headers)["source"].split() for letter in letters]
    assert [(source[0], int(source[2])) for source in sources] == [(b"relaunch", n + 1) for n in range(len(junk))]
    assert not any(b"@" in value for letter in letters for _, value in letter.headers)


async def test_what_is_for_another_channel_is_left_to_others(here: Installation, inbox: OpenInbox) -> None:
    box = await inbox()
    await here.contact()
    for channel in (b"sms", None):
        await here.relaunch_record(a_due_relaunch().model_dump_json().encode(), channel)
        await here.relaunch_record(b"no business of ours", channel)
    async with here.projecting(), here.sending(box):
        await here.done()
        relaunch = a_due_relaunch()
        await here.relaunch(relaunch)
        (outcome,) = await here.outcomes(1)
    assert outcome.relaunch_id == relaunch.relaunch_id
    assert (len(box.messages), len(here.records)) == (1, 1)


async def test_a_position_is_not_committed_before_the_outcome_is_out(here: Installation, inbox: OpenInbox) -> None:
    dots = Dots()
    box = await inbox(dots)
    await here.contact()
    await here.relaunch(a_due_relaunch())
    async with here.projecting():
        async with here.sending(box) as sending:
            await dots.one_is_open()
            assert await here.committed() == 0
            await crash(sending)
        async with here.sending(box):
            assert endings(await here.outcomes(1)) == {"anna": ("unknown", "interrupted")}
            await here.done()
    assert (len(dots.bodies), box.messages) == (1, [])


async def test_a_message_that_is_put_off_holds_the_position_and_is_taken_again_by_the_next_sender(
    here: Installation, inbox: OpenInbox
) -> None:
    busy = await inbox(lambda stage, text: "451 later" if stage == "rcpt" and text.startswith("anna") else None)
    box, contacts = await inbox(), ("anna", "bea", "carl")
    async with here.projecting():
        async with here.sending(busy):
            for count, contact in enumerate(contacts):
                await here.contact(contact)
                await here.relaunch_record(a_due_relaunch(contact).model_dump_json().encode())
                await here.outcomes(count)
            assert await here.committed() == 0
        async with here.sending(box):
            outcomes = await here.outcomes(5)
            await here.done()
    assert endings(outcomes) == dict.fromkeys(contacts, ("sent", None))
    assert [mail.to for mail in busy.messages] == [("bea@mail.example",), ("carl@mail.example",)]
    assert [mail.to for mail in box.messages] == [("anna@mail.example",)]


async def test_no_body_leaves_under_a_lease_that_ran_out_before_data(here: Installation, inbox: OpenInbox) -> None:
    leases: list[Lease] = []
    asked: list[str] = []

    async def old_at_first(gate: Gate) -> Lease:
        lease = await gate.lease()
        leases.append(lease if leases else Lease(lease.started_at - LEASE_S + 1.5))
        return leases[-1]

    async def slow(stage: str, text: str) -> str | None:
        asked.append(stage)
        while len(leases) == 1 and stage == "rcpt" and leases[0].age() <= LEASE_S:
            await asyncio.sleep(0.05)
        return None

    box = await inbox(slow)
    await here.contact()
    await here.relaunch(a_due_relaunch())
    async with here.projecting(), here.serving(box, lease=old_at_first):
        assert endings(await here.outcomes(1)) == {"anna": ("sent", None)}
    assert (asked, len(leases)) == (["mail", "rcpt", "mail", "rcpt", "dot"], 2)


async def test_a_relay_without_tls_stops_the_sender_and_nothing_is_lost(here: Installation, inbox: OpenInbox) -> None:
    box = await inbox()
    await here.contact()
    await here.relaunch(a_due_relaunch())
    async with here.projecting():
        with pytest.raises(Misconfigured, match=r"cannot be used"):
            async with here.sending(box, smtp_tls="starttls") as sending:
                await asyncio.wait([sending])
        assert (box.messages, await here.committed()) == ([], 0)
        async with here.sending(box):
            assert endings(await here.outcomes(1)) == {"anna": ("sent", None)}


async def test_when_one_attempt_breaks_the_others_have_their_outcomes_and_the_sender_stops(
    here: Installation, inbox: OpenInbox
) -> None:
    def brittle(attempt: Attempt) -> Attempt:
        async def attempting(relaunch: Relaunch, lease: Lease) -> Outcome | PutOff:
            if relaunch.contact_id == "anna":
                raise ZeroDivisionError
            return await attempt(relaunch, lease)

        return attempting

    box = await inbox()
    await here.contact("bea")
    for contact in ("anna", "bea"):
        await here.relaunch_record(a_due_relaunch(contact).model_dump_json().encode())
    async with here.projecting():
        with pytest.raises(ZeroDivisionError):
            async with here.serving(box, attempting=brittle) as serving:
                await asyncio.wait([serving])
        assert endings(await here.outcomes(1)) == {"bea": ("sent", None)}
    assert await here.committed() == 0


async def test_a_sender_that_can_no_longer_follow_the_contacts_stops(
    here: Installation, inbox: OpenInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(lookup: Lookup) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Lookup, "follow", broken)  # nothing that a test can do to a real Kafka ends it
    with pytest.raises(ZeroDivisionError):
        async with here.sending(await inbox()) as sending:
            await asyncio.wait([sending])


async def test_a_backlog_is_tried_a_piece_at_a_time_each_behind_a_fence_of_its_own(
    here: Installation, inbox: OpenInbox
) -> None:
    rounds: list[int] = []

    async def counted(gate: Gate) -> Lease:
        rounds.append(0)
        return await gate.lease()

    def counting(attempt: Attempt) -> Attempt:
        async def attempting(relaunch: Relaunch, lease: Lease) -> Outcome | PutOff:
            rounds[-1] += 1
            return await attempt(relaunch, lease)

        return attempting

    backlog = 2 * MOST_AT_ONCE + 10
    await asyncio.gather(*[here.relaunch(a_due_relaunch(f"nobody-{number}")) for number in range(backlog)])
    async with here.projecting(), here.serving(await inbox(), lease=counted, attempting=counting):
        await here.outcomes(backlog)
        await here.done()
    assert (sum(rounds), max(rounds)) == (backlog, MOST_AT_ONCE)


async def test_after_a_fence_that_failed_kafka_is_left_alone_for_a_while(here: Installation, inbox: OpenInbox) -> None:
    asked: list[float] = []

    async def closed(gate: Gate) -> Lease:
        asked.append(time.monotonic())
        raise FenceTimeout

    async def was_asked_twice() -> bool:
        return len(asked) == 2

    await here.relaunch(a_due_relaunch())
    async with here.serving(await inbox(), lease=closed):
        await until(was_asked_twice)
    assert asked[1] - asked[0] >= AGAIN_S


async def test_a_second_sender_that_joins_and_leaves_changes_nothing_for_those_written_to(
    here: Installation, inbox: OpenInbox
) -> None:
    async def publish(start: int) -> None:
        for number in range(start, start + 25):
            await here.relaunch(a_due_relaunch(f"c{number}"))

    async def all_have_theirs() -> bool:
        return len(endings(await here.outcomes(0))) == 75

    box = await inbox()
    await asyncio.gather(*[here.contact(f"c{number}") for number in range(75)])
    async with here.projecting(), here.sending(box):
        await publish(0)
        async with here.sending(box):
            await publish(25)
            await here.outcomes(50)
            await publish(50)
        await until(all_have_theirs)
    assert endings(await here.outcomes(75)) == {f"c{number}": ("sent", None) for number in range(75)}
    assert len({mail.to for mail in box.messages}) == len(box.messages) == 75


async def test_who_joins_waits_for_what_is_being_handed_over(
    here: Installation, inbox: OpenInbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def is_asked_to_let_go() -> bool:
        return bool(re.search(r"Revoking previously assigned partitions .*TopicPartition", caplog.text))

    caplog.set_level(logging.INFO, "aiokafka.consumer.group_coordinator")
    dots, box = Dots(), await inbox()
    slow = await inbox(dots)
    await here.contact()
    await here.relaunch(a_due_relaunch())
    async with here.projecting(), here.sending(slow):
        await dots.one_is_open()
        async with here.sending(box):
            await until(is_asked_to_let_go)
            dots.answer.set()
            await here.done()
            (outcome,) = await here.outcomes(1)
    assert (outcome.outcome, len(slow.messages), len(box.messages)) == ("sent", 1, 0)


async def test_who_loses_a_partition_leaves_what_was_put_off_to_whoever_gets_it(
    here: Installation, inbox: OpenInbox
) -> None:
    tries: list[str] = []

    def busy(stage: str, text: str) -> str | None:
        tries.extend([text] if stage == "rcpt" else [])
        return "451 later" if stage == "rcpt" else None

    async def tries_on() -> bool:
        return len(tries) > tried + 20

    box, contacts, tried = await inbox(), [f"c{number}" for number in range(8)], 0
    for contact in contacts:
        await here.contact(contact)
        await here.relaunch(a_due_relaunch(contact))
    async with here.projecting(), here.serving(await inbox(busy), attempting=hasty):
        await until(tries_on)
        async with here.sending(box):
            await here.outcomes(1)
            tried = len(tries)
            await until(tries_on)
        outcomes = await here.outcomes(1)
    assert set(endings(outcomes).values()) == {("sent", None)}
    assert len(endings(outcomes)) == len(outcomes) == len(box.messages) < len(contacts)


async def test_an_outcome_that_kafka_did_not_take_is_told_later_and_the_message_not_sent_again(
    here: Installation, inbox: OpenInbox
) -> None:
    class Forgetful(Outbox):
        """Loses the first record."""

        lost = False

        async def one(
            self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
        ) -> "asyncio.Future[Any]":
            if not self.lost:
                self.lost = True
                raise RequestTimedOutError
            return await super().one(topic, key, value, headers)

    box = await inbox()
    await here.contact()
    await here.relaunch(a_due_relaunch())
    async with here.projecting(), here.serving(box, outbox_of=Forgetful):
        await here.done()
        assert endings(await here.outcomes(1)) == {"anna": ("sent", None)}
    assert len(box.messages) == 1


async def test_a_sender_killed_while_it_hands_over_leaves_an_unknown_and_does_not_send_again(
    here: Installation, inbox: OpenInbox, tmp_path: Path
) -> None:
    dots = Dots()
    box = await inbox(dots)
    sender = Part(tmp_path, here.environment(box, tmp_path), "sender", "email")
    sender.environment = {**sender.environment, "RELANCE_METRICS_PORT": str(sender.port)}
    await here.contact(first_name="Zenobia")
    await here.relaunch(a_due_relaunch())
    async with here.projecting():
        try:
            await wait_async(sender.starting())
            await dots.one_is_open()
            sender.kill()
            await wait_async(sender.starting())
            assert endings(await here.outcomes(1)) == {"anna": ("unknown", "interrupted")}
        finally:
            await wait_async(sender.stopping())
    assert (len(dots.bodies), box.messages) == (1, [])


async def test_no_address_and_no_name_is_logged_or_told(
    here: Installation, inbox: OpenInbox, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = {
        "gone": "550 5.1.1 <gone@mail.example> is nobody",
        "busy": "451 4.2.0 busy@mail.example: come back later, Zenobia",
        "lost": KEEP_AND_HANG_UP,
    }

    def answer(stage: str, text: str) -> str | None:
        at = "rcpt" if text.startswith(("gone", "busy")) else "dot"
        return next((said for who, said in answers.items() if f"{who}@" in text), None) if stage == at else None

    for contact in ("anna", *answers):
        await here.contact(contact, first_name="Zenobia")
    async with here.projecting(), here.sending(await inbox(answer)):
        await here.relaunch(*[a_due_relaunch(contact) for contact in ("anna", *answers)])
        outcomes = await here.outcomes(3)
    assert {word for word, _ in endings(outcomes).values()} == {"sent", "dead", "unknown"}
    logged = "".join(capfd.readouterr())
    assert "put_off" in logged
    for told in (logged, *[str(record) for record in here.records]):
        assert "Zenobia" not in told
        assert not re.search(r"(anna|gone|busy|lost)@", told)


async def test_the_command_ends_with_one_message_and_status_1_when_the_relay_has_no_tls(
    here: Installation, inbox: OpenInbox, tmp_path: Path
) -> None:
    await here.contact()
    await here.relaunch(a_due_relaunch())
    environment = here.environment(box := await inbox(), tmp_path, smtp_tls="starttls")
    async with here.projecting():
        sender = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "streams.cli", "sender", "email"),
            stdout=PIPE, stderr=PIPE, env=os.environ | environment,
        )  # fmt: skip
        async with asyncio.timeout(60):
            out, err = await sender.communicate()
    assert (sender.returncode, out, box.messages) == (1, b"", [])
    (message,) = [line for line in err.decode().splitlines() if not line.startswith("{")]
    assert message.startswith("relance: The relay 127.0.0.1:")


@pytest.mark.long
async def test_senders_killed_again_and_again_send_each_message_once_or_say_that_they_do_not_know(
    here: Installation, inbox: OpenInbox, tmp_path: Path
) -> None:
    async def slowly(stage: str, text: str) -> None:
        await asyncio.sleep(0.02)

    async def all_have_theirs() -> bool:
        return len(endings(await here.outcomes(0))) == len(contacts)

    box, contacts = await inbox(slowly), [f"c{number}" for number in range(300)]
    sender = Part(tmp_path, here.environment(box, tmp_path), "sender", "email")
    sender.environment = {**sender.environment, "RELANCE_METRICS_PORT": str(sender.port)}
    await asyncio.gather(*[here.contact(contact) for contact in contacts])
    await here.relaunch(*[a_due_relaunch(contact) for contact in contacts])
    async with here.projecting():
        try:
            for kill in range(4):
                await wait_async(sender.starting())
                await here.outcomes(40 * (kill + 1))
                sender.kill()
            await wait_async(sender.starting())
            await until(all_have_theirs)
        finally:
            await wait_async(sender.stopping())
    mailed = {mail.to[0].partition("@")[0] for mail in box.messages}
    ended = endings(await here.outcomes(len(contacts)))
    sent = {contact for contact, end in ended.items() if end == ("sent", None)}
    unsure = {contact for contact, end in ended.items() if end == ("unknown", "interrupted")}
    assert len(mailed) == len(box.messages)
    assert sent <= mailed <= sent | unsure == set(contacts)
    assert len(unsure) <= 4 * MOST_AT_ONCE


@pytest.mark.long
async def test_a_kafka_that_freezes_and_dies_holds_messages_back_and_loses_none(
    tmp_path: Path, valkey: LocalValkey, inbox: OpenInbox
) -> None:
    async def all_have_theirs() -> bool:
        return len(endings(await installation.outcomes(0))) == len(contacts)

    box, contacts = await inbox(), [f"c{number}" for number in range(90)]
    with LocalKafka(tmp_path) as kafka:
        async with installed(kafka.bootstrap, valkey.url) as installation:
            await asyncio.gather(*[installation.contact(contact) for contact in contacts])
            async with installation.projecting(), installation.sending(box) as sending:
                await installation.relaunch(*[a_due_relaunch(contact) for contact in contacts[:30]])
                kafka.freeze()
                await asyncio.sleep(15)
                kafka.thaw()
                await installation.relaunch(*[a_due_relaunch(contact) for contact in contacts[30:60]])
                kafka.kill()
                kafka.start()
                await installation.relaunch(*[a_due_relaunch(contact) for contact in contacts[60:]])
                await until(all_have_theirs)
                assert not sending.done()
            ended = endings(await installation.outcomes(len(contacts)))
    assert ended == dict.fromkeys(contacts, ("sent", None))
    assert len({mail.to for mail in box.messages}) == len(box.messages) == len(contacts)
