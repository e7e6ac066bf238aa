-- Who is behind a number of the journey: a page of the people of some kinds (see journey.sql).
-- kind: the path, times 4, plus 2 for mature people and 1 for those gone.
WITH entries AS (
  SELECT
    pid,
    $status AS status,
    entered_on,
    $milestones,
    $left_out AS left_out,
    CAST(entered_on + INTERVAL $within_days DAY AS DATE) AS due,
    $gone AS gone,
    coalesce($level, FALSE) AS chosen
  FROM $journeys
),
people AS (
  SELECT
    *,
    ($path) * 4 + CASE WHEN due <= $as_of THEN 2 ELSE 0 END + CASE WHEN gone THEN 1 ELSE 0 END
      AS kind
  FROM entries
  WHERE left_out = 0 AND chosen
)
SELECT pid, status, entered_on, $dates
FROM people
WHERE kind IN ($kinds)
ORDER BY entered_on DESC NULLS LAST, pid NULLS LAST
LIMIT $limit OFFSET $offset
