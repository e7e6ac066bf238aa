-- When each person's first job began. One row a person who was placed; start_on is NULL when
-- nobody wrote down the day.
WITH people AS (
  SELECT
    pid,
    min(entered_on) AS entered_on,
    min(CASE WHEN placed_on <= $as_of THEN placed_on END) AS placed_on,
    max(CASE WHEN placed AND (placed_on IS NULL OR placed_on <= $as_of) THEN 1 ELSE 0 END)
      AS placed,
    $kept
  FROM $journeys AS journeys
  WHERE entered_on IS NULL OR entered_on <= $as_of
  GROUP BY pid
),
jobs AS (
  SELECT
    people.pid,
    min(CASE WHEN people.entered_on IS NULL OR employment.start_on >= people.entered_on
      THEN employment.start_on END) AS start_on
  FROM $employment AS employment
  JOIN people ON employment.pid = people.pid
  WHERE employment.start_on <= $as_of AND (employment.employed IS NULL OR employment.employed)
  GROUP BY people.pid
)
SELECT people.pid, coalesce(jobs.start_on, people.placed_on) AS start_on, $known
FROM people
LEFT JOIN jobs ON people.pid = jobs.pid
WHERE people.placed = 1 OR jobs.start_on IS NOT NULL
