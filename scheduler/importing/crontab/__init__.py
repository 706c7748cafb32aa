"""Crontabs, as Debian's cron (3.0pl1) and cronie read them."""
