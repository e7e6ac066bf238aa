-- The jobs of each person by moment, the one that counts first: before entry the last that began,
-- from the day of entry on the first; of two on one day the better paid.
WITH own AS (
  SELECT pid, entered_on, arm FROM $people WHERE entered_on IS NOT NULL
),
begun AS (
  SELECT
    jobs.pid,
    own.arm,
    CASE WHEN jobs.start_on < own.entered_on THEN $before ELSE $start END AS moment,
    jobs.hourly_wage AS wage,
    extract(year FROM jobs.start_on) AS year,
    $good AS good,
    abs(date_diff('day', own.entered_on, jobs.start_on)) AS away
  FROM $jobs AS jobs
  JOIN own ON jobs.pid = own.pid
  WHERE jobs.start_on IS NOT NULL
)
SELECT
  *,
  row_number() OVER (
    PARTITION BY pid, moment ORDER BY away NULLS LAST, wage DESC NULLS LAST
  ) AS place
FROM begun
