"""Which few events, told together, try one rule at its edge?

Random events seldom meet: a plot makes them meet, on devices that nobody else touches.
"""

import random
from collections.abc import Callable, Iterator

from tests.chaos.cast import STATUSES, Cast, Moment, Person, Value

#: Told the time, returns topic, shop and value of an event.
Scene = Callable[[int], tuple[str, str, Value]]
Plot = Iterator[tuple[int, Scene]]


class Plots:
    """Stories around one left cart: when each of their events is to be told, and the event."""

    def __init__(self, rng: random.Random, cast: Cast, idle_for_ms: int, once_per_ms: int) -> None:
        self.random, self.cast = rng, cast
        self.idle_for_ms, self.once_per_ms = idle_for_ms, once_per_ms

    def any(self, now: int) -> Plot:
        """Yield the scenes of one plot that begins now."""
        shop = self.random.choice(self.cast.shops)
        person = self.random.choice(self.cast.people[shop])
        plots = (
            self.bought_on_an_unknown_device,
            self.bought_from_an_unknown_address,
            self.bought_around_the_trigger,
            self.changed_its_mind,
            self.left_again_when_the_cap_ends,
            self.left_twice_at_once,
        )
        return self.random.choice(plots)(shop, person, now)

    def bought_on_an_unknown_device(self, shop: str, person: Person, now: int) -> Plot:
        """The device turns out to be the person's, and then to be somebody else's, who left a cart too."""
        device, other = self.cast.another_device(), self.random.choice(self.cast.people[shop])
        yield now, self._leaves(shop, person)
        yield now, self._leaves(shop, other)
        ordered_at, known_at, passed_on_at = sorted(self._before_the_end(now) for _ in range(3))
        yield ordered_at, self._orders(shop, lambda: {"visitor_id": device})
        yield known_at, self._looks(shop, device, person)
        if self.random.random() < 0.5:
            yield passed_on_at, self._looks(shop, device, other)

    def bought_from_an_unknown_address(self, shop: str, person: Person, now: int) -> Plot:
        """The contact record that has the address comes later."""
        yield now, self._leaves(shop, person)
        ordered_at, known_at = sorted(self._before_the_end(now) for _ in range(2))
        yield ordered_at, self._orders(shop, lambda: {"email": person.next_email})
        yield known_at, lambda at: ("contacts", shop, self.cast.record(person, at, moves=True))

    def bought_around_the_trigger(self, shop: str, person: Person, now: int) -> Plot:
        """The order is told late, at the very time of the add, or a millisecond off."""
        yield now, self._leaves(shop, person)
        occurred_at = now + self.random.choice((-1, 0, 1))
        yield self._before_the_end(now), self._orders(shop, lambda: {"contact_id": person.contact_id}, occurred_at)

    def changed_its_mind(self, shop: str, person: Person, now: int) -> Plot:
        """An order goes through several statuses at nearly the same time, told in any order."""
        yield now, self._leaves(shop, person)
        order = self.cast.order(shop, {"contact_id": person.contact_id})
        changed_at = self._before_the_end(now)
        for _ in range(self.random.randint(2, 4)):
            status, when = self.random.choice(STATUSES), changed_at + self.random.choice((-1, 0, 0, 1))

            def changes(at: int, status: str = status, when: int = when) -> tuple[str, str, Value]:
                return "orders", shop, self.cast.order_value(order, order.who, status, Moment(now=at, occurred_at=when))

            yield max(changed_at, self._before_the_end(now)), changes

    def left_again_when_the_cap_ends(self, shop: str, person: Person, now: int) -> Plot:
        """Carts are left one cap after another, each a millisecond too early, in time, or a millisecond later."""
        for _ in range(4):
            yield now, self._leaves(shop, person)
            now += self.once_per_ms + self.random.choice((-1, 0, 0, 1))

    def left_twice_at_once(self, shop: str, person: Person, now: int) -> Plot:
        """Two devices are due at the same millisecond."""
        yield now, self._leaves(shop, person)
        yield now, self._leaves(shop, person)

    def _before_the_end(self, now: int) -> int:
        """Return a time up to the deadline, at times within a millisecond of it."""
        end = now + self.idle_for_ms
        return self.random.choice((self.random.randint(now, end), end + self.random.choice((-1, 0, 1))))

    def _leaves(self, shop: str, person: Person) -> Scene:
        change = self.cast.cart_change(shop, self.cast.another_device(), "add") | {"contact_id": person.contact_id}
        return lambda at: ("cart-adds", shop, {**change, "occurred_at": at})

    def _looks(self, shop: str, device: str, person: Person) -> Scene:
        view = self.cast.view(shop, device) | {"contact_id": person.contact_id}
        return lambda at: ("page-views", shop, {**view, "occurred_at": at})

    def _orders(self, shop: str, who: Callable[[], Value], occurred_at: int | None = None) -> Scene:
        def scene(at: int) -> tuple[str, str, Value]:
            order = self.cast.order(shop, who())
            when = Moment(now=at, occurred_at=at if occurred_at is None else occurred_at)
            return "orders", shop, self.cast.order_value(order, order.who, "placed", when)

        return scene
