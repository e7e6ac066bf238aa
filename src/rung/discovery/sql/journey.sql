-- How far people came. One row a kind of person, for everyone and for each level of each group.
-- path: one octal digit a milestone after entry, the first milestone in the lowest digit:
--   0 not reached, 1 reached in time, 2 reached late, 3 reached but undated, 4 unknown.
-- A level that is '' was not recorded; a level that is NULL was added up over.
WITH entries AS (
  SELECT
    $groups,
    $milestones,
    $left_out AS left_out,
    CAST(entered_on + INTERVAL $within_days DAY AS DATE) AS due,
    $gone AS gone
  FROM $journeys
),
people AS (
  SELECT $levels, left_out, due <= $as_of AS mature, gone, $path AS path
  FROM entries
),
cells AS (
  SELECT $levels, left_out, mature, gone, path, count(*) AS n
  FROM people
  GROUP BY $levels, left_out, mature, gone, path
)
SELECT $levels, left_out, mature, gone, path, sum(n) AS n
FROM cells
GROUP BY GROUPING SETS ($sets)
ORDER BY
  $levels NULLS LAST, left_out NULLS LAST, mature NULLS LAST, gone NULLS LAST, path NULLS LAST
