-- When a period of participation can be taken to have ended: one row a period with a service.
-- A service extends participation unless its name says that it does not (follow-up, support,
-- self-service). The exit is the day of the last one that does; it is known once the quiet days
-- have passed without another, and while none is planned.
WITH periods AS (
  SELECT
    pid, period, entered_on, closed_on, planned_end_on,
    lead(entered_on) OVER (PARTITION BY pid ORDER BY entered_on, period) AS next_entry
  FROM $periods
),
dated AS (
  SELECT
    periods.pid,
    periods.period,
    services.service_on,
    CASE WHEN $not_extending THEN 0 ELSE 1 END AS extends
  FROM periods
  JOIN $services AS services ON periods.pid = services.pid
  WHERE services.service_on >= periods.entered_on AND $came
    AND (periods.next_entry IS NULL OR services.service_on < periods.next_entry)
),
seen AS (
  SELECT
    pid,
    period,
    max(CASE WHEN extends = 1 AND service_on <= $as_of THEN service_on END) AS last_on,
    max(CASE WHEN extends = 0 AND service_on <= $as_of THEN service_on END) AS other_on,
    min(CASE WHEN extends = 1 AND service_on > $as_of THEN service_on END) AS planned_on
  FROM dated
  GROUP BY pid, period
),
told AS (
  SELECT
    periods.pid,
    periods.period,
    periods.entered_on,
    periods.closed_on,
    coalesce(seen.last_on, periods.entered_on) AS last_on,
    seen.other_on,
    CASE
      WHEN seen.planned_on IS NOT NULL THEN seen.planned_on
      WHEN periods.planned_end_on > $as_of THEN periods.planned_end_on
    END AS planned_on,
    periods.next_entry
  FROM periods
  LEFT JOIN seen ON periods.pid = seen.pid AND periods.period = seen.period
  WHERE periods.entered_on <= $as_of
)
SELECT
  *,
  CASE
    WHEN planned_on IS NOT NULL THEN 'planned'
    WHEN CAST(last_on + INTERVAL $quiet DAY AS DATE) <= $as_of THEN 'ended'
    ELSE 'open'
  END AS verdict,
  CASE
    WHEN next_entry IS NOT NULL THEN date_diff('day', coalesce(closed_on, last_on), next_entry)
  END AS days_to_next
FROM told
ORDER BY pid NULLS LAST, period NULLS LAST
