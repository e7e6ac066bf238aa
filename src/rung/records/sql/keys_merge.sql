-- The key table after an import: the new rows where there are any, the old ones else.
SELECT COALESCE(new.pid, old.pid) AS pid, $columns
FROM (SELECT * FROM $new) AS new
FULL OUTER JOIN (SELECT * FROM $old) AS old ON new.pid = old.pid
