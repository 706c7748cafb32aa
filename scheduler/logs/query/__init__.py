"""How log entries are queried: filters, days, order."""
