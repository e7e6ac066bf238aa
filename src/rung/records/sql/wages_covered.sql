-- Which quarters the wage records speak of: a row a source and quarter.
SELECT
  $source AS source,
  quarter,
  count(*) AS n,
  count(*) - count(pid) AS nameless,
  count(*) - count(amount) AS waiting,
  sum(CASE WHEN amount < 0 THEN 1 ELSE 0 END) AS negative
FROM $wages
GROUP BY $source, quarter
ORDER BY source NULLS FIRST, quarter NULLS FIRST
