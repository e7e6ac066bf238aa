-- Jobs of a period: when the first one began that meets a definition's thresholds, and whether the
-- thresholds can be judged of any. A job without a first day began when the person was placed.
SELECT
  people.pid,
  people.period,
  min(CASE WHEN $met THEN $began END) AS good_on,
  max(CASE WHEN $known THEN 1 ELSE 0 END) AS known
FROM $people AS people
JOIN $employment AS employment ON people.pid = employment.pid
WHERE $began >= people.entered_on
  AND $began <= $as_of
  AND (people._next_on IS NULL OR $began < people._next_on)
GROUP BY people.pid, people.period
