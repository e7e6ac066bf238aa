-- What was heard at each follow-up, the last word where a check was made twice.
SELECT pid, arm, moment, wage, CAST(year AS INTEGER) AS year, CAST(NULL AS BOOLEAN) AS good
FROM (
  SELECT
    checks.pid AS pid,
    people.arm AS arm,
    CAST(checks.due_days AS VARCHAR) AS moment,
    checks.hourly_wage AS wage,
    extract(year FROM checks.contacted_on) AS year,
    row_number() OVER (
      PARTITION BY checks.pid, checks.due_days
      ORDER BY checks.contacted_on DESC NULLS LAST, checks.hourly_wage DESC NULLS LAST
    ) AS place
  FROM $checks AS checks
  JOIN $people AS people ON checks.pid = people.pid
  WHERE checks.hourly_wage > 0 AND people.entered_on IS NOT NULL
) AS heard
WHERE place = 1
