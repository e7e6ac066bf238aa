-- What each person's quarters were: two masks, bit i for quarter $first + i (0 to 62; the sign bit
-- stays free, so that shifts mean the same on every engine).
--   paid  enough
--    0     0    no pay
--    0     1    not known: the amount is not there yet
--    1     0    low pay
--    1     1    above the line
-- Pay from several employers is added up, but only where that can matter: in a quarter with one
-- record, or with a record above every line, the records tell by themselves. Two records in a
-- quarter show as a bit of `seen` that is missing from `odd`; three, and anything that is not a
-- positive amount, send all the person's quarters (that are not decided) to be added up. Where no
-- amount is missing or below zero (`least` is then 1, and $here nothing for a record of zero
-- dollars), only records below the highest line are looked at again: one at it decides its quarter.
WITH once AS (
  SELECT
    pid,
    bit_or($here) AS seen,
    bit_xor($here) AS odd,
    $once_enough,
    count(*) AS n,
    $least AS least
  FROM $wages
  WHERE quarter BETWEEN $first AND $last AND pid IS NOT NULL
  GROUP BY pid
),
suspect AS (
  SELECT
    pid,
    CASE
      WHEN least <= 0 THEN seen
      WHEN n <> bit_count(seen) + bit_count(seen & ~odd) THEN seen & ~($decided)
      ELSE seen & ~odd & ~($decided)
    END AS unsure
  FROM once
  WHERE least <= 0 OR n <> bit_count(seen)
),
unsure AS (
  SELECT pid, unsure FROM suspect WHERE unsure <> 0
),
summed AS (
  SELECT
    wages.pid,
    CAST(1 AS BIGINT) << CAST(wages.quarter - $first AS INTEGER) AS here,
    wages.quarter AS quarter,
    min(unsure.unsure) AS unsure,
    sum(wages.amount) AS pay,
    count(*) > count(wages.amount) AS waiting
  FROM $wages AS wages
  JOIN unsure ON wages.pid = unsure.pid
  WHERE
    wages.quarter BETWEEN $first AND $last
    AND $undecided
    AND ((unsure.unsure >> CAST(wages.quarter - $first AS INTEGER)) & 1) = 1
  GROUP BY wages.pid, wages.quarter
),
again AS (
  SELECT
    pid,
    min(unsure) AS unsure,
    bit_or(CASE WHEN pay > 0 AND (NOT waiting OR $above_all) THEN here ELSE 0 END) AS paid,
    bit_or(CASE WHEN waiting AND NOT coalesce($above_all, FALSE) THEN here ELSE 0 END) AS waiting,
    $again_enough
  FROM summed
  GROUP BY pid
)
SELECT
  once.pid AS pid,
  CASE WHEN again.pid IS NULL THEN once.seen ELSE (once.seen & ~again.unsure) | again.paid END
    AS paid,
  $enough
FROM once
LEFT JOIN again ON once.pid = again.pid
