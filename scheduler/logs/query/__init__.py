"""How log entries are asked for: filters, days, order."""
