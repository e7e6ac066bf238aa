SELECT count(DISTINCT $unit) AS n
FROM people
