-- Each person's pay in the years that count from their own quarters, in one pass over the wage
-- records. A year without a record is 0 when all of its quarters are covered, and not known
-- otherwise, or when an amount is not there yet.
WITH own AS (
  SELECT pid, $entered AS entered, $counted AS counted, $kept
  FROM $people
),
summed AS (
  SELECT own.pid, $sums
  FROM $wages AS wages
  JOIN own ON wages.pid = own.pid
  WHERE wages.quarter BETWEEN $first AND $last
  GROUP BY own.pid
)
SELECT own.pid AS pid, $own, $years
FROM own
LEFT JOIN summed ON own.pid = summed.pid
