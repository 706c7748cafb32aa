"""How long an attempt may take, what it may use, and whether another one follows."""

from __future__ import annotations

from typing import Final

from scheduler.configuration.keys import values
from scheduler.configuration.keys.block_values import limits, retry
from scheduler.configuration.keys.key import Key
from scheduler.configuration.settings.job_settings import JOB_SETTINGS

KEYS: Final[dict[str, Key]] = {
    "timeout": Key(
        setting=JOB_SETTINGS["timeout"],
        read=values.duration_ms_or_never,
        takes="a duration such as 90s, 15m, 36h or 7d, or never",
        default="never",
        meaning="An attempt that takes longer is stopped.",
        example="timeout: 15m",
        comment="stop a run that takes longer; durations are 90s, 15m, 36h, 7d (never)",
        shared=True,
        synonyms=("max_runtime",),
    ),
    "kill_after": Key(
        setting=JOB_SETTINGS["kill_after"],
        read=values.duration_ms,
        takes="a duration such as 90s, 15m, 36h or 7d",
        default="10s",
        meaning="How long a run that is asked to end (SIGTERM) has before it is made to (SIGKILL).",
        example="kill_after: 10s",
        comment="from asking a run to end (SIGTERM) to making it end (SIGKILL) (10s)",
        shared=True,
    ),
    "retry": Key(
        setting=JOB_SETTINGS["retry"],
        read=retry.retry,
        merge=retry.merged,
        takes=retry.TAKES,
        default="none",
        meaning="When a run makes another attempt after one that did not succeed: at most `attempts` (1) with the "
        "first one, `delay` (10s) after the end of the last one, each further delay `backoff` (1) times as long, up "
        "to `delay_max` (1h) and varied by at most a tenth; none later than `within` (never) after the first one "
        "began; `if` the attempt ended so: exit codes, or `failed`, `timed_out`, `lost`, `unknown` (failed and "
        "timed_out). A job's block is merged over that in `defaults`. See [retries](retries.md).",
        example="retry: {attempts: 3, delay: 30s, backoff: 2, delay_max: 20m, within: 3h, if: [75, timed_out]}",
        comment="further attempts of a run that did not succeed; if takes exit codes and outcomes (none)",
        shared=True,
        synonyms=("retries",),
    ),
    "limits": Key(
        setting=JOB_SETTINGS["limits"],
        read=limits.limits,
        merge=limits.merged,
        takes=limits.TAKES,
        default="none",
        meaning="What an attempt may use: `memory`, a size such as `2GB`; `cpu_time`, a duration of processor time; "
        "`nice`, from 1 to 19; `output`, a size of what it prints, looked at the more often the faster it "
        "prints. What goes beyond is ended and failed, with the reason. A job's block is merged over that in "
        "`defaults`, and `none` takes one of them back. See [limits](limits.md).",
        example="limits: {memory: 2GB, cpu_time: 30m, nice: 10, output: 100MB}",
        comment="what an attempt may use; what goes beyond is ended and failed (none)",
        shared=True,
        synonyms=("limit", "resources", "ulimit", "rlimits"),
    ),
}
