-- People whose pay is known before and after, by where they stood: a row a kind of person, for
-- everyone and for each level of each group.
WITH pairs AS (
  SELECT
    $levels,
    $arm AS arm,
    $rung_before AS rung_before,
    $rung_after AS rung_after,
    $pay_before AS pay_before,
    $pay_after AS pay_after,
    $wage_before AS wage_before,
    $wage_after AS wage_after,
    $poor_before AS poor_before,
    $poor_after AS poor_after,
    $rank_before AS rank_before,
    $rank_after AS rank_after,
    $dollars_before AS dollars_before,
    $dollars_after AS dollars_after
  FROM $people
  WHERE $dollars_before IS NOT NULL AND $dollars_after IS NOT NULL
)
SELECT
  $levels,
  arm, rung_before, rung_after, pay_before, pay_after, wage_before, wage_after,
  poor_before, poor_after,
  count(*) AS n,
  sum(rank_before) AS rank_before,
  sum(rank_after) AS rank_after,
  sum((rank_after - rank_before) * (rank_after - rank_before)) AS squares,
  sum(dollars_before) AS dollars_before,
  sum(dollars_after) AS dollars_after,
  sum((dollars_after - dollars_before) * (dollars_after - dollars_before)) AS dollar_squares
FROM pairs
GROUP BY GROUPING SETS ($sets)
ORDER BY
  $levels NULLS LAST, arm NULLS FIRST, rung_before NULLS FIRST, rung_after NULLS FIRST,
  pay_before NULLS FIRST, pay_after NULLS FIRST, wage_before NULLS FIRST, wage_after NULLS FIRST,
  poor_before NULLS FIRST, poor_after NULLS FIRST
