"""When jobs are due: cron expressions, intervals and single instants, as values that know no clock.

A `Schedule` answers which instant comes next after a given one. Instants are aware datetimes in UTC, on whole
seconds. Five-field cron is read strictly and follows Vixie and Debian cron for days and for daylight saving, as
`scheduler.schedule.cron` describes.

>>> from datetime import UTC, datetime
>>> from scheduler.schedule.cron.schedule import parse_cron
>>> nightly = parse_cron("0 2 * * *", "Europe/Paris")
>>> nightly.next_after(datetime(2026, 7, 1, tzinfo=UTC)).isoformat()
'2026-07-02T00:00:00+00:00'
"""
