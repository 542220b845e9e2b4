"""How is this installation plumbed?

One frozen value, read from the environment (`RELANCE_…`) in `cli.py` and nowhere else. What a marketer decides is not here:
see `scenarios.yaml` and `shops.yaml`.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from streams import topics
from streams.durations import Duration


class Settings(BaseSettings):
    """Every setting, with a sentence for the operator."""

    model_config = SettingsConfigDict(env_prefix="RELANCE_", frozen=True, extra="ignore")

    kafka_bootstrap: str = Field(
        "127.0.0.1:9092", description="Kafka brokers to start from, host:port, comma separated."
    )
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to talk to Kafka; SASL_SSL for anything beyond one machine."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="How to log in to Kafka, with SASL_…"
    )
    kafka_username: str | None = Field(None, description="Kafka user, with SASL_…")
    kafka_password: SecretStr | None = Field(None, description="Kafka password, with SASL_…")
    kafka_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the brokers' certificates; the system's own if absent."
    )
    namespace: str = Field(
        "", pattern=r"^([a-z0-9-]+\.)?$",
        description="Prefix of topics, groups and Redis keys, ending in a dot, so that installations can share a cluster.",
    )  # fmt: skip
    public_partitions: int = Field(
        12, ge=1, description="Partitions that `topics apply` gives to all topics but the journal and the state."
    )
    journal_partitions: int = Field(
        24, ge=1, description="Partitions that `topics apply` gives to the journal and its state; fixed from then on."
    )
    journal_generation: int = Field(
        1, ge=1, description="Which journal is in use; `relance journal repartition` makes the next one."
    )
    forget_after: Duration = Field(
        400 * 86_400_000,
        validate_default=False,
        ge=86_400_000,
        description="How long nothing may be heard of somebody until they are forgotten, at least 1d; a consent is never.",
    )
    replication: int = Field(
        1, ge=1, description="Copies of each partition that `topics apply` asks for; 3 in production."
    )
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"), description="Redis or Valkey that holds the suppression table."
    )
    secret: SecretStr | None = Field(
        None,
        description="At least 32 characters that sign unsubscribe links and fingerprint addresses; the same for every worker and sender.",
    )
    scenarios: Path = Field(Path("scenarios.yaml"), description="The marketer's scenarios.")
    shops: Path = Field(Path("shops.yaml"), description="Each shop's name, sender address and language.")
    public_url: str = Field(
        "https://relance.example",
        pattern=r"^https://",
        description="Where unsubscribe links lead; https, as RFC 8058 asks.",
    )
    smtp_host: str = Field("127.0.0.1", description="The relay that takes our mail.")
    smtp_port: int = Field(587, ge=1, le=65535, description="The relay's port.")
    smtp_tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls", description="`none` is accepted for a relay on this machine only."
    )
    smtp_username: str | None = Field(None, description="Relay user, if it asks for one.")
    smtp_password: SecretStr | None = Field(None, description="Relay password.")
    smtp_connections: int = Field(4, ge=1, description="Connections that one e-mail sender keeps to the relay.")
    metrics_host: str = Field("127.0.0.1", description="Where Prometheus metrics are listened for.")
    metrics_port: int = Field(9464, ge=0, le=65535, description="Port of the Prometheus metrics; 0 turns them off.")

    def named(self, name: str) -> str:
        """Return a topic's, group's or key's name in this installation."""
        of_generation = self.journal_generation > 1 and name in topics.OF_GENERATION
        return f"{self.namespace}{name}.{self.journal_generation}" if of_generation else self.namespace + name
