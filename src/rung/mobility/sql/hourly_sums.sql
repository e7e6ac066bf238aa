-- Bounds of the rank at each moment, and of its change since the job before entry, as sums.
WITH bounds AS (
  SELECT pid, arm, moment, r_x - u_x AS low, r_x + u_x AS high
  FROM $people
  WHERE r_x IS NOT NULL
)
SELECT
  after.arm AS arm,
  after.moment AS moment,
  count(*) AS n,
  sum(after.low) AS low,
  sum(after.low * after.low) AS low_squares,
  sum(after.high) AS high,
  sum(after.high * after.high) AS high_squares,
  count(before.pid) AS pairs,
  sum(after.low - before.high) AS least,
  sum((after.low - before.high) * (after.low - before.high)) AS least_squares,
  sum(after.high - before.low) AS most,
  sum((after.high - before.low) * (after.high - before.low)) AS most_squares
FROM bounds AS after
LEFT JOIN (SELECT * FROM bounds WHERE moment = $before) AS before ON after.pid = before.pid
GROUP BY after.arm, after.moment
ORDER BY arm NULLS FIRST, moment NULLS LAST
