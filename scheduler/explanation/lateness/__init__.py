"""That a job was late, where no run of it is: no success came within what is expected of it."""
