"""What does somebody who watches the demo see?"""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from senders.errors import SENTENCES
from streams.demo.scrape import Scraped
from streams.demo.tally import Tally


def view(
    *, played: int, of: int, scraped: Scraped, tally: Tally, mails: int, inbox: str, status: str
) -> RenderableType:
    """Return the live picture."""
    return Group(
        Text(f"Relance demo: {status}", style="bold"),
        Text(f"Inbox: {inbox}", style="cyan"),
        _numbers(played, of, scraped, tally, mails),
        _last(tally),
        Text("Ctrl-C stops everything and leaves nothing behind.", style="dim"),
    )


def _numbers(played: int, of: int, scraped: Scraped, tally: Tally, mails: int) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_row("events played", f"{played} of {of}")
    table.add_row("carts left", str(tally.candidates))
    table.add_row("carts ordered or emptied in time", f"{scraped.ordered + scraped.emptied:.0f}")
    table.add_row("[green]messages in the inbox", f"[green]{mails}")
    for how, count in tally.outcomes.items():
        table.add_row(f"  {how}", str(count), _sentence(how))
    table.add_row("crawlers' page views dropped", f"{scraped.crawlers:.0f}")
    table.add_row("dead letters", str(tally.dead_letters.total()), ", ".join(tally.dead_letters))
    table.add_row("fence, mean", f"{scraped.fence_ms:.1f} ms")
    table.add_row("deadline to mail taken, mean", f"{scraped.deadline_to_smtp_ms:.0f} ms")
    table.add_row("records waiting", f"{scraped.lag:.0f}")
    return table


def _last(tally: Tally) -> Table:
    table = Table("who left a cart", "what became of it", box=None, padding=(0, 2), title_justify="left")
    for contact_id, how in tally.last:
        table.add_row(contact_id, Text(how, style="green" if how == "sent" else "yellow"))
    return table


def _sentence(how: str) -> str:
    return SENTENCES.get(how.partition("(")[2].rstrip(")"), "")
