-- One indicator by every definition of it: people by their states of all definitions together, for
-- everyone and for each level of each group. A state is "counted", or why not (`funder_states`).
-- A level that is '' was not recorded; a level that is NULL was added up over.
WITH judged AS (
  SELECT $groups, $states
  FROM $people
)
SELECT $levels, $marks, count(*) AS n
FROM judged
GROUP BY GROUPING SETS ($sets)
ORDER BY $levels NULLS LAST, $marks NULLS LAST
