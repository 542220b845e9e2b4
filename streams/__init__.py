"""From events to decisions: who left something behind, and would it be right to write to them."""
