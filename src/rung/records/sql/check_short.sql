-- The first rows whose ids are digits, and fewer than the others.
SELECT min(_row, 5) AS first_rows
FROM (SELECT $id AS id, _row FROM $clean)
WHERE translate(id, '0123456789', '') = '' AND strlen(id) < $length AND NOT starts_with(id, '0')
