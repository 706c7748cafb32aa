-- The views that people query, over
--
--   parts.sealed_events, parts.sealed_runs, parts.sealed_notes    the projections of the sealed segments (Parquet):
--                       every entry; the runs that ended, whole rows, and with `retry_at` attempts of runs that went
--                       on; the entries of which there are few
--   parts.recent_events, parts.recent_runs    the same of what came after them
--   parts.open_runs     the runs that have not ended, as rows of `runs`
--   parts.open_entries  the entries that cause or start those, or end an attempt of them
--   parts.clock         one row: `asked_at`, the moment for which is asked
--   parts.log_entries   what scheduler and jobs have logged
--
-- A run ends at most once. Those that did are whole rows of `runs` as they stand: asking takes no join.

CREATE VIEW parts.notes AS
SELECT seq, time, type, actor, job, run, data FROM parts.sealed_notes
UNION ALL
SELECT seq, time, type, actor, job, run, data FROM parts.recent_events;

CREATE VIEW events AS
SELECT seq, time, type, actor, job, run, data, durable, prev, hash FROM parts.sealed_events
UNION ALL
SELECT seq, time, type, actor, job, run, data, durable, prev, hash FROM parts.recent_events;

CREATE VIEW runs AS
SELECT * EXCLUDE (closes, host, command_sha256)
FROM (FROM parts.sealed_runs WHERE retry_at IS NULL UNION ALL FROM parts.recent_runs WHERE retry_at IS NULL
      UNION ALL FROM parts.open_runs);

CREATE VIEW attempts AS
SELECT run, attempt, job, trigger, status, outcome, scheduled_for, started, finished, duration_ms, exit_code, signal,
       cpu_ms, memory_peak_bytes, stdout_bytes, stderr_bytes, error, retry_at, host, command_sha256,
       settled_seq AS finished_seq, params, message, items_processed, items_failed, metrics, locks, waited_for_lock,
       waited_for_run, waited_for_slots, node
FROM (FROM parts.sealed_runs UNION ALL FROM parts.recent_runs) WHERE status = 'finished' AND closes IS NULL
UNION ALL BY NAME
SELECT run, attempt, job, trigger, 'running' AS status, scheduled_for, time AS started, host, command_sha256, params,
       coalesce(json_keys(locks), []) AS locks, waited_for->>'$.name' AS waited_for_lock,
       waited_behind AS waited_for_run, coalesce(slots, []) AS waited_for_slots, node
FROM parts.open_entries AS s WHERE type = 'run.started' AND NOT EXISTS (
    SELECT 1 FROM parts.open_entries AS e WHERE e.type = 'run.finished' AND e.run = s.run AND e.attempt = s.attempt
);

