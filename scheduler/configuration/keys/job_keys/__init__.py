"""The keys of a job, by what they are about; `scheduler.configuration.keys.table` puts them in order."""
