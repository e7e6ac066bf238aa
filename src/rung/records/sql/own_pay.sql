-- Wage records of the quarters that federal records speak of: one join of wages and people.
-- away: 1 to 4 quarters after the quarter of exit; -3 to -1 before the quarter of entry.
SELECT
  people.pid,
  people.period,
  CASE
    WHEN own_wages.quarter > people.exit_q THEN own_wages.quarter - people.exit_q
    ELSE own_wages.quarter - people.entry_q
  END AS away,
  own_wages.employer,
  own_wages.amount
FROM (
  SELECT pid, period, exit_q, entry_q, $first AS first_q, $last AS last_q
  FROM own_people
  WHERE $whose
) AS people
JOIN own_wages ON people.pid = own_wages.pid
WHERE own_wages.quarter >= people.first_q AND own_wages.quarter <= people.last_q
  AND (own_wages.quarter < people.entry_q OR own_wages.quarter > people.exit_q)