CREATE VIEW jobs AS
WITH changes AS (
    SELECT seq, time, type, actor, job, data FROM parts.notes
    WHERE type IN @JOB_ENTRIES AND job IS NOT NULL
), configured AS (
    SELECT *, lag(type) OVER (PARTITION BY job ORDER BY seq) AS before
    FROM changes WHERE type IN @DEFINITIONS
), definitions AS (
    SELECT job, time AS defined, data->>'$.revision' AS revision, data->'$.definition' AS definition
    FROM configured WHERE type = 'job.defined'
    QUALIFY row_number() OVER (PARTITION BY job ORDER BY seq DESC) = 1
), removals AS (
    SELECT job, CASE max_by(type, seq) WHEN 'job.removed' THEN max_by(time, seq) END AS removed
    FROM configured GROUP BY job
), switches AS (
    -- A job that is new, or that comes back after it was removed, is enabled until someone says otherwise.
    SELECT job, type <> 'job.disabled' AS enabled, time AS since, actor, nullif(data->>'$.reason', '') AS reason,
           CASE type WHEN 'job.disabled' THEN TRY_CAST(data->>'$.until' AS TIMESTAMPTZ) END AS until
    FROM (
        SELECT seq, time, type, actor, job, data FROM changes WHERE type IN @ENABLEMENTS
        UNION ALL
        SELECT seq, time, type, actor, job, data FROM configured
        WHERE type = 'job.defined' AND (before IS NULL OR before = 'job.removed')
    ) QUALIFY row_number() OVER (PARTITION BY job ORDER BY seq DESC) = 1
), finished AS (
    SELECT job, max(settled_seq) AS settled_seq, count(*) AS runs,
           count(*) FILTER (outcome = 'succeeded') AS runs_succeeded,
           count(*) FILTER (outcome <> 'succeeded') AS runs_unsuccessful
    FROM runs WHERE status = 'finished' GROUP BY job
), last AS (
    SELECT run, outcome, started, finished, duration_ms, settled_seq FROM runs
    WHERE status = 'finished' AND settled_seq IN (SELECT settled_seq FROM finished)
), others AS (
    SELECT job, count(*) FILTER (status = 'skipped') AS runs_skipped,
           count(*) FILTER (status IN ('owed', 'running', 'waiting')) AS runs_in_flight
    FROM runs WHERE status <> 'finished' GROUP BY job
)
SELECT d.job AS name, coalesce(d.definition->>'$.description', '') AS description,
       coalesce(d.definition->>'$.schedule', 'every ' || (d.definition->>'$.every'),
                'at ' || (d.definition->>'$.at'),
                'after ' || array_to_string(TRY_CAST(d.definition->'$.after.jobs' AS VARCHAR[]), ', '),
                'on demand') AS schedule,
       coalesce(d.definition->>'$.timezone', 'UTC') AS timezone,
       coalesce(TRY_CAST(d.definition->'$.tags' AS VARCHAR[]), []) AS tags,
       d.definition->>'$.run_as' AS run_as,
       coalesce(TRY_CAST(d.definition->'$.locks' AS VARCHAR[]), []) AS locks,
       r.removed IS NULL
           AND (s.enabled OR coalesce(s.until <= (SELECT asked_at FROM parts.clock), false)) AS enabled,
       s.since, s.actor AS "by", s.reason, s.until, d.revision, d.defined, r.removed,
       l.run AS last_run, l.outcome AS last_outcome, l.started AS last_started, l.finished AS last_finished,
       l.duration_ms AS last_duration_ms,
       coalesce(f.runs, 0) AS runs_finished, coalesce(f.runs_succeeded, 0) AS runs_succeeded,
       coalesce(f.runs_unsuccessful, 0) AS runs_unsuccessful,
       coalesce(o.runs_skipped, 0) AS runs_skipped, coalesce(o.runs_in_flight, 0) AS runs_in_flight
FROM definitions AS d
JOIN removals AS r ON r.job = d.job
JOIN switches AS s ON s.job = d.job
LEFT JOIN finished AS f ON f.job = d.job
LEFT JOIN last AS l ON l.settled_seq = f.settled_seq
LEFT JOIN others AS o ON o.job = d.job;

CREATE VIEW parts.misfires AS
SELECT seq, time, job, TRY_CAST(data->>'$.first' AS TIMESTAMPTZ) AS first,
       TRY_CAST(data->>'$.last' AS TIMESTAMPTZ) AS last,
       TRY_CAST(data->>'$.count' AS BIGINT) AS instants, TRY_CAST(data->>'$.will_run' AS BIGINT) AS will_run,
       coalesce(data->>'$.reason', 'scheduler_down') AS reason,
       reason IN @CLOSING_REASONS AS is_closed
FROM parts.notes WHERE type = 'schedule.misfired';

-- How many instants of an entry were backfilled or reopened: what became of each later takes its place.
CREATE VIEW parts.replaced AS
SELECT seq, sum(instants)::BIGINT AS instants FROM (
    SELECT replaces AS seq, count(*) AS instants FROM runs
    WHERE trigger = 'backfill' AND replaces IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT part.entry AS seq, part.count AS instants FROM (
        SELECT unnest(from_json(data->'$.reopens', '[{"entry": "BIGINT", "count": "BIGINT"}]')) AS part
        FROM parts.notes WHERE type = 'schedule.reopened'
    )
) GROUP BY seq;

