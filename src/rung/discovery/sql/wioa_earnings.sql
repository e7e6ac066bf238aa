-- Median earnings in the 2nd quarter after exit, of the periods that count for it: for everyone,
-- and for each level of each group.
WITH earners AS (
  SELECT $levels, CAST(earned AS DOUBLE) AS wages
  FROM $judged
  WHERE earned IS NOT NULL
)
SELECT $levels, count(*) AS n, $middles
FROM earners
GROUP BY GROUPING SETS ($sets)
ORDER BY $levels NULLS LAST
