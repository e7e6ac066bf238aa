-- Kinds of period: how many of each, for everyone and for each level of each group. A level that is
-- NULL was added up over.
WITH cells AS (
  SELECT $levels, kind, count(*) AS n
  FROM $judged
  GROUP BY $levels, kind
)
SELECT $levels, kind, sum(n) AS n
FROM cells
GROUP BY GROUPING SETS ($sets)
ORDER BY $levels NULLS LAST, kind NULLS LAST
