-- Of each column of `profiled` (c0, c1, … as text): how many different values, the most common
-- ones with their counts, and some picked by hash.
WITH cells AS (
  UNPIVOT profiled ON COLUMNS(*) INTO NAME place VALUE cell
),
counted AS (
  SELECT place, left(trim(cell), $cut) AS cell, count(*) AS n
  FROM cells
  WHERE trim(cell) <> ''
  GROUP BY place, left(trim(cell), $cut)
)
SELECT
  place,
  count(*) AS different,
  list_slice(list(cell ORDER BY n DESC, cell), 1, $common) AS common,
  list_slice(list(n ORDER BY n DESC, cell), 1, $common) AS counts,
  list_slice(list(cell ORDER BY hash(cell), cell), 1, $sample) AS sample
FROM counted
GROUP BY place
ORDER BY place
