-- Jobs of which it is known whether they are good, and those that are.
SELECT
  moment,
  sum(CASE WHEN good IS NOT NULL THEN 1 ELSE 0 END) AS n,
  sum(CASE WHEN good THEN 1 ELSE 0 END) AS good
FROM $people
GROUP BY moment
ORDER BY moment NULLS LAST
