-- The views, over three sources that are created before them:
--
--   parts.sealed    the sealed segments (Parquet): every entry, the facts of its payload in columns of their own, and,
--                   on the entries that end a run, what the entry that caused the run says (owed_*)
--   parts.recent    every later entry (JSONL), with its facts
--   parts.carried   those few of the sealed entries that cause or start a run which had not ended by then
--
-- A run ends at most once, with run.finished or run.skipped. The sealed ones of these are whole rows of `runs` as
-- they stand, without a join. What takes a join is only as large as the unsealed part of the ledger.

CREATE VIEW parts.causes AS
SELECT run, job, trigger, scheduled_for, time AS owed_at, lateness_ms AS owed_lateness_ms, actor AS owed_by,
       CASE type WHEN 'run.requested' THEN reason END AS owed_reason
FROM (FROM parts.recent UNION ALL FROM parts.carried)
WHERE type IN ('schedule.ticked', 'run.requested');

CREATE VIEW parts.starts AS
SELECT run, max(time) AS started, max(attempt) AS attempt
FROM (FROM parts.recent UNION ALL FROM parts.carried)
WHERE type = 'run.started' GROUP BY run;

CREATE VIEW parts.endings AS
SELECT seq, time, type, job, run, trigger, scheduled_for, started, duration_ms, outcome, attempt, exit_code, signal,
       cpu_ms, memory_peak_bytes, stdout_bytes, stderr_bytes, error, reason,
       owed_at, owed_lateness_ms, owed_by, owed_reason
FROM parts.sealed WHERE type IN ('run.finished', 'run.skipped')
UNION ALL
SELECT r.seq, r.time, r.type, r.job, r.run, r.trigger, r.scheduled_for, r.started, r.duration_ms, r.outcome, r.attempt,
       r.exit_code, r.signal, r.cpu_ms, r.memory_peak_bytes, r.stdout_bytes, r.stderr_bytes, r.error, r.reason,
       c.owed_at, c.owed_lateness_ms, c.owed_by, c.owed_reason
FROM parts.recent AS r LEFT JOIN parts.causes AS c ON c.run = r.run
WHERE r.type IN ('run.finished', 'run.skipped');

CREATE VIEW events AS
SELECT seq, time, type, actor, job, run, data, durable, prev, hash FROM parts.sealed
UNION ALL
SELECT seq, time, type, actor, job, run, data, durable, prev, hash FROM parts.recent;

CREATE VIEW runs AS
SELECT run, job, trigger,
       CASE type WHEN 'run.finished' THEN 'finished' ELSE 'skipped' END AS status,
       outcome,
       CASE type WHEN 'run.skipped' THEN reason END AS skipped_reason,
       scheduled_for, owed_at, started,
       CASE type WHEN 'run.finished' THEN time END AS finished,
       owed_lateness_ms AS lateness_ms, duration_ms, attempt, exit_code, signal, cpu_ms, memory_peak_bytes,
       stdout_bytes, stderr_bytes, stdout_bytes + stderr_bytes AS output_bytes, error,
       owed_by AS actor, owed_reason AS reason, seq AS settled_seq
FROM parts.endings
UNION ALL
SELECT c.run, c.job, c.trigger,
       CASE WHEN s.started IS NULL THEN 'owed' ELSE 'running' END AS status,
       NULL AS outcome, NULL AS skipped_reason,
       c.scheduled_for, c.owed_at, s.started, NULL AS finished,
       c.owed_lateness_ms AS lateness_ms, NULL AS duration_ms, s.attempt,
       NULL AS exit_code, NULL AS signal, NULL AS cpu_ms, NULL AS memory_peak_bytes,
       NULL AS stdout_bytes, NULL AS stderr_bytes, NULL AS output_bytes, NULL AS error,
       c.owed_by AS actor, c.owed_reason AS reason, NULL AS settled_seq
FROM parts.causes AS c LEFT JOIN parts.starts AS s ON s.run = c.run
WHERE NOT EXISTS (
    SELECT 1 FROM parts.recent AS e WHERE e.type IN ('run.finished', 'run.skipped') AND e.run = c.run
);

CREATE VIEW jobs AS
WITH changes AS (
    SELECT seq, time, type, actor, job, data FROM events
    WHERE type IN ('job.defined', 'job.removed', 'job.enabled', 'job.disabled') AND job IS NOT NULL
), configured AS (
    SELECT *, lag(type) OVER (PARTITION BY job ORDER BY seq) AS before
    FROM changes WHERE type IN ('job.defined', 'job.removed')
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
           CASE type WHEN 'job.disabled' THEN (data->>'$.until')::TIMESTAMPTZ END AS until
    FROM (
        SELECT seq, time, type, actor, job, data FROM changes WHERE type IN ('job.enabled', 'job.disabled')
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
           count(*) FILTER (status IN ('owed', 'running')) AS runs_in_flight
    FROM runs WHERE status <> 'finished' GROUP BY job
)
SELECT d.job AS name, coalesce(d.definition->>'$.description', '') AS description,
       coalesce(d.definition->>'$.schedule', 'every ' || (d.definition->>'$.every'),
                'at ' || (d.definition->>'$.at')) AS schedule,
       coalesce(d.definition->>'$.timezone', 'UTC') AS timezone,
       r.removed IS NULL AND (s.enabled OR coalesce(s.until <= now(), false)) AS enabled,
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
