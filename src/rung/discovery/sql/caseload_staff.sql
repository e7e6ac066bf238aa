-- Who gave each person the latest service: the coach, where the records name none.
SELECT
  pid,
  arg_max(staff, concat(CAST(service_on AS VARCHAR), ' ', staff)) AS coach
FROM $services AS services
WHERE staff IS NOT NULL AND service_on <= $as_of
GROUP BY pid
