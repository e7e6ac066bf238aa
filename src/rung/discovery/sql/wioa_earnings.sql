-- Median earnings in the 2nd quarter after exit, of the periods that count for it: for everyone,
-- and for each level of each group.
WITH earners AS (
  SELECT $groups, CAST(wages_q2 AS DOUBLE) AS wages
  FROM $periods
  WHERE $only
    AND exited_on >= $q2_from AND exited_on <= $q2_to
    AND entered_on IS NOT NULL
    AND NOT incumbent_only
    AND coalesce(exclusion, '00') NOT IN ('01', '02', '03', '04')
    AND NOT (coalesce(exclusion, '00') = '05' AND $youth)
    AND NOT (coalesce(exclusion, '00') = '06' AND $rehabilitation)
    AND NOT (coalesce(exclusion, '00') = '07' AND $adult_education)
    AND employed_q2 IN ('1', '2', '3')
    AND coalesce(match_q2 <> '5', TRUE)
    AND wages_q2 > 0
)
SELECT $levels, count(*) AS n, $middles
FROM earners
GROUP BY GROUPING SETS ($sets)
ORDER BY $levels NULLS LAST
