-- Who is there, by group and period, and who cannot be counted.
WITH told AS (
  SELECT $level AS level, $period AS period, $income AS income, $weight AS weight FROM $people
)
SELECT
  level,
  period,
  count(*) AS people,
  sum(CASE WHEN income IS NULL THEN 1 ELSE 0 END) AS without_income,
  sum(CASE
    WHEN income IS NOT NULL AND (weight IS NULL OR weight = CAST(0.0 AS DOUBLE)) THEN 1
    ELSE 0
  END) AS without_weight,
  min(weight) AS lightest,
  max(weight) AS heaviest,
  max(abs(CAST(income AS DOUBLE))) AS largest
FROM told
GROUP BY level, period
ORDER BY level NULLS LAST, period NULLS LAST
