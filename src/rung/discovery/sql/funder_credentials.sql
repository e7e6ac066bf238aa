-- Credentials of a period that a definition counts: the first day one was earned, and how many.
-- One without a day was earned when the journey says so; without that, it belongs to every period.
SELECT
  people.pid,
  people.period,
  min($earned_on) AS earned_on,
  count(*) AS n
FROM $people AS people
JOIN $credentials AS credentials ON people.pid = credentials.pid
WHERE coalesce($earned, TRUE)
  AND coalesce($of_type, FALSE)
  AND ($earned_on IS NULL OR ($earned_on >= people.entered_on AND $earned_on <= $as_of
    AND (people._next_on IS NULL OR $earned_on < people._next_on)))
GROUP BY people.pid, people.period
