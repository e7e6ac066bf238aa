-- Which quarters the wage records speak of: a row a quarter, and source where it is told.
SELECT $source, quarter, count($who) AS n
FROM $wages
GROUP BY $by, quarter
ORDER BY quarter NULLS FIRST
