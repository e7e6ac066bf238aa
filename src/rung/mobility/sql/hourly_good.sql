-- Jobs of which it is known whether they are good, and those that are.
SELECT
  arm,
  moment,
  sum(CASE WHEN good IS NOT NULL THEN 1 ELSE 0 END) AS n,
  sum(CASE WHEN good THEN 1 ELSE 0 END) AS good
FROM $people
GROUP BY arm, moment
ORDER BY arm NULLS FIRST, moment NULLS LAST