CREATE VIEW slots AS
SELECT job, scheduled_for, scheduled_for AS last_scheduled_for, 1::BIGINT AS instants,
       CASE WHEN status <> 'finished' THEN status WHEN trigger = 'catch_up' THEN 'caught_up'
            WHEN trigger = 'backfill' THEN 'backfilled' ELSE 'ran' END AS disposition,
       skipped_reason AS reason, trigger, run, outcome, lateness_ms, run AS seq, nominal
FROM runs WHERE scheduled_for IS NOT NULL AND NOT (status = 'skipped' AND run IN (SELECT seq FROM parts.replaced))
UNION ALL BY NAME
SELECT job, scheduled_for, last_scheduled_for, o.instants - coalesce(p.instants, 0) AS instants, disposition, reason,
       o.seq
FROM (
    SELECT job, first AS scheduled_for, last AS last_scheduled_for, instants - will_run AS instants,
           'misfired' AS disposition, reason, seq
    FROM parts.misfires
    UNION ALL BY NAME
    SELECT job, TRY_CAST(data->>'$.first' AS TIMESTAMPTZ) AS scheduled_for,
           TRY_CAST(data->>'$.last' AS TIMESTAMPTZ) AS last_scheduled_for,
           TRY_CAST(data->>'$.count' AS BIGINT) AS instants, 'excluded' AS disposition, seq
    FROM parts.notes WHERE type = 'schedule.excluded'
    UNION ALL BY NAME
    SELECT job, TRY_CAST(data->>'$.first' AS TIMESTAMPTZ) AS scheduled_for,
           TRY_CAST(data->>'$.last' AS TIMESTAMPTZ) AS last_scheduled_for,
           coalesce(TRY_CAST(data->>'$.count' AS BIGINT), 0) AS instants, 'settled' AS disposition,
           nullif(data->>'$.reason', '') AS reason, seq
    FROM parts.notes WHERE type = 'schedule.settled'
) AS o LEFT JOIN parts.replaced AS p ON p.seq = o.seq
WHERE o.instants > coalesce(p.instants, 0);

CREATE VIEW job_changes AS
WITH approvals AS (
    SELECT seq AS approval, data->>'$.person.name' AS approved_by FROM parts.notes WHERE type = 'approval.given'
), configured AS (
    SELECT seq, time, type, actor, job, data, data->'$.definition' AS definition, data->>'$.revision' AS revision,
           lag(type) OVER w AS before_type,
           lag(data->'$.definition' IGNORE NULLS) OVER w AS before_definition,
           lag(data->>'$.revision' IGNORE NULLS) OVER w AS before_revision
    FROM parts.notes WHERE type IN @DEFINITIONS AND job IS NOT NULL
    WINDOW w AS (PARTITION BY job ORDER BY seq)
), compared AS (
    SELECT *, before_type IS NULL OR before_type = 'job.removed' AS is_new,
           list_sort(list_filter(
               list_distinct(json_keys(definition) || coalesce(json_keys(before_definition), [])),
               lambda each: each <> 'name' AND (definition->each) IS DISTINCT FROM (before_definition->each)
           )) AS names
    FROM configured WHERE type = 'job.defined'
), defined AS (
    SELECT *,
           list_transform(names, lambda each: {'key': each, 'value': before_definition->each}) AS members_before,
           list_transform(names, lambda each: {'key': each, 'value': definition->each}) AS members_after
    FROM compared
)
SELECT seq, time, job, CASE WHEN is_new THEN 'defined' ELSE 'changed' END AS change, actor,
       NULL::VARCHAR AS reason, NULL::TIMESTAMPTZ AS until,
       CASE WHEN is_new THEN [] ELSE names END AS changed,
       CASE WHEN NOT is_new THEN to_json(map_from_entries(members_before)) END AS before,
       CASE WHEN is_new THEN definition ELSE to_json(map_from_entries(members_after)) END AS after,
       revision, CASE WHEN NOT is_new THEN before_revision END AS previous_revision, approval, approved_by
