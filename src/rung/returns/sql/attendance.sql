-- What people came to, from the log of services: sessions and quantity by service and arm.
-- An arm that is '' was not recorded, or none is asked for.
WITH members AS (
  SELECT pid, min($arm) AS arm
  FROM $journeys
  WHERE $chosen
  GROUP BY pid
)
SELECT service, arm, count(*) AS sessions, sum($quantity) AS quantity
FROM $services
JOIN members USING (pid)
WHERE $came
GROUP BY service, arm
ORDER BY service NULLS LAST, arm NULLS LAST
