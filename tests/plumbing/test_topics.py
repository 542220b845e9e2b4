"""Claims about the topics there are."""

import pytest

from schemas.decoding import FAMILY_OF
from streams import topics
from streams.topics import ALL, DAY_MS, Topic

PUBLIC = [topic for topic in ALL if topic.public]


def test_no_two_topics_have_one_name() -> None:
    assert len({topic.name for topic in ALL}) == len(ALL)


def test_every_topic_that_is_declared_is_listed() -> None:
    assert {topic.name for topic in vars(topics).values() if isinstance(topic, Topic)} == {topic.name for topic in ALL}


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_a_topic_is_relances_own_exactly_if_its_name_says_so(topic: Topic) -> None:
    assert topic.name.startswith("relance.") is not topic.public


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_a_topic_says_in_a_sentence_what_it_is_for_and_how_long_it_is_kept(topic: Topic) -> None:
    assert topic.about.endswith(".")
    assert topic.config["cleanup.policy"] in ("compact", "delete")
    assert ("retention.ms" in topic.config) is (topic.config["cleanup.policy"] == "delete")


def test_shops_publish_to_the_topics_that_have_a_schema() -> None:
    assert {topic.name for topic in PUBLIC} == {*FAMILY_OF, "relaunch"}


def test_a_fence_covers_whoever_bought_said_no_or_was_erased() -> None:
    assert [topic.name for topic in topics.fenced()] == ["orders", "consent-changes", "contacts"]


def test_only_names_addresses_and_products_are_compacted_in_public() -> None:
    assert [topic.name for topic in PUBLIC if topic.config["cleanup.policy"] == "compact"] == ["contacts", "catalog"]


def test_a_withdrawal_outlives_every_readers_outage() -> None:
    assert topics.CONSENT_CHANGES.config["retention.ms"] == "-1"


@pytest.mark.parametrize(("topic", "days"), [(topics.ORDERS, 400), (topics.JOURNAL, 35), (topics.DECISIONS, 400)])
def test_what_is_deleted_is_kept_for_so_many_days(topic: Topic, days: int) -> None:
    assert int(topic.config["retention.ms"]) == days * DAY_MS


@pytest.mark.parametrize(
    "topic", [topics.PAGE_VIEWS, topics.CART_ADDS, topics.ORDERS, topics.CONSENT_CHANGES, topics.JOURNAL]
)
def test_time_is_the_brokers_where_events_arrive(topic: Topic) -> None:
    assert topic.config["message.timestamp.type"] == "LogAppendTime"


def test_of_each_subjects_state_the_latest_is_kept() -> None:
    assert topics.STATE.config["cleanup.policy"] == "compact"


def test_a_dead_letter_may_be_larger_than_what_it_holds() -> None:
    assert int(topics.DEAD_LETTERS.config["max.message.bytes"]) > 1 << 20
