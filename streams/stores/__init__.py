"""The suppression table: a projection of Kafka that can be wiped and rebuilt."""
