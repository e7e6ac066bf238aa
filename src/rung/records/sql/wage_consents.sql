-- Whose consent stands on the day of a request: a row a person, with the reason when none does.
-- reason: the one that is nearest to standing, 0 no consent, 1 another purpose, 2 other records,
-- 3 which records is not said, 4 open-ended, 5 not yet given, 6 over, 7 withdrawn; NULL for a consent
-- that stands.
WITH given AS (
  SELECT pid, given, $purpose, $scope, $given_on, $ends
  FROM $consents
),
judged AS (
  SELECT
    pid,
    CASE
      WHEN NOT coalesce(given, FALSE) THEN 0
      WHEN coalesce(lower(trim(purpose)), '') <> $wanted THEN 1
      WHEN scope IS NOT NULL AND scope NOT LIKE $covers THEN 2
      WHEN scope IS NULL THEN 3
      WHEN expires_on IS NULL THEN 4
      WHEN given_on IS NULL OR given_on > $day THEN 5
      WHEN expires_on < $day THEN 6
      WHEN withdrawn_on <= $day THEN 7
      ELSE 8
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
  CASE WHEN coalesce(best.state, 0) < 8 THEN coalesce(best.state, 0) END AS reason
FROM everyone
LEFT JOIN best ON everyone.pid = best.pid
ORDER BY pid NULLS LAST
