-- How many pairs there are by group, and who cannot be counted.
WITH told AS (
  SELECT $level AS level, $parent AS parent, $child AS child, $weight AS weight FROM $people
)
SELECT
  level,
  count(*) AS people,
  sum(CASE WHEN parent IS NULL AND child IS NOT NULL THEN 1 ELSE 0 END) AS without_parent,
  sum(CASE WHEN child IS NULL AND parent IS NOT NULL THEN 1 ELSE 0 END) AS without_child,
  sum(CASE WHEN child IS NULL AND parent IS NULL THEN 1 ELSE 0 END) AS without_both,
  sum(CASE
    WHEN parent IS NOT NULL AND child IS NOT NULL
      AND (weight IS NULL OR weight = CAST(0.0 AS DOUBLE)) THEN 1
    ELSE 0
  END) AS without_weight,
  min(weight) AS lightest,
  max(weight) AS heaviest,
  max(abs(parent)) AS largest_parent,
  max(abs(child)) AS largest_child
FROM told
GROUP BY level
ORDER BY level NULLS LAST
