"""What can the journal say?

Each record is one of these, as a MessagePack array. *Events* come from shops, through ingest. *Notices* are what one subject
tells a contact: they stay inside. A *tick* says that time has passed. Fields are added at the end, with a default.
Records are frozen and refer to nothing that could refer back, hence `gc=False`: the garbage collector need not follow them.
"""

from msgspec import Struct


class Event(Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """What every event from a shop carries."""

    #: The shop's `event_id`, for evidence.
    id: str
    #: Eight bytes that stand for the id, by which a duplicate is recognised.
    digest: bytes
    #: When it happened by the shop's clock, ms since the epoch, UTC; never trusted beyond append time.
    at: int
    #: The source partition it was read from, as a number, and its offset there.
    source: int
    offset: int


class PageViewed(Event, frozen=True, array_like=True, kw_only=True, tag=1):
    """A visitor looked at a page, a product or search results. What was searched for stays out: people type names."""

    contact_id: str | None
    kind: str
    product_id: str | None = None


class CartChanged(Event, frozen=True, array_like=True, kw_only=True, tag=2):
    """A visitor added, removed, set a quantity, or emptied the cart."""

    contact_id: str | None
    action: str
    product_id: str | None
    #: None with `remove` means the whole line.
    quantity: int | None
    unit_price_minor: int | None
    currency: str | None
    cart_id: str | None


class OrderChanged(Event, frozen=True, array_like=True, kw_only=True, tag=3):
    """An order reached a status."""

    contact_id: str | None
    order_id: str
    status: str


class ConsentChanged(Event, frozen=True, array_like=True, kw_only=True, tag=4):
    """A contact granted or withdrew consent for one channel and purpose."""

    channel: str
    purpose: str
    granted: bool


class AddressKnown(Event, frozen=True, array_like=True, kw_only=True, tag=5):
    """An address, known here by its fingerprint, belongs to a contact."""

    contact_id: str


class Line(Struct, frozen=True, array_like=True, gc=False):
    """One product in a cart."""

    product_id: str
    quantity: int
    unit_price_minor: int | None
    currency: str | None


class Candidate(Struct, frozen=True, array_like=True, kw_only=True, gc=False, tag=6):
    """A visitor left something behind: would it be right to write? Carries its scenario's terms as they were when noticed."""

    digest: bytes
    visitor_id: str
    scenario: str
    step: int
    channel: str
    template: str
    once_per_ms: int
    expires_after_ms: int
    trigger_id: str
    trigger_at: int
    last_id: str
    due_at: int
    cart_id: str | None
    lines: tuple[Line, ...]


class OrderHandedOver(Struct, frozen=True, array_like=True, kw_only=True, gc=False, tag=7):
    """An order that did not name this contact, from one of its devices or addresses."""

    digest: bytes
    id: str
    at: int
    order_id: str
    status: str


class DeviceLinked(Struct, frozen=True, array_like=True, kw_only=True, gc=False, tag=8):
    """A visitor turned out to be this contact."""

    visitor_id: str


class Tick(Struct, frozen=True, array_like=True, tag=9):
    """Time has passed on this partition."""


Notice = Candidate | OrderHandedOver | DeviceLinked
FromShop = PageViewed | CartChanged | OrderChanged | ConsentChanged | AddressKnown
Record = (
    PageViewed
    | CartChanged
    | OrderChanged
    | ConsentChanged
    | AddressKnown
    | Candidate
    | OrderHandedOver
    | DeviceLinked
    | Tick
)
