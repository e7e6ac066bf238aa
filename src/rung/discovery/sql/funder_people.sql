-- Periods of participation with the day of exit, what is known of work after it, the day of the
-- person's next entry (evidence from then on belongs to the next period), and the federal kind.
WITH later AS (
  SELECT
    one.pid,
    one.period,
    min(CASE WHEN other.entered_on > one.entered_on THEN other.entered_on END) AS next_on
  FROM $journeys AS one
  JOIN $journeys AS other ON one.pid = other.pid
  GROUP BY one.pid, one.period
)
SELECT
  journeys.*,
  later.next_on AS _next_on,
  periods.exited_on AS _exited_on,
  $after_exit,
  kinds.kind AS _kind
FROM $journeys AS journeys
LEFT JOIN later ON journeys.pid = later.pid AND journeys.period = later.period
LEFT JOIN $periods AS periods
  ON journeys.pid = periods.pid AND journeys.period = periods.period
LEFT JOIN $kinds AS kinds ON journeys.pid = kinds.pid AND journeys.period = kinds.period
