"""Whose is an address, when an order names nothing else?

A guest gives an e-mail address or a phone number at the till. Here it is only a fingerprint; once a contact is known to have it,
the orders go to that contact.
"""

from msgspec import Struct

from streams.core.events import AddressKnown, Notice, OrderChanged, OrderHandedOver
from streams.core.visitor import MAX_ORDERS, NOTHING, handed_over


class Address(Struct, frozen=True, array_like=True, gc=False):
    """All that is remembered of one address."""

    contact_id: str | None = None
    #: Orders made before the address was known to be a contact's.
    orders: tuple[OrderHandedOver, ...] = ()


Told = tuple[Address, tuple[Notice, ...]]


def after_known(address: Address, event: AddressKnown) -> Told:
    """Return the address as its contact's, and the orders it kept."""
    return Address(event.contact_id), address.orders


def after_order(address: Address, event: OrderChanged, *, at: int) -> Told:
    """Return the address after an order that names it; `at` is when it happened, ms, UTC.

    An order that names its contact has gone there by itself.
    """
    if event.contact_id is not None and event.contact_id == address.contact_id:
        return address, NOTHING
    order = handed_over(event, at)
    if address.contact_id is not None:
        return address, (order,)
    return Address(None, (*address.orders, order)[-MAX_ORDERS:]), NOTHING
