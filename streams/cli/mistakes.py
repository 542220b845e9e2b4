"""Which failures can whoever is at the terminal mend?"""

from senders.errors import Misconfigured
from streams.agents.ingest import TooManyDeadLetters
from streams.converters import BadSource
from streams.core.partition import JournalResized
from streams.kafka_client import KafkaUnavailable
from streams.local.errors import LocalStackError
from streams.marked_yaml import BadYaml
from streams.provision import NotProvisioned
from streams.recording import BadRecording
from streams.repartition import NotReady
from streams.replay import Removed
from streams.stores.errors import StoreError


class BadSettings(Exception):
    """A setting is missing or cannot be used; the text names the variable and the way out, never a secret."""


class NotFound(Exception):
    """What was asked for is not there; the text says where it was looked for."""


MISTAKES = (
    BadRecording,
    BadSettings,
    BadSource,
    BadYaml,
    JournalResized,
    KafkaUnavailable,
    LocalStackError,
    Misconfigured,
    NotFound,
    NotProvisioned,
    NotReady,
    Removed,
    StoreError,
    TooManyDeadLetters,
)
