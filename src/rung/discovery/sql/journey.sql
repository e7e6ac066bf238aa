-- How far people came: one row a kind of person, by the provider's groups.
-- within: the furthest milestone reached within H days of entry (a later one implies an earlier);
-- ever: the furthest reached by the as-of date; own, undated, unknown: one bit a milestone.
WITH people AS (
  SELECT
    $groups,
    $left_out AS left_out,
    date_diff('day', entered_on, $as_of) >= $within_days AS mature,
    $gone AS gone,
    $furthest_within AS within,
    $furthest_ever AS ever,
    $own AS own,
    $undated AS undated,
    $unknown AS unknown
  FROM $journeys
)
SELECT
  $levels,
  left_out,
  mature,
  gone,
  within,
  ever,
  own,
  undated,
  unknown,
  count(*) AS n
FROM people
GROUP BY $levels, left_out, mature, gone, within, ever, own, undated, unknown
ORDER BY $levels NULLS LAST, left_out NULLS LAST, mature NULLS LAST, gone NULLS LAST,
  within NULLS LAST, ever NULLS LAST, own NULLS LAST, undated NULLS LAST, unknown NULLS LAST
