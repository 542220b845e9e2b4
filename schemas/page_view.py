"""What did a visitor look at?"""

from typing import Literal

from pydantic import Field

from schemas.envelope import Envelope
from schemas.fields import Id, Quantity


class PageView(Envelope):
    """A visitor looked at a page, at a product, or at the results of a search."""

    visitor_id: Id = Field(description="The browser or app that looked.")
    contact_id: Id | None = Field(default=None, description="The contact who is logged in, or came by a mail's link.")
    kind: Literal["page", "product", "search"] = Field(description="What was looked at.")
    url: str | None = Field(default=None, description="Address of the page.")
    product_id: Id | None = Field(default=None, description="The product looked at; for kind product.")
    query: str | None = Field(default=None, description="What was searched for; for kind search.")
    results: Quantity | None = Field(default=None, description="How many results the search gave.")
    user_agent: str | None = Field(default=None, description="The browser's User-Agent header; crawlers are dropped.")
    referrer: str | None = Field(default=None, description="Address of the page that the visitor came from.")
