"""How a Faust agent reads Kafka here: assignment, restore, delivery and commit."""
