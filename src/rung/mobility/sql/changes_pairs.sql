-- The same people before and after, added up: everyone, and each level of each group.
WITH sides AS (
  SELECT
    pid,
    max(CASE WHEN later = 0 THEN value END) AS before,
    max(CASE WHEN later = 1 THEN value END) AS after
  FROM $told
  WHERE place = 1
  GROUP BY pid
),
pairs AS (
  SELECT $levels, sides.before AS before, sides.after AS after
  FROM sides
  JOIN $people AS people ON sides.pid = people.pid
  WHERE sides.before IS NOT NULL AND sides.after IS NOT NULL
)
SELECT
  $names,
  count(*) AS n,
  sum(before) AS before,
  sum(after) AS after,
  sum((after - before) * (after - before)) AS squares,
  sum(CASE WHEN after > before THEN 1 ELSE 0 END) AS rose,
  sum(CASE WHEN after < before THEN 1 ELSE 0 END) AS fell
FROM pairs
GROUP BY GROUPING SETS ($sets)
ORDER BY $names NULLS LAST
