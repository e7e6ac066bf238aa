-- Follow-ups on record. worked: what the answer was, or NULL; tried: someone tried to reach them.
-- Whoever is known to work, or not, was reached in some way.
SELECT
  checks.pid,
  checks.due_days,
  checks.contacted_on,
  checks.employed AS worked,
  checks.reached IS NOT NULL OR checks.contacted_on IS NOT NULL AS tried,
  checks.method AS how
FROM $follow_ups AS checks
WHERE
  (checks.contacted_on IS NULL OR checks.contacted_on <= $as_of)
  AND checks.pid IN (SELECT pid FROM $who)
