-- How far people climbed by cluster (a class, a site): a cluster's people and the sum of their
-- ranks gained, for everyone and for each level of each group.
WITH ranked AS (
  SELECT $levels, $arm AS arm, $cluster AS cluster, $climb AS climb
  FROM $people
  WHERE $climb IS NOT NULL
)
SELECT $levels, arm, cluster, count(*) AS n, sum(climb) AS climb
FROM ranked
GROUP BY GROUPING SETS ($sets)
ORDER BY $levels NULLS LAST, arm NULLS FIRST, cluster NULLS FIRST
