"""Calendars in the config: their days, written there or read from iCalendar files."""
