"""Why did somebody get, or not get, a message?"""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from schemas.outcome import Outcome
from senders.errors import SENTENCES
from streams import topics
from streams.cli.mistakes import NotFound
from streams.cli.settings import load
from streams.core.decisions import RELAUNCH, Decision
from streams.reading import whole
from streams.settings import Settings

_decision = msgspec.json.Decoder(Decision).decode


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def explain(
        id: Annotated[
            str, typer.Argument(metavar="RELAUNCH_ID|CONTACT_ID", help="One message, or all about one contact.")
        ],
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    ) -> None:
        """Say in words which events, which rule and which checks led to a message, or to none.

        Example: relance explain contact-05-buys-in-store
        """
        decisions, outcomes = asyncio.run(_read(load(), id))
        if not decisions:
            raise NotFound(f"No decision is about {id}: nothing was left behind, or the id is another one.")
        for decision in decisions:
            ended = outcomes.get(decision.relaunch_id)
            if as_json:
                told = {"outcome": ended.outcome, "reason": ended.reason, "at": ended.occurred_at} if ended else None
                print(json.dumps({**msgspec.to_builtins(decision), "outcome": told}))
            else:
                print("\n".join(told_of(decision, ended)), end="\n\n")


def told_of(decision: Decision, ended: Outcome | None) -> Iterator[str]:
    """Tell one decision, and what became of it, in words."""
    whom = f"contact {decision.contact_id}" if decision.contact_id else "nobody we know"
    yield f"Relaunch {decision.relaunch_id} of shop {decision.shop_id}, for {whom}:"
    yield f"  {_clock(decision.trigger_at)}  Visitor {decision.visitor_id} put something into the cart (event {decision.evidence[0]})."
    yield f"  {_clock(decision.decided_at)}  Scenario {decision.scenario}, step {decision.step}: the cart was left. {_verdict(decision)}"
    if len(decision.evidence) > 1:
        yield f"                       Evidence: events {', '.join(decision.evidence[1:])}."
    if ended is not None:
        yield f"  {_clock(ended.occurred_at)}  {_ending(ended)}"
    elif decision.decision == RELAUNCH:
        yield "                       The sender has not come to it yet, or puts it off."


async def _read(settings: Settings, id: str) -> tuple[list[Decision], dict[str, Outcome]]:
    decisions: dict[str, Decision] = {}
    async for record in whole(settings, topics.DECISIONS.name):
        decision = _decision(record.value)
        if id in (decision.relaunch_id, decision.contact_id):
            decisions.setdefault(decision.relaunch_id, decision)
    outcomes: dict[str, Outcome] = {}
    async for record in whole(settings, topics.OUTCOMES.name):
        outcome = Outcome.model_validate_json(record.value)
        if outcome.relaunch_id in decisions:
            outcomes.setdefault(outcome.relaunch_id, outcome)
    return sorted(decisions.values(), key=lambda decision: decision.decided_at), outcomes


def _verdict(decision: Decision) -> str:
    if decision.decision == RELAUNCH:
        return "All checks passed: no purchase since, consent given, not written to lately."
    return f"Not written to ({decision.decision}): {SENTENCES[decision.decision]}"


def _ending(ended: Outcome) -> str:
    if ended.outcome == "sent":
        return f"Checked again behind a fence, and sent by {ended.channel} as {ended.message_id}."
    how = "Perhaps sent, and never to be sent again" if ended.outcome == "unknown" else "Not sent at the last moment"
    evidence = f" Evidence: events {', '.join(ended.evidence)}." if ended.evidence else ""
    return f"{how}, {ended.outcome} ({ended.reason}): {SENTENCES.get(ended.reason or '', '')}{evidence}"


def _clock(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} "
