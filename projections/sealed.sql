-- What the projection of one sealed segment holds: `segment` (its entries, with the facts of their payloads) and, on
-- the entries that end a run, what the entry that caused the run says, be it of this segment or of an `earlier` one.

WITH causes AS (
    SELECT run, time, lateness_ms, actor, CASE type WHEN 'run.requested' THEN reason END AS reason
    FROM segment WHERE type IN ('schedule.ticked', 'run.requested')
    UNION ALL
    SELECT run, time, lateness_ms, actor, reason FROM earlier
)
SELECT s.*, c.time AS owed_at, c.lateness_ms AS owed_lateness_ms, c.actor AS owed_by, c.reason AS owed_reason
FROM segment AS s
LEFT JOIN causes AS c ON c.run = s.run AND s.type IN ('run.finished', 'run.skipped')
ORDER BY s.seq
