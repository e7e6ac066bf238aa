-- Follow-ups so many days after a period's first job began: whether one found the person working,
-- and whether one found them not working. The job began on its own day, else on that of placement.
WITH jobs AS (
  SELECT
    people.pid,
    people.period,
    min($began) AS job_on
  FROM $people AS people
  JOIN $employment AS employment ON people.pid = employment.pid
  WHERE $began >= people.entered_on
    AND $began <= $as_of
    AND (people._next_on IS NULL OR $began < people._next_on)
  GROUP BY people.pid, people.period
),
started AS (
  SELECT
    people.pid,
    people.period,
    people._next_on,
    coalesce(jobs.job_on, CASE WHEN $placed_on <= $as_of THEN $placed_on END) AS started_on
  FROM $people AS people
  LEFT JOIN jobs ON people.pid = jobs.pid AND people.period = jobs.period
),
asked AS (
  SELECT
    started.pid,
    started.period,
    max(CASE WHEN $employed THEN 1 ELSE 0 END) AS working,
    max(CASE WHEN NOT $employed THEN 1 ELSE 0 END) AS not_working
  FROM started
  JOIN $follow_ups AS follow_ups ON started.pid = follow_ups.pid
  WHERE ($contacted_on IS NULL OR ($contacted_on >= started.started_on AND $contacted_on <= $as_of
      AND (started._next_on IS NULL OR $contacted_on < started._next_on)))
    AND (coalesce($due_days >= $days, FALSE)
      OR coalesce($contacted_on >= CAST(started.started_on + INTERVAL $days DAY AS DATE), FALSE))
  GROUP BY started.pid, started.period
)
SELECT
  started.pid,
  started.period,
  started.started_on,
  asked.working,
  asked.not_working
FROM started
LEFT JOIN asked ON started.pid = asked.pid AND started.period = asked.period
