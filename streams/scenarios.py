"""Which scenarios has the marketer written?

`scenarios.yaml` is business, apart from the settings. Whatever is wrong with it is said with its line and the way out.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from streams.core.scenarios.cart import CartRules
from streams.core.visitor import Rules
from streams.durations import Duration
from streams.marked_yaml import load


class Step(BaseModel):
    """One message of a scenario."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: Duration = Field(description="Wait after the cart is abandoned; 0m, as long as a scenario has one step.")
    channel: Literal["email"] = Field(description="How to write: email.")
    template: Literal["cart-reminder"] = Field(description="What to write.")

    @field_validator("after")
    @classmethod
    def _at_once(cls, after: int) -> int:
        if after:
            raise ValueError(
                "the only step of a scenario goes out at once: write `after: 0m`, and put the wait into `idle_for`"
            )
        return after


class CartScenario(BaseModel):
    """An abandoned cart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="Lower case letters, digits and dashes.")
    kind: Literal["cart"] = Field(description="What is noticed: cart.")
    idle_for: Duration = Field(gt=0, description="Silence that makes a cart abandoned, for instance 30m.")
    min_hold: Duration = Field(300_000, gt=0, description="Shortest wait after an event that arrived late.")
    once_per: Duration = Field(
        86_400_000, gt=0, description="At most one message per contact in a sliding window this long."
    )
    steps: tuple[Step] = Field(description="The messages: exactly one.")
    expires_after: Duration = Field(gt=0, description="How long after its deadline a message is still worth sending.")

    def rules(self) -> CartRules:
        """Return the scenario as the core wants it."""
        (step,) = self.steps
        return CartRules(
            name=self.name,
            idle_for_ms=self.idle_for,
            min_hold_ms=self.min_hold,
            once_per_ms=self.once_per,
            expires_after_ms=self.expires_after,
            channel=step.channel,
            template=step.template,
        )


class Scenarios(BaseModel):
    """All of `scenarios.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenarios: tuple[CartScenario, ...] = Field(description="the list of scenarios")

    @field_validator("scenarios")
    @classmethod
    def _named_once(cls, scenarios: tuple[CartScenario, ...]) -> tuple[CartScenario, ...]:
        if not scenarios:
            raise ValueError("there is none; write at least one")
        names = [scenario.name for scenario in scenarios]
        if len(set(names)) < len(names):
            raise ValueError("two scenarios have the same name: give each its own")
        return scenarios

    def rules(self) -> Rules:
        """Return the scenarios as the core wants them."""
        return tuple(scenario.rules() for scenario in self.scenarios)


def load_rules(path: Path) -> Rules:
    """Return the scenarios of a file, as the core wants them. Raises `BadYaml`."""
    return load(path, Scenarios, setting="RELANCE_SCENARIOS").rules()
