"""What an attempt finds: variables, parameters, secrets, a user, a machine, a folder."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import converters, nodes, run_as, values
from scheduler.configuration.keys.block_values import parameters, secrets
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings.job_settings import JOB_SETTINGS

KEYS: Final[dict[str, Key]] = {
    "env": Key(
        setting=JOB_SETTINGS["env"],
        read=converters.environment,
        takes="a mapping of NAME: value",
        default="none",
        meaning="Variables that are added to the environment. The job's are merged over those in `defaults`. Values "
        "are used as written; the ledger has only their digests.",
        example="env:\n  PGHOST: db.example.org",
        comment="added to the environment; values are used as written and only digests are recorded (none)",
        shared=True,
        synonyms=("environment",),
    ),
    "params": Key(
        setting=JOB_SETTINGS["params"],
        read=parameters.parameters,
        takes=parameters.WANTED,
        default="none",
        meaning="Values of a run, by default or by `jobs run NAME --param region=us`. The command gets them as "
        "variables: `CRONLEDGER_PARAM_REGION`. Each may have a `type` (text, integer, number, boolean), `default`, "
        "`choices`, `description`. What a run was given is recorded, unless it is `secret: true`: then it is read "
        "from its `file` or variable (`env`) when a run starts. See [parameters](parameters.md).",
        example="params: {region: {default: eu, choices: [eu, us]}, full: false}",
        comment="values of a run, as CRONLEDGER_PARAM_REGION and so on (none)",
        synonyms=("args", "arguments", "parameters", "vars"),
    ),
    "secrets": Key(
        setting=JOB_SETTINGS["secrets"],
        read=secrets.secrets,
        takes=secrets.TAKES,
        default="none",
        meaning="Variables that are added to the environment, whose values are read from a file, or from a variable "
        "of the scheduler, each time an attempt starts. They are recorded nowhere, and masked wherever output is "
        "shown. Of a name alone, the variable of that name is read. See [secrets](limits.md#secrets).",
        example="secrets: {PGPASSWORD: {file: /etc/etl/pg}}",
        comment="variables that are read when a run starts, from a file or {env: NAME}; recorded nowhere (none)",
        synonyms=("secret", "credentials"),
    ),
    "run_as": Key(
        setting=JOB_SETTINGS["run_as"],
        read=run_as.run_as,
        takes=run_as.TAKES,
        default="none",
        meaning="The user as whom the command runs, with all groups of that user, and `user:group` with that group "
        "first; for homes that root owns, whose scheduler root starts. Not for jobs in Python. See "
        "[users](limits.md#users).",
        example="run_as: none",
        comment="or etl, or etl:www-data: the user as whom it runs, where root starts the scheduler (none)",
        shared=True,
        synonyms=("user", "runas", "as_user", "uid"),
    ),
    "runs_on": Key(
        setting=JOB_SETTINGS["runs_on"],
        read=nodes.runs_on,
        takes=nodes.RUNS_ON_TAKES,
        default="none",
        meaning="The nodes that may run it, where several machines share the ledger: those that have this label in "
        "`nodes`, or the one of this name. Without it any of them may. While none can take it, a run waits, and "
        "`jobs why` says for what. On one machine it says nothing.",
        example="runs_on: none",
        comment="or db: the nodes that may run it, where several machines share the ledger (none)",
        shared=True,
        synonyms=("node", "host", "hosts", "machine", "placement"),
    ),
    "working_directory": Key(
        setting=JOB_SETTINGS["working_directory"],
        read=values.folder,
        takes="the path of a folder, absolute or relative to the home",
        default="the home",
        meaning="The folder in which the command starts; with `run_as`, the home of that user if it is left out.",
        example="working_directory: /srv/app",
        comment="absolute or relative to the home (the home)",
        shared=True,
        synonyms=("cwd", "directory", "workdir", "working_dir"),
    ),
}