FROM defined LEFT JOIN approvals ON approval = TRY_CAST(data->>'$.approval' AS BIGINT)
UNION ALL BY NAME
SELECT seq, time, job, 'removed' AS change, actor, []::VARCHAR[] AS changed, before_definition AS before,
       before_revision AS previous_revision, approval, approved_by
FROM configured LEFT JOIN approvals ON approval = TRY_CAST(data->>'$.approval' AS BIGINT)
WHERE type = 'job.removed'
UNION ALL BY NAME
SELECT seq, time, job, CASE type WHEN 'job.enabled' THEN 'enabled' ELSE 'disabled' END AS change, actor,
       nullif(data->>'$.reason', '') AS reason, TRY_CAST(data->>'$.until' AS TIMESTAMPTZ) AS until,
       ['enabled'] AS changed,
       json_object('enabled', enabled_before) AS before, json_object('enabled', type = 'job.enabled') AS after
FROM (
    SELECT *, coalesce(lag(type) OVER (PARTITION BY job ORDER BY seq) <> 'job.disabled', true) AS enabled_before
    FROM parts.notes
    WHERE type IN @ENABLEMENTS
       OR (type = 'job.removed')
) WHERE type <> 'job.removed' AND job IS NOT NULL;

-- The nodes that share the ledger, as each was described last. One serves from its joining to its leaving or loss.
CREATE VIEW nodes AS
WITH said AS (
    SELECT seq, time, type, actor, data->>'$.node' AS node, data FROM parts.notes WHERE type IN @NODE_ENTRIES
), described AS (
    SELECT *, data->>'$.incarnation' AS incarnation FROM said WHERE type = 'node.joined'
    QUALIFY row_number() OVER (PARTITION BY node ORDER BY seq DESC) = 1
), processes AS (
    SELECT node, data->>'$.incarnation' AS incarnation, min(seq) AS joined_seq, min(time) AS joined
    FROM said WHERE type = 'node.joined' GROUP BY ALL
), gone AS (
    SELECT node, seq, time, type, data->>'$.reason' AS reason FROM said WHERE type IN @NODE_ENDS
    QUALIFY row_number() OVER (PARTITION BY node ORDER BY seq DESC) = 1
), drained AS (
    SELECT node, seq, time, type, actor, nullif(data->>'$.reason', '') AS reason FROM said
    WHERE type IN @DRAININGS
    QUALIFY row_number() OVER (PARTITION BY node ORDER BY seq DESC) = 1
), elections AS (
    SELECT node, max(TRY_CAST(data->>'$.term' AS BIGINT)) AS term, max(seq) AS seq FROM said
    WHERE type = 'leader.elected' GROUP BY node
), running AS (
    SELECT node, count(*) AS runs FROM attempts WHERE status = 'running' AND node IS NOT NULL GROUP BY node
)
SELECT d.node AS name,
       CASE WHEN g.seq > d.seq THEN split_part(g.type, '.', 2) WHEN r.type = 'node.drained' THEN 'drained'
            ELSE 'serving' END AS state,
       coalesce(e.seq = (SELECT max(seq) FROM elections) AND e.seq > p.joined_seq
                AND NOT coalesce(g.type = 'node.left' AND g.seq > d.seq, false), false) AS leads,
       e.term, d.data->>'$.host' AS host, coalesce(TRY_CAST(d.data->'$.labels' AS VARCHAR[]), []) AS labels,
       TRY_CAST(d.data->>'$.max_parallel' AS BIGINT) AS max_parallel, coalesce(n.runs, 0) AS runs_in_flight,
       p.joined, CASE WHEN g.seq > d.seq THEN g.time END AS gone, CASE WHEN g.seq > d.seq THEN g.reason END AS gone_reason,
       CASE r.type WHEN 'node.drained' THEN r.time END AS drained,
       CASE r.type WHEN 'node.drained' THEN r.actor END AS drained_by,
       CASE r.type WHEN 'node.drained' THEN r.reason END AS drained_reason,
       CASE WHEN json_keys(d.data->'$.unfit') <> [] THEN d.data->'$.unfit' END AS unfit,
       d.data->>'$.versions.cronledger' AS version, d.seq AS described_seq
