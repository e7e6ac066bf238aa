-- Pay per person and quarter, counted from a quarter of their own (entry, exit, assignment).
-- A quarter inside the coverage without a record is 0; one outside is NULL, and so is one whose
-- amount is not there yet. A row for every person and every quarter asked for.
WITH summed AS (
  SELECT
    pid,
    quarter,
    sum(amount) AS pay,
    count(*) > count(amount) AS waiting,
    count(*) AS records
  FROM $wages
  WHERE quarter BETWEEN $first AND $last
  GROUP BY pid, quarter
),
wanted AS (
  SELECT people.pid, away.away, people.origin + away.away AS quarter
  FROM $people AS people
  CROSS JOIN $aways AS away
)
SELECT
  wanted.pid AS pid,
  wanted.away AS away,
  wanted.quarter AS quarter,
  CASE
    WHEN wanted.quarter IS NULL OR wanted.quarter < $first OR wanted.quarter > $last
      OR wanted.quarter IN ($missing) THEN NULL
    WHEN summed.waiting THEN NULL
    ELSE coalesce(summed.pay, 0) * $factor
  END AS pay,
  coalesce(summed.records, 0) AS records
FROM wanted
LEFT JOIN summed ON wanted.pid = summed.pid AND wanted.quarter = summed.quarter
