"""Claims about time on a quiet partition: it passes when a deadline is due, and only then."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import time_ns

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from streams import kafka_client, provision, topics
from streams.app import worker
from streams.core.decisions import Decision
from streams.core.events import Record
from streams.core.identity import VISITOR, subject
from streams.core.scenarios.cart import CartRules
from streams.journal.records import TICK, TICK_KEY, encode, partition_of
from streams.kafka_client import reachable
from streams.local.kafka import LocalKafka
from streams.metrics import Metrics
from streams.reading import whole
from streams.settings import Settings
from streams.stores.in_memory import SuppressionInMemory
from tests.core.events import changed, viewed
from tests.lane.small_lane import close_unused_loop, own_settings, until

IDLE_FOR_MS = 400
RULES = (CartRules(name="cart-reminder", idle_for_ms=IDLE_FOR_MS, min_hold_ms=0),)
PARTITIONS = 3
LAPTOP = subject(VISITOR, "s", "laptop")
HERE = partition_of(LAPTOP, PARTITIONS)
