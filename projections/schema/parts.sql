-- What becomes of runs, over two sources that are created before it:
--
--   parts.fresh    consecutive entries, with the facts of their payloads
--   parts.carried   those few of the entries before them that cause or start a run which had not ended by then
--
-- Whoever makes a projection loads a segment as `fresh` and stores `ended`, `noted` and `left_open` of it; whoever
-- asks loads what was appended since, and keeps the same in tables. So both say the same of the same entries.

CREATE VIEW parts.known AS FROM parts.fresh UNION ALL FROM parts.carried;

CREATE VIEW parts.causes AS
SELECT run, job, trigger, scheduled_for, coalesce(nominal, scheduled_for) AS nominal, time AS owed_at, lateness_ms, actor,
       CASE type WHEN 'run.requested' THEN nullif(reason, '') END AS reason, retry_of,
       CASE trigger WHEN 'backfill' THEN because_of END AS backfill, replaces
FROM parts.known WHERE type IN @CAUSES;

CREATE VIEW parts.starts AS
SELECT run, attempt, job, trigger, scheduled_for, time AS started, host, command_sha256, params,
       coalesce(json_keys(locks), []) AS locks, waited_for->>'$.name' AS waited_for_lock,
       waited_behind AS waited_for_run, coalesce(slots, []) AS waited_for_slots, node
FROM parts.known WHERE type = 'run.started';

-- Attempts that another one was to follow, of runs that go on.
CREATE VIEW parts.retried AS
SELECT run, attempt, retry_at FROM parts.known WHERE type = 'run.finished' AND retry_at IS NOT NULL;

-- Runs that `fresh` ends, as rows of the view `runs`, and what their attempt adds to that; with `retry_at`, attempts.
CREATE VIEW parts.ended AS
SELECT e.run, e.job, e.trigger,
       CASE e.type WHEN 'run.finished' THEN 'finished' ELSE 'skipped' END AS status,
       e.outcome,
       CASE e.type WHEN 'run.skipped' THEN e.reason END AS skipped_reason,
       e.scheduled_for, c.owed_at, e.started,
       CASE e.type WHEN 'run.finished' THEN e.time END AS finished,
       c.lateness_ms, e.duration_ms, e.attempt, e.exit_code, e.signal, e.cpu_ms, e.memory_peak_bytes,
       e.stdout_bytes, e.stderr_bytes, e.stdout_bytes + e.stderr_bytes AS output_bytes, e.error,
       c.actor, c.reason, e.seq AS settled_seq, s.params, e.retry_at, c.retry_of, c.backfill, c.replaces, e.message, e.items_processed,
       e.items_failed, e.metrics, e.closes, s.host, s.command_sha256, s.locks,
       coalesce(e.lock->>'$.name', s.waited_for_lock) AS waited_for_lock,
       CASE WHEN e.type = 'run.finished' THEN s.waited_for_run
            WHEN e.reason IN @SKIPPED_FOR_A_RUN THEN e.because_of END AS waited_for_run,
       coalesce(e.slots, s.waited_for_slots, []) AS waited_for_slots, c.nominal, coalesce(e.node, s.node) AS node
FROM parts.fresh AS e
LEFT JOIN parts.causes AS c ON c.run = e.run
LEFT JOIN parts.starts AS s ON s.run = e.run AND s.attempt = e.attempt
WHERE e.type IN @ENDINGS;

-- Entries of which there are few, and the last one that a scheduler wrote before it ended, or by the end of `fresh`.
CREATE VIEW parts.noted AS
SELECT seq, time, type, actor, job, run, data FROM (
    SELECT *, lead(type) OVER w AS next_type FROM parts.fresh
    WINDOW w AS (PARTITION BY actor = 'scheduler' AND (split_part(type, '.', 1) || '.') NOT IN @OF_ANYONE ORDER BY seq)
)
WHERE type NOT IN @RUN_ENTRIES
   OR (actor = 'scheduler' AND (next_type IS NULL OR next_type IN @BEGINNINGS));

-- Causes, starts and ended attempts of the runs that `fresh` leaves unfinished.
CREATE VIEW parts.left_open AS
SELECT k.* FROM parts.known AS k
WHERE (k.type IN @CAUSES_AND_STARTS OR (k.type = 'run.finished' AND k.retry_at IS NOT NULL)) AND NOT EXISTS (
    SELECT 1 FROM parts.fresh AS e WHERE e.type IN @ENDINGS AND e.retry_at IS NULL AND e.run = k.run
);

-- Those runs as rows of the view `runs`.
CREATE VIEW parts.unended AS
SELECT c.run, c.job, c.trigger,
       CASE WHEN s.started IS NULL THEN 'owed' WHEN r.retry_at IS NULL THEN 'running' ELSE 'waiting' END AS status,
       NULL::VARCHAR AS outcome, NULL::VARCHAR AS skipped_reason, c.scheduled_for, c.owed_at, s.started,
       NULL::TIMESTAMPTZ AS finished, c.lateness_ms, NULL::BIGINT AS duration_ms, s.attempt,
       NULL::INTEGER AS exit_code, NULL::INTEGER AS signal, NULL::BIGINT AS cpu_ms,
       NULL::BIGINT AS memory_peak_bytes, NULL::BIGINT AS stdout_bytes, NULL::BIGINT AS stderr_bytes,
       NULL::BIGINT AS output_bytes, NULL::VARCHAR AS error, c.actor, c.reason, NULL::BIGINT AS settled_seq,
       s.params, r.retry_at, c.retry_of, c.backfill, c.replaces, NULL::VARCHAR AS message, NULL::BIGINT AS items_processed,
       NULL::BIGINT AS items_failed, NULL::JSON AS metrics, NULL::BIGINT AS closes, s.host, s.command_sha256,
       s.locks, s.waited_for_lock, s.waited_for_run, s.waited_for_slots, c.nominal, s.node
FROM (FROM parts.left_open WHERE type IN @CAUSES) AS o
JOIN parts.causes AS c ON c.run = o.run
LEFT JOIN (FROM parts.starts QUALIFY row_number() OVER (PARTITION BY run ORDER BY attempt DESC) = 1) AS s
    ON s.run = c.run
LEFT JOIN parts.retried AS r ON r.run = s.run AND r.attempt = s.attempt;
