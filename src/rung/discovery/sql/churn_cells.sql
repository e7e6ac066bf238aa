-- People by what one window's quarters were, for every line at once: a row a kind of person.
-- start: the bit of the window's first quarter, NULL where nobody knows it. full: the window's bits.
WITH placed AS (
  SELECT
    $groups,
    $start AS start,
    coalesce(masks.paid, 0) & ~$unknown AS paid,
    $enough
  FROM $masks AS masks
  RIGHT JOIN $people AS people ON people.pid = masks.pid
),
cut AS (
  SELECT
    $levels,
    start IS NULL AS undated,
    CASE WHEN start BETWEEN 0 AND $latest THEN (paid >> start) & $full ELSE 0 END AS paid,
    $cut
  FROM placed
)
SELECT $levels, undated, paid, $lines, count(*) AS people
FROM cut
GROUP BY $levels, undated, paid, $lines
