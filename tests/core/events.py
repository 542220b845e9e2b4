"""What do the core's tests tell it? Events with everything filled in but what the test is about."""

from hashlib import blake2b

from streams.core.events import (
    AddressKnown,
    Candidate,
    CartChanged,
    ConsentChanged,
    Line,
    OrderChanged,
    OrderHandedOver,
    PageViewed,
)

#: A day like any other, 09:00:00.000 UTC.
NINE = 1_793_692_800_000
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
DAY = 24 * HOUR


def digest(id: str) -> bytes:
    return blake2b(id.encode(), digest_size=8).digest()


def viewed(id: str = "view", *, at: int = NINE, contact_id: str | None = None, offset: int = 0) -> PageViewed:
    return PageViewed(
        id=id, digest=digest(id), at=at, source=1, offset=offset, contact_id=contact_id, kind="product", product_id="p"
    )


def changed(
    action: str,
    product_id: str | None = "lamp",
    quantity: int | None = None,
    *,
    id: str = "change",
    at: int = NINE,
    contact_id: str | None = None,
    cart_id: str | None = None,
    offset: int = 0,
) -> CartChanged:
    return CartChanged(
        id=id,
        digest=digest(id),
        at=at,
        source=2,
        offset=offset,
        contact_id=contact_id,
        action=action,
        product_id=product_id,
        quantity=quantity,
        unit_price_minor=990,
        currency="EUR",
        cart_id=cart_id,
    )


def ordered(
    status: str = "placed",
    *,
    id: str = "order",
    order_id: str = "o1",
    at: int = NINE,
    contact_id: str | None = None,
    offset: int = 0,
) -> OrderChanged:
    return OrderChanged(
        id=id,
        digest=digest(id),
        at=at,
        source=3,
        offset=offset,
        contact_id=contact_id,
        order_id=order_id,
        status=status,
    )


def told(status: str = "placed", *, id: str = "order", order_id: str = "o1", at: int = NINE) -> OrderHandedOver:
    return OrderHandedOver(digest=digest(id), id=id, at=at, order_id=order_id, status=status)


def consented(
    granted: bool = True,
    *,
    id: str = "consent",
    at: int = NINE,
    channel: str = "email",
    purpose: str = "marketing",
    offset: int = 0,
) -> ConsentChanged:
    return ConsentChanged(
        id=id, digest=digest(id), at=at, source=4, offset=offset, channel=channel, purpose=purpose, granted=granted
    )


def known(contact_id: str, *, id: str = "known", at: int = NINE, offset: int = 0) -> AddressKnown:
    return AddressKnown(id=id, digest=digest(id), at=at, source=5, offset=offset, contact_id=contact_id)


def left(
    trigger_id: str = "add",
    *,
    visitor_id: str = "laptop",
    trigger_at: int = NINE,
    due_at: int = NINE + 30 * MINUTE,
    last_id: str = "add",
    scenario: str = "cart-reminder",
    once_per_ms: int = DAY,
) -> Candidate:
    return Candidate(
        digest=digest(f"{visitor_id} {scenario} {trigger_id}"),
        visitor_id=visitor_id,
        scenario=scenario,
        step=1,
        channel="email",
        template="cart-reminder",
        once_per_ms=once_per_ms,
        expires_after_ms=DAY,
        trigger_id=trigger_id,
        trigger_at=trigger_at,
        last_id=last_id,
        due_at=due_at,
        cart_id="cart-1",
        lines=(Line("lamp", 1, 990, "EUR"),),
    )