FROM described AS d
JOIN processes AS p ON p.node = d.node AND p.incarnation = d.incarnation
LEFT JOIN gone AS g ON g.node = d.node
LEFT JOIN drained AS r ON r.node = d.node
LEFT JOIN elections AS e ON e.node = d.node
LEFT JOIN running AS n ON n.node = d.node;

-- When nothing was watching. A scheduler that died ended, as far as anyone knows, with the last entry that it wrote.
-- Where several nodes share the ledger it is as if the one that leads were that scheduler: a new leader has started,
-- one that left has stopped, and one that fell silent has died.
CREATE VIEW parts.gaps AS
WITH watchers AS (
    SELECT *, last_value(CASE type WHEN 'leader.elected' THEN data->>'$.node' END IGNORE NULLS)
                  OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS leader
    FROM parts.notes WHERE type IN @LIVES
), ends AS (
    SELECT * REPLACE (CASE type WHEN 'leader.elected' THEN 'scheduler.started' WHEN 'node.left' THEN 'scheduler.stopped'
                      ELSE type END AS type)
    FROM watchers WHERE type <> 'node.left' OR data->>'$.node' = leader
    -- A leader that left may join and leave again without leading.
    QUALIFY type <> 'node.left' OR coalesce(lag(type) OVER (ORDER BY seq), '') <> 'node.left'
), lives AS (
    SELECT seq, time, type, data, lag(type) OVER w AS before_type, lag(seq) OVER w AS before_seq,
           lag(time) OVER w AS before_time, lag(data->>'$.reason') OVER w AS before_reason
    FROM ends WINDOW w AS (ORDER BY seq)
), traces AS (
    SELECT seq, lag(seq) OVER (ORDER BY seq) AS last_seq, lag(time) OVER (ORDER BY seq) AS last_time, type
    FROM parts.notes WHERE actor = 'scheduler' AND (split_part(type, '.', 1) || '.') NOT IN @OF_ANYONE
), pauses AS (
    SELECT seq, time, type, data->>'$.reason' AS reason, lead(seq) OVER w AS next_seq, lead(time) OVER w AS next_time
    FROM parts.notes
    WHERE type IN @PAUSES_AND_BEGINNINGS
    WINDOW w AS (ORDER BY seq)
)
SELECT 'down' AS kind, before_time AS began, time AS ended, before_reason AS reason, before_seq AS began_seq,
       seq AS ended_seq, 'scheduler_down' AS misfires
FROM lives WHERE type = 'scheduler.started' AND before_type = 'scheduler.stopped'
UNION ALL
SELECT 'down', coalesce(TRY_CAST(l.data->>'$.silent_since' AS TIMESTAMPTZ), t.last_time), l.time,
       CASE l.data->>'$.reason' WHEN 'silent' THEN 'silent' ELSE 'died' END, t.last_seq, l.seq, 'scheduler_down'
FROM lives AS l JOIN traces AS t ON t.seq = l.seq
WHERE l.type = 'scheduler.started' AND l.before_type = 'scheduler.started'
UNION ALL
SELECT 'down', time, NULL, data->>'$.reason', seq, NULL, 'scheduler_down'
FROM lives WHERE type = 'scheduler.stopped' QUALIFY lead(seq) OVER (ORDER BY seq) IS NULL
    AND seq = (SELECT max(seq) FROM lives)
