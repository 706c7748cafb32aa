"""Programs that the scheduler's command starts beside it: sealing of segments, collection of logs."""
