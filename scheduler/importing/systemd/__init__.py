"""Timers of systemd, with the services that they start: systemd.timer(5), systemd.time(7), systemd.service(5)."""
