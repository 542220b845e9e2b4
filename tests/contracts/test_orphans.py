"""Is anything declared that nothing uses?"""

import ast
import inspect

import pytest
from prometheus_client.metrics import MetricWrapperBase
from redis import Redis

from schemas import errors as schema_errors
from senders import errors as sender_errors
from streams import topics
from streams.core import decisions
from streams.local.valkey import LocalValkey
from streams.metrics import Metrics
from streams.settings import Settings
from streams.stores import keys
from streams.stores.facts import Consent, ContactKnown, Purchase
from streams.stores.in_redis import SuppressionInRedis, connect
from streams.stores.ports import Request, Reserved
from streams.topics import Topic
from tests.contracts.checkout import attributes, calls, modules

TOPICS = {name: value for name, value in vars(topics).items() if isinstance(value, Topic)}
METRICS = {name: value for name, value in vars(Metrics()).items() if isinstance(value, MetricWrapperBase)}
KEYS = {name: value for name, value in vars(keys).items() if isinstance(value, keys.Key)}


def imported(module: str) -> set[str]:
    """Return every name that some code imports from a module."""
    return {
        alias.name
        for code in modules().values()
        for node in ast.walk(code)
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }


def test_every_topic_is_provisioned_and_used() -> None:
    assert sorted(topic.name for topic in topics.ALL) == sorted(topic.name for topic in TOPICS.values())
    used = attributes({"topics"}, apart_from="streams/topics.py") | imported("streams.topics")
    assert not TOPICS.keys() - used


def test_every_setting_is_read_somewhere() -> None:
    used = attributes({"settings", "_settings"}, apart_from="streams/settings.py")
    assert not Settings.model_fields.keys() - used


def test_every_setting_has_its_sentence() -> None:
    assert all((field.description or "").endswith((".", "…")) for field in Settings.model_fields.values())


def test_every_metric_is_set_somewhere() -> None:
    used = attributes({"metrics", "_metrics"}, apart_from="streams/metrics.py")
    assert not METRICS.keys() - used


def test_every_metric_is_given_as_many_labels_as_it_has() -> None:
    given = {
        (call.func.value.attr, len(call.args))
        for call in calls("labels")
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Attribute)
    }
    assert given
    assert given <= {(name, len(metric._labelnames)) for name, metric in METRICS.items()}


def test_the_catalogue_lists_every_metric_with_a_sentence() -> None:
    catalogue = Metrics().catalogue
    assert len(catalogue) == len(METRICS) == len({row.name for row in catalogue})
    assert all(row.about.endswith(".") for row in catalogue)


@pytest.mark.parametrize(
    ("reasons", "module"),
    [
        (decisions.Reason, "streams/core/decisions.py"),
        (sender_errors.Reason, "senders/errors.py"),
        (schema_errors.Reason, "schemas/errors.py"),
    ],
)
def test_every_reason_is_given_somewhere_and_has_a_sentence(
    reasons: type[decisions.Reason | sender_errors.Reason | schema_errors.Reason], module: str
) -> None:
    assert not {reason.name for reason in reasons} - attributes({"Reason"}, apart_from=module)
    assert all(reason.sentence.endswith(".") for reason in reasons)


def test_no_two_reasons_for_not_writing_have_the_same_word() -> None:
    assert len(sender_errors.SENTENCES) == len(decisions.Reason) + len(sender_errors.Reason)


def test_every_redis_key_is_declared_once_and_named_by_code() -> None:
    assert set(keys.ALL) == set(KEYS.values())
    named = {name for name, _ in inspect.getmembers(keys.Keys, inspect.isfunction) if not name.startswith("_")}
    assert named == {key.name for key in keys.ALL}
    assert not named - attributes({"keys", "_keys"}, apart_from="streams/stores/keys.py")


async def test_the_suppression_table_writes_the_declared_keys_and_no_others(valkey: LocalValkey) -> None:
    namespace = "contracts."
    async with connect(valkey.url) as client:
        table = SuppressionInRedis(client, namespace)
        contact, at = b"contact:s:c", 1_000
        facts = (
            ContactKnown(contact, b"mail:s:0", None),
            Consent(contact, "email", "marketing", "granted", at, "yes"),
            Purchase((contact,), "o", "cancelled", at, "bought"),
        )
        await table.apply("orders", 0, expected=None, next_offset=1, facts=facts)
        request = Request(
            relaunch_id="r", contact=contact, identities=(), channel="email", scenario="cart",
            trigger_at=at, once_per_ms=1, now_ms=at,
        )  # fmt: skip
        assert await table.reserve(request) == Reserved()
    with Redis.from_url(valkey.url, decode_responses=True) as looking:
        found = {
            key.removeprefix(f"{namespace}relance:").partition(":")[0]: (
                looking.type(key),
                looking.pexpiretime(key) > 0,
            )
            for key in looking.scan_iter(f"{namespace}*")
        }
    assert found == {key.name: (key.type, key.kept_ms is not None) for key in keys.ALL}
