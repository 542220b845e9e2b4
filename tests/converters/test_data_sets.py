"""Do the data sets themselves become recordings that the pipeline takes in whole?"""

from pathlib import Path

import pytest

from schemas.cart_change import CartChange
from schemas.decoding import decode
from schemas.envelope import Envelope
from schemas.order import Order
from schemas.page_view import PageView
from streams.converters import CONVERTERS, BadSource, Tally, convert
from streams.recording import key_of, read
from tests.recordings.data_sets import CLICKSTREAM, INVOICES, SESSIONS, needs_data_sets

ROWS = [("taobao", CLICKSTREAM, 58_287), ("otto", SESSIONS, 862), ("retail", INVOICES, 99_602)]


@needs_data_sets
@pytest.mark.parametrize(("source", "path", "rows"), ROWS)
def test_every_record_belongs_to_the_wire_and_every_row_is_accounted_for(
    source: str, path: Path, rows: int, tmp_path: Path
) -> None:
    tally, recording = Tally(), tmp_path / "recording.jsonl"
    with recording.open("wb") as file:
        file.writelines(convert(source, path, contacts="half", tally=tally))
    ids, at, rows_found = set[str](), 0, 0
    for line in read(recording):
        assert line.at >= at
        at = line.at
        message = decode(line.topic, line.value, arrived_at=at, key=key_of(line.topic, line.value))
        assert isinstance(message, Envelope)
        ids.add(message.event_id)
        rows_found += len(message.lines) if isinstance(message, Order) else isinstance(message, PageView | CartChange)
    assert len(ids) == tally.written.total()
    assert rows_found == tally.taken
    assert tally.rows == rows


@needs_data_sets
def test_a_recording_made_again_is_the_same() -> None:
    assert list(convert("otto", SESSIONS, contacts="half")) == list(convert("otto", SESSIONS, contacts="half"))


@pytest.mark.parametrize("source", sorted(CONVERTERS))
@pytest.mark.parametrize("name", ["nowhere.csv", "plain.csv.gz"])
def test_a_file_that_cannot_be_read_is_refused_in_one_message(source: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "plain.csv.gz").write_bytes(b"plain")
    with pytest.raises(BadSource, match=rf"{name} cannot be read: "):
        list(convert(source, tmp_path / name, contacts="none"))
