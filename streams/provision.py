"""Do the topics exist as declared?

`relance topics apply` creates what is missing. It never changes a topic that is there: it says what differs.
"""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from streams import topics
from streams.settings import Settings
from streams.topics import Topic

LED_WITHIN_SECONDS = 30.0


class NotProvisioned(Exception):
    """A topic is missing or could not be created. Tell the operator."""


def partitions_of(topic: Topic, settings: Settings) -> int:
    """Return how many partitions a topic is to get here."""
    of_journal = topic in (topics.JOURNAL, topics.STATE)
    return settings.journal_partitions if of_journal else settings.public_partitions


async def missing(admin: AIOKafkaAdminClient, settings: Settings) -> list[Topic]:
    """Return the declared topics that Kafka does not have."""
    there = set(await admin.list_topics())
    return [topic for topic in topics.ALL if settings.named(topic.name) not in there]


async def apply(admin: AIOKafkaAdminClient, settings: Settings) -> list[Topic]:
    """Create the topics that are missing and return them; raises `NotProvisioned`."""
    wanted = await missing(admin, settings)
    if not wanted:
        return []
    replicated = {"min.insync.replicas": "2"} if settings.replication > 1 else {}
    answer = await admin.create_topics(
        [
            NewTopic(
                settings.named(topic.name),
                partitions_of(topic, settings),
                settings.replication,
                topic_configs=topic.config | replicated,
            )
            for topic in wanted
        ]
    )
    for name, code, *rest in answer.topic_errors:
        if code:
            raise NotProvisioned(f"Kafka would not create {name}: {for_code(code).__name__} {rest}")
    await _until_led(admin, [settings.named(topic.name) for topic in wanted])
    return wanted


async def _until_led(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    """Wait until every partition has a leader: Kafka answers before it is so."""
    deadline = asyncio.get_running_loop().time() + LED_WITHIN_SECONDS
    while not all(
        topic["error_code"] == 0 and topic["partitions"] and all(p["leader"] >= 0 for p in topic["partitions"])
        for topic in await admin.describe_topics(names)
    ):
        if asyncio.get_running_loop().time() > deadline:
            raise NotProvisioned("The new topics have no leaders: look at the brokers' logs.")
        await asyncio.sleep(0.1)


async def require(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Raise `NotProvisioned` unless every declared topic exists, and the state has as many partitions as the journal."""
    await require_topics(admin, settings)
    counts = await _counts(admin, settings)
    journal, state = counts[topics.JOURNAL.name], counts[topics.STATE.name]
    if not journal == state == settings.journal_partitions:
        raise NotProvisioned(
            f"{settings.named(topics.JOURNAL.name)} has {journal} partitions, {settings.named(topics.STATE.name)} has {state}, "
            f"and RELANCE_JOURNAL_PARTITIONS says {settings.journal_partitions}: they must be equal, and the journal's number "
            "never changes in place, since a subject would not find its state. Set the number it was created with; to have another "
            "number, move to a new journal with `relance journal repartition`."
        )


async def require_topics(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Raise `NotProvisioned` unless every declared topic exists, with however many partitions."""
    absent = await missing(admin, settings)
    if absent:
        names = ", ".join(settings.named(topic.name) for topic in absent)
        raise NotProvisioned(f"Kafka has no topic {names}. Create what is missing with `relance topics apply`.")


async def described(admin: AIOKafkaAdminClient, settings: Settings) -> dict[str, int | None]:
    """Return how many partitions each declared topic has; None when it is missing."""
    absent = {topic.name for topic in await missing(admin, settings)}
    counts = await _counts(admin, settings)
    return {topic.name: None if topic.name in absent else counts[topic.name] for topic in topics.ALL}


async def _counts(admin: AIOKafkaAdminClient, settings: Settings) -> dict[str, int]:
    plain = {settings.named(topic.name): topic.name for topic in topics.ALL}
    described = await admin.describe_topics(list(plain))
    return {plain[found["topic"]]: len(found["partitions"]) for found in described}
