"""Claims about what is kept of a message."""

from streams.local.message import message_from


def test_headers_are_decoded_and_those_that_are_lacking_are_empty() -> None:
    raw = b"Subject: =?utf-8?q?Votre_panier=2C_=C3=89lo=C3=AFse?=\r\n\r\nBonjour\r\n"
    message = message_from(raw, sender="a@shop.example", to=["b@mail.example"], received_at=1_790_000_000_000)
    assert message.subject == "Votre panier, Éloïse"
    assert message.message_id == ""
    assert message.raw == raw


def test_a_message_that_is_no_mail_at_all_is_kept_all_the_same() -> None:
    message = message_from(b"\xff\x00 not a mail", sender="a@shop.example", to=[], received_at=0)
    assert (message.subject, message.to) == ("", ())
