"""Claims about the keys of the suppression table."""

from streams.stores.keys import ALL, DAY_MS, RESERVATION, Keys
from streams.topics import RELAUNCH

KEYS = Keys("shop-a.")


def test_keys_stand_under_the_installation_and_share_a_slot_by_contact() -> None:
    contact = b"contact:s:c"
    assert KEYS.watermarks() == b"shop-a.relance:watermarks"
    assert KEYS.reservation("r1") == b"shop-a.relance:reservation:r1"
    assert KEYS.window(contact, "cart") == b"shop-a.relance:window:{contact:s:c}:cart"
    for key in (KEYS.purchases(contact), KEYS.consent(contact), KEYS.card(contact)):
        assert key.endswith(b":{contact:s:c}")


def test_a_reservation_outlives_the_relaunch_topic() -> None:
    assert RESERVATION.kept_ms is not None
    assert RESERVATION.kept_ms >= int(RELAUNCH.config["retention.ms"]) + DAY_MS


def test_every_key_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len({key.name for key in ALL}) == len(ALL)
    assert all(key.about.endswith(".") for key in ALL)
