"""A whole stack on one machine, from pip alone: Kafka, Valkey and an SMTP inbox."""
