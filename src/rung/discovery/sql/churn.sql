-- The quarters of one window by one line, added up: a row for everyone and a row a level.
-- A person counts when every quarter of the window is known; the others are counted by reason.
--   below      no pay or low pay
--   up, down   from no pay to low pay, and back; a person with both goes back and forth
--   out, back  across the line, up and down
WITH cells AS (
  SELECT $levels, undated, paid, $enough AS enough, people
  FROM $cells
),
states AS (
  SELECT
    $levels,
    people,
    CASE WHEN undated THEN people ELSE 0 END AS undated,
    CASE WHEN (enough & ~paid) = 0 THEN people ELSE 0 END AS known,
    $full & ~(paid | enough) AS no_pay,
    paid & ~enough AS low_pay,
    paid & enough AS above,
    $full & ~(paid & enough) AS below
  FROM cells
),
moves AS (
  SELECT
    *,
    no_pay & (low_pay >> 1) AS up,
    low_pay & (no_pay >> 1) AS down,
    below & (above >> 1) AS out,
    above & (below >> 1) AS back
  FROM states
)
SELECT
  $levels,
  sum(people) AS people,
  sum(undated) AS undated,
  sum(known) AS n,
  sum(CASE WHEN up <> 0 AND down <> 0 THEN known ELSE 0 END) AS cycling,
  sum(known * bit_count(no_pay)) AS no_pay,
  sum(known * bit_count(low_pay)) AS low_pay,
  sum(known * bit_count(above)) AS above,
  sum(known * bit_count(above) * bit_count(above)) AS above_squared,
  sum(known * bit_count(no_pay & ~(no_pay << 1))) AS spells_no_pay,
  sum(known * bit_count(low_pay & ~(low_pay << 1))) AS spells_low_pay,
  sum(known * bit_count(below & ~(below << 1))) AS spells_below,
  sum(known * bit_count(below & $but_last)) AS chances,
  sum(known * bit_count(out)) AS exits,
  sum(known * bit_count(back)) AS returns,
  sum(CASE WHEN above <> 0 THEN known ELSE 0 END) AS ever_above,
  sum(CASE WHEN (below & $but_last) <> 0 THEN known ELSE 0 END) AS ever_below,
  sum(CASE WHEN out <> 0 THEN known ELSE 0 END) AS ever_out,
  sum(CASE WHEN out <> 0 AND back > (out & -out) THEN known ELSE 0 END) AS ever_back
FROM moves
GROUP BY GROUPING SETS ($sets)
ORDER BY $levels NULLS LAST
