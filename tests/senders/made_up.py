"""Who and what do the senders' tests write about? Made up, at example domains."""

from collections.abc import Mapping

from schemas.contact import Contact
from schemas.product import Product
from schemas.relaunch import Relaunch
from senders.shops import Shop

NINE = 1_793_692_800_000
UNSUBSCRIBE = "https://relance.example/unsubscribe/0a1b2c3d.WyJib3V0aXF1ZSJd.c2lnbmF0dXJl"
RELAUNCH_ID = "5f0c2b7e9d1a4c3386e0f1a2b3c4d5e6"


def a_shop(**changes: object) -> Shop:
    return Shop.model_validate(
        {
            "shop_id": "boutique",
            "name": "La Boutique",
            "from": "bonjour@boutique.example",
            "reply_to": "clients@boutique.example",
            "address": "12 rue des Exemples\n75002 Paris",
            "url": "https://boutique.example/",
            "locale": "fr",
        }
        | changes
    )


def a_contact(**changes: object) -> Contact:
    return Contact.model_validate(
        _envelope("c-1") | {"contact_id": "anna", "email": "anna@mail.example", "locale": "fr-FR"} | changes
    )


def a_product(product_id: str = "teapot", **changes: object) -> Product:
    return Product.model_validate(
        _envelope(f"p-{product_id}")
        | {
            "product_id": product_id,
            "title": "Théière en fonte",
            "url": f"https://boutique.example/p/{product_id}",
            "image_url": f"https://images.boutique.example/{product_id}.jpg",
            "price_minor": 4990,
            "currency": "EUR",
        }
        | changes
    )


def a_line(product_id: str = "teapot", **changes: object) -> dict[str, object]:
    return {"product_id": product_id, "quantity": 1, "unit_price_minor": None, "currency": None} | changes


def a_relaunch(*lines: dict[str, object], **changes: object) -> Relaunch:
    return Relaunch.model_validate(
        _envelope(f"{RELAUNCH_ID}/1")
        | {
            "relaunch_id": RELAUNCH_ID,
            "contact_id": "anna",
            "visitor_id": "v-1",
            "visitor_ids": ["v-1", "v-2"],
            "cart_id": None,
            "scenario": "cart-reminder",
            "step": 1,
            "attempt": 1,
            "channel": "email",
            "template": "cart-reminder",
            "once_per": 86_400_000,
            "trigger_at": NINE,
            "due_at": NINE,
            "decided_at": NINE,
            "expires_at": NINE + 86_400_000,
            "lines": list(lines) or [a_line()],
            "evidence": ["e-1"],
        }
        | changes
    )


def a_catalog(*products: Product) -> Mapping[str, Product]:
    return {product.product_id: product for product in products or (a_product(),)}


def _envelope(event_id: str) -> dict[str, object]:
    return {"v": 1, "event_id": event_id, "shop_id": "boutique", "occurred_at": NINE}
