"""The whole system on one machine, before one's eyes: `relance demo`."""
