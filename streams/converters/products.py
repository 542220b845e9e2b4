"""What do the products look like that the data sets know by a number only?

Made up: a French title, a price in euros, a page and a picture at the shop's example domain. The same number always
gives the same product.
"""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote
from zlib import crc32

from streams.converters.record import Record

#: What it is, and where in the shop it stands.
_THINGS = (
    ("Fauteuil", "seats"),
    ("Tabouret", "seats"),
    ("Banc", "seats"),
    ("Lampe de chevet", "lights"),
    ("Suspension", "lights"),
    ("Table basse", "tables"),
    ("Console", "tables"),
    ("Étagère", "storage"),
    ("Panier", "storage"),
    ("Coffre", "storage"),
    ("Plateau", "tableware"),
    ("Corbeille à fruits", "tableware"),
)
_MATERIALS = ("chêne massif", "rotin tressé", "métal laqué", "bambou", "osier", "hêtre teinté")
_COLOURS = ("vert sauge", "bleu nuit", "ivoire", "terracotta", "noir", "moutarde", "naturel")
_CHEAPEST_MINOR, _PRICES, _STEP_MINOR = 990, 190, 100


class Product(NamedTuple):
    """What a product is called, what it costs, and where it stands."""

    product_id: str
    title: str
    price_minor: int
    currency: str
    category: str | None = None


class Shelf:
    """A shop's catalog, as far as a recording has mentioned it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._seen: set[str] = set()

    def introduced(self, product: Product, at: int) -> Iterator[Record]:
        """Make the catalog's record of a product, the first time it is seen."""
        if product.product_id not in self._seen:
            self._seen.add(product.product_id)
            yield self._record(product, at)

    def page(self, product_id: str) -> str:
        """Return the address of a product's page."""
        return f"{self._url}/p/{quote(product_id, safe='')}"

    def _record(self, product: Product, at: int) -> Record:
        fields = {
            **product._asdict(),
            "url": self.page(product.product_id),
            "image_url": f"{self._url}/i/{quote(product.product_id, safe='')}.jpg",
        }
        return Record("catalog", f"product-{product.product_id}", at, fields)


def made_up(product_id: str) -> Product:
    """Make up what a product is, from its id alone."""
    draw = crc32(product_id.encode())
    draw, thing = divmod(draw, len(_THINGS))
    draw, material = divmod(draw, len(_MATERIALS))
    draw, colour = divmod(draw, len(_COLOURS))
    name, category = _THINGS[thing]
    title = f"{name} en {_MATERIALS[material]}, {_COLOURS[colour]}"
    return Product(product_id, title, _CHEAPEST_MINOR + draw % _PRICES * _STEP_MINOR, "EUR", category)
