"""Schedules on some days alone: which days a calendar has, and the instants that fall on them."""