UNION ALL
SELECT CASE data->>'$.kind' WHEN 'suspend' THEN 'suspend' ELSE 'clock_step' END,
       TRY_CAST(data->>'$.before' AS TIMESTAMPTZ), TRY_CAST(data->>'$.after' AS TIMESTAMPTZ), (data->>'$.by_ms') || ' ms', seq, seq,
       CASE data->>'$.kind' WHEN 'suspend' THEN 'suspend' ELSE 'clock_step' END
FROM parts.notes WHERE type = 'clock.stepped'
UNION ALL
SELECT 'paused', time, next_time, reason, seq, next_seq, 'ledger_unavailable'
FROM pauses WHERE type = 'scheduler.paused'
UNION ALL
SELECT 'stall', min(first), time, NULL, min(seq), min(seq), 'stall'
FROM parts.misfires WHERE reason = 'stall' GROUP BY time;

CREATE VIEW outages AS
WITH blamed AS (
    SELECT m.job, m.instants, m.will_run, g.kind, g.began_seq
    FROM (FROM parts.misfires WHERE reason <> 'stall' AND NOT is_closed) AS m
    ASOF JOIN (FROM parts.gaps WHERE ended_seq IS NOT NULL AND kind <> 'stall') AS g
        ON m.reason = g.misfires AND m.seq > g.ended_seq
    UNION ALL
    -- A misfire of a schedule that is no longer in force tells what became of that, not why nobody watched. What
    -- passed before an outage ended is settled at its end: one that begins later is of no outage.
    SELECT m.job, m.instants, m.will_run, g.kind, g.began_seq
    FROM (FROM parts.misfires WHERE is_closed) AS m
    ASOF JOIN (FROM parts.gaps WHERE ended_seq IS NOT NULL AND kind <> 'stall') AS g ON m.seq > g.ended_seq
    WHERE m.first <= g.ended
    UNION ALL
    SELECT m.job, m.instants, m.will_run, g.kind, g.began_seq
    FROM (FROM parts.misfires WHERE reason = 'stall' OR is_closed) AS m
    JOIN parts.gaps AS g ON g.kind = 'stall' AND m.time = g.ended
), missed AS (
    SELECT kind, began_seq, sum(instants)::BIGINT AS instants, sum(will_run)::BIGINT AS will_run,
           count(DISTINCT job) AS jobs
    FROM blamed GROUP BY ALL
)
SELECT g.kind, g.began, g.ended, date_diff('millisecond', g.began, g.ended) AS duration_ms, g.reason,
       coalesce(m.instants, 0) AS instants_missed, coalesce(m.will_run, 0) AS instants_caught_up,
       coalesce(m.jobs, 0) AS jobs_affected, g.began_seq, g.ended_seq
FROM parts.gaps AS g LEFT JOIN missed AS m ON m.kind = g.kind AND m.began_seq = g.began_seq;

CREATE VIEW breaches AS
SELECT b.seq, b.job, b.data->>'$.expectation' AS expectation, b.run,
       TRY_CAST(b.data->>'$.scheduled_for' AS TIMESTAMPTZ) AS scheduled_for,
       TRY_CAST(b.data->>'$.limit_ms' AS BIGINT) AS limit_ms,
       TRY_CAST(b.data->>'$.since' AS TIMESTAMPTZ) AS since, TRY_CAST(e.data->>'$.until' AS TIMESTAMPTZ) AS ended,
       date_diff('millisecond', since, ended) AS duration_ms, e.data->>'$.by' AS ended_by, b.time AS told,
       TRY_CAST(e.data->>'$.because_of' AS BIGINT) AS because_of, e.seq AS ended_seq
FROM (FROM parts.notes WHERE type = 'expectation.breached') AS b
LEFT JOIN (FROM parts.notes WHERE type = 'expectation.met') AS e ON TRY_CAST(e.data->>'$.breach' AS BIGINT) = b.seq;

CREATE VIEW log_entries AS
SELECT time, level, job, run, attempt, stream, message, fields FROM parts.log_entries;
