-- Whose consent stands on the day of a request: a row a person, with the reason when none does.
-- reason: the one that is nearest to standing, 0 no consent, 1 another purpose, 2 open-ended,
-- 3 not yet given, 4 over, 5 withdrawn; NULL for a consent that stands.
WITH given AS (
  SELECT pid, given, $purpose, $given_on, $ends
  FROM $consents
),
judged AS (
  SELECT
    pid,
    CASE
      WHEN NOT coalesce(given, FALSE) THEN 0
      WHEN coalesce(lower(trim(purpose)), '') <> $wanted THEN 1
      WHEN expires_on IS NULL THEN 2
      WHEN given_on IS NULL OR given_on > $day THEN 3
      WHEN expires_on < $day THEN 4
      WHEN withdrawn_on <= $day THEN 5
      ELSE 6
    END AS state
  FROM given
),
best AS (
  SELECT pid, max(state) AS state FROM judged GROUP BY pid
),
everyone AS (
  SELECT DISTINCT pid FROM $people WHERE pid IS NOT NULL
)
SELECT
  everyone.pid AS pid,
  CASE WHEN coalesce(best.state, 0) < 6 THEN coalesce(best.state, 0) END AS reason
FROM everyone
LEFT JOIN best ON everyone.pid = best.pid
ORDER BY pid NULLS LAST
