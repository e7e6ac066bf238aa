-- An extract of wage records: a row a person, with what stands twice and what was not asked for.
WITH records AS (
  SELECT pid, quarter, employer, count(*) AS n
  FROM (SELECT pid, quarter, coalesce($employer, '') AS employer FROM $wages) AS given
  GROUP BY pid, quarter, employer
)
SELECT
  pid,
  sum(n) AS n,
  count(*) AS different,
  sum(CASE WHEN quarter < $first OR quarter > $last THEN n ELSE 0 END) AS outside
FROM records
WHERE pid IS NOT NULL
GROUP BY pid
ORDER BY pid NULLS LAST
