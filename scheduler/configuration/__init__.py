"""The config: reading, checking and explaining `services/scheduler/config.yaml` and the files of `config.d/`.

A config is one YAML document, a mapping of eight blocks, each of which may be left out; jobs, calendars and channels
may stand in further files (`files`):

- `jobs`: the name of each job, to its keys;
- `defaults`: keys that apply to every job that does not have them itself; `env` is merged;
- `scheduler`: settings of the scheduler itself;
- `ledger`: how the ledger is signed;
- `calendars`: days by which jobs are chosen or left out, by name;
- `channels`: ways to tell people, by name;
- `nodes`: the machines that share the ledger, by name;
- `telemetry`: where traces and metrics are sent.

`keys.job_keys` has every key of a job with its meaning, and `keys.starter` shows them in a config. A config is read
strictly: what is not understood is refused, all of it at once, each mistake with its line, its column and the nearest
valid spelling. Anchors, aliases and merge keys (`<<`) are supported within bounds; tags, directives and
further documents are not.

>>> from pathlib import Path
>>> from scheduler.command import command_argv
>>> from scheduler.configuration.load import parse
>>> config = parse(b'jobs: {hello: {command: echo hello, schedule: "@hourly"}}', Path("config.yaml"))
>>> command_argv(config.jobs["hello"].definition)
['echo', 'hello']
"""
