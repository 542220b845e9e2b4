"""What is in a visitor's cart after a change?"""

from streams.core.events import CartChanged, Line

Lines = tuple[Line, ...]

#: A cart holds at most this many distinct products; beyond it, the oldest line makes room.
MAX_LINES = 100
#: So many of one product are as good as any more (the wire's own limit, `schemas/fields.py`).
MAX_QUANTITY = 1_000_000


def after(lines: Lines, change: CartChanged) -> tuple[Lines, bool]:
    """Return the cart's lines, and whether the change put more into it (an `add`, or a `set` that raises a quantity)."""
    if change.action == "empty":
        return (), False
    product_id = change.product_id or ""
    held = next((line.quantity for line in lines if line.product_id == product_id), 0)
    quantity = _quantity_after(held, change)
    return _with(lines, change, product_id, quantity), change.action == "add" or quantity > held


def _quantity_after(held: int, change: CartChanged) -> int:
    match change.action:
        case "add":
            return min(held + (change.quantity or 1), MAX_QUANTITY)
        case "remove":
            return 0 if change.quantity is None else max(0, held - change.quantity)
        case _:
            return change.quantity or 0


def _with(lines: Lines, change: CartChanged, product_id: str, quantity: int) -> Lines:
    others = tuple(line for line in lines if line.product_id != product_id)
    if quantity <= 0:
        return others
    return (*others, Line(product_id, quantity, change.unit_price_minor, change.currency))[-MAX_LINES:]
