-- Each person of the caseload with what a reason can rest on. One row a person.
-- Absences do not count as contact; the last service on record may be one: `unsure` then says that
-- the services read here, those after $from_day, have no contact to take its place.
WITH attended AS (
  SELECT
    services.pid,
    max(CASE WHEN services.attendance IS NULL OR services.attendance = 'present'
      THEN services.service_on END) AS contact_on,
    max(CASE WHEN services.attendance <> 'present' THEN services.service_on END) AS missed_on,
    max(CASE WHEN services.attendance IN ($absent) THEN services.service_on END) AS absent_on,
    sum(CASE WHEN services.attendance IN ($absent) AND services.service_on > $since
      THEN 1 ELSE 0 END) AS absences
  FROM $services AS services
  JOIN $people AS mine ON services.pid = mine.pid
  WHERE services.service_on <= $as_of AND services.service_on > $from_day
  GROUP BY services.pid
),
jobs AS (
  SELECT
    mine.pid,
    min(CASE WHEN mine.entered_on IS NULL OR employment.start_on >= mine.entered_on
      THEN employment.start_on END) AS start_on,
    max(CASE WHEN employment.end_on <= $as_of THEN employment.end_on END) AS end_on,
    sum(CASE WHEN employment.end_on IS NULL OR employment.end_on > $as_of THEN 1 ELSE 0 END)
      AS going_on
  FROM $employment AS employment
  JOIN $people AS mine ON employment.pid = mine.pid
  WHERE employment.start_on <= $as_of AND (employment.employed IS NULL OR employment.employed)
  GROUP BY mine.pid
)
SELECT
  mine.pid,
  mine.coach,
  mine.stage,
  greatest(
    mine.seen_on,
    attended.contact_on,
    CASE WHEN attended.missed_on IS NULL OR mine.last_service_on <> attended.missed_on
      THEN mine.last_service_on END
  ) AS contact_on,
  coalesce(attended.contact_on IS NULL AND mine.last_service_on = attended.missed_on, FALSE)
    AS unsure,
  coalesce(attended.absences, 0) AS absences,
  attended.absent_on,
  mine.closed,
  mine.placed,
  coalesce(jobs.start_on, mine.placed_on) AS start_on,
  CASE WHEN jobs.going_on = 0 THEN jobs.end_on END AS job_ended_on,
  mine.planned_end_on,
  $kept
FROM $people AS mine
LEFT JOIN attended ON mine.pid = attended.pid
LEFT JOIN jobs ON mine.pid = jobs.pid
