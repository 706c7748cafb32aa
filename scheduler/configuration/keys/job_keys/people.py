"""What people choose jobs by, and what is asked of them."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import converters, shown, values
from scheduler.configuration.keys.key import Key

KEYS: Final[dict[str, Key]] = {
    "tags": Key(
        member="tags",
        read=converters.tags,
        show=shown.words,
        takes="a list of tags, or one tag; none takes those of defaults back",
        default="none",
        meaning="Words by which jobs are chosen together: `cronledger jobs list --tag prod`. A tag is made like the "
        "name of a job. The tags of a job replace those in `defaults`.",
        example="tags: [prod, etl]",
        comment="words by which jobs are chosen together, as in: cronledger jobs list --tag prod (none)",
        shared=True,
        synonyms=("labels", "groups", "tag"),
    ),
    "require_reason": Key(
        member="require_reason",
        read=values.boolean,
        show=shown.boolean,
        takes="true or false",
        default="false",
        meaning="Whoever runs, cancels, enables or disables the job must say why: without `--reason` the command is "
        "refused, and nothing is recorded. Edits of the config are not asked.",
        example="require_reason: true",
        comment="jobs run, cancel, enable and disable ask for a --reason (false)",
        shared=True,
    ),
    "approval": Key(
        member="approval",
        read=values.one_of("none", "required"),
        show=shown.text,
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
