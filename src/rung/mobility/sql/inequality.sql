-- Incomes added up by value: everything that an index of inequality needs, in one pass.
-- A row is left out when its income is missing, or its weight is missing or zero.
WITH told AS (
  SELECT $level AS level, $period AS period, $income AS income, $weight AS weight FROM $people
)
SELECT
  level,
  period,
  CAST(income AS DOUBLE) AS value,
  CAST(count(*) AS DOUBLE) AS people,
  sum(weight) AS weights,
  sum(weight * weight) AS squares
FROM told
WHERE income IS NOT NULL AND weight > CAST(0.0 AS DOUBLE)
GROUP BY level, period, income
ORDER BY level NULLS LAST, period NULLS LAST, value NULLS LAST
