-- Which quarters the wage records speak of: a row a source and quarter.
SELECT $source AS source, quarter, count(pid) AS n
FROM $wages
GROUP BY $source, quarter
ORDER BY source NULLS FIRST, quarter NULLS FIRST
