-- The units of an assignment, in random order: exactly `n` of them come before the one returned.
SELECT unit
FROM (SELECT DISTINCT $unit AS unit FROM people) AS units
ORDER BY unit
LIMIT 1 OFFSET $n
