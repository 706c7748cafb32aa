"""What people choose jobs by, and what is asked of them."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import converters, values
from scheduler.configuration.keys.block_values import notify
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings.job_settings import JOB_SETTINGS

KEYS: Final[dict[str, Key]] = {
    "tags": Key(
        setting=JOB_SETTINGS["tags"],
        read=converters.tags,
        takes="a list of tags, or one tag; none takes those of defaults back",
        default="none",
        meaning="Words by which jobs are chosen together: `cronledger jobs list --tag prod`. A tag is made like the "
        "name of a job. The tags of a job replace those in `defaults`.",
        example="tags: [prod, etl]",
        comment="words by which jobs are chosen together, as in: cronledger jobs list --tag prod (none)",
        shared=True,
        synonyms=("labels", "groups", "tag"),
    ),
    "notify": Key(
        setting=JOB_SETTINGS["notify"],
        read=notify.notify,
        merge=notify.merged,
        takes=notify.TAKES,
        default="none",
        meaning="Who is told of the job: `channels`, of those at the top of the config; of what, `when`: `failure`, "
        "`recovery`, `late`, `missed`, `lost`, `skipped`, `finished`, and from how many failures in a row on, "
        "`threshold`. What is left out the channel says, or it is failures from the first one on. A job's block is "
        "merged over that in `defaults`. See [notifications](notifications.md).",
        example="notify: {channels: mail, when: [failure, recovery], threshold: 2}",
        comment="which channels are told, of what, and from how many failures in a row on (none)",
        shared=True,
        synonyms=("notifications", "alert", "alerts", "on_failure", "mailto"),
    ),
    "require_reason": Key(
        setting=JOB_SETTINGS["require_reason"],
        read=values.boolean,
        takes="true or false",
        default="false",
        meaning="Whoever runs, cancels, enables or disables the job must say why: without `--reason` the command is "
        "refused, and nothing is recorded. Edits of the config are not asked.",
        example="require_reason: true",
        comment="jobs run, cancel, enable and disable ask for a --reason (false)",
        shared=True,
    ),
    "approval": Key(
        setting=JOB_SETTINGS["approval"],
        read=values.one_of("none", "required"),
        takes="none or required",
        default="none",
        meaning="With `required`, an edit of the job comes into force only when a second person has approved it: "
        "`cronledger jobs approve NAME`. The first definition, the removal and dropping this key count as edits. "
        "What is in force stays so meanwhile. The program behind a command, and keys that are not the job's, are not "
        "covered: "
        "[four eyes](approvals.md).",
        example="approval: required",
        comment="edits come into force when a second person runs: cronledger jobs approve NAME (none)",
        synonyms=("four_eyes", "approve", "review"),
    ),
}
