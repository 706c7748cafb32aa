"""The commands of the group `cron`."""
