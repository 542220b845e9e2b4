"""How does somebody else's data set become a recording?

One module for each data set turns rows into records. What all messages share is added here, and so is `at`: the highest
time seen so far, so that a row which stands behind a later one arrives late, as it did.
"""

import csv
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from streams.converters import otto, retail, taobao
from streams.converters.people import Share
from streams.converters.record import BadSource, Record, Tally
from streams.recording import written

__all__ = ["CONVERTERS", "BadSource", "Share", "Tally", "convert", "line"]

Converter = Callable[[Path, Share, Tally], Iterator[Record]]

#: By the name of the data set, which becomes the name of the shop.
CONVERTERS: Mapping[str, Converter] = {"taobao": taobao.convert, "otto": otto.convert, "retail": retail.convert}


def convert(source: str, path: Path, *, contacts: Share, tally: Tally | None = None) -> Iterator[bytes]:
    """Make the lines of a recording, in the order of `at`. Raises BadSource.

    `tally`, if given, says in the end what became of the rows.
    """
    tally = tally or Tally()
    at = 0
    try:
        for record in CONVERTERS[source](path, contacts, tally):
            at = max(at, record.occurred_at)
            tally.written[record.topic] += 1
            yield line(source, record, at)
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise BadSource(f"{path} cannot be read: {error}") from error


def line(shop_id: str, record: Record, at: int) -> bytes:
    """Return the line of a record that reaches Kafka at `at`."""
    shared = {"v": 1, "event_id": record.event_id, "shop_id": shop_id, "occurred_at": record.occurred_at}
    return written(record.topic, at, {**shared, **record.fields})
