-- The people of a caseload, each by the latest period of participation.
WITH later AS (
  SELECT pid, max(period) AS latest FROM $journeys WHERE period > 1 GROUP BY pid
)
SELECT
  people.pid,
  people.coach,
  people.entered_on,
  people.planned_end_on,
  CASE WHEN people.last_service_on <= $as_of THEN people.last_service_on END AS last_service_on,
  coalesce(people.closed AND (people.closed_on IS NULL OR people.closed_on <= $as_of), FALSE)
    AS closed,
  CASE WHEN people.placed_on <= $as_of THEN people.placed_on END AS placed_on,
  coalesce(people.placed AND (people.placed_on IS NULL OR people.placed_on <= $as_of), FALSE)
    AS placed,
  $stage AS stage,
  $seen AS seen_on,
  $kept
FROM $journeys AS people
LEFT JOIN later ON people.pid = later.pid
WHERE
  (later.latest IS NULL OR people.period = later.latest)
  AND (people.entered_on IS NULL OR people.entered_on <= $as_of)
  AND $mine
