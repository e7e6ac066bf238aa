-- What was in the files: rows, rows that do not read, rows of people nobody asked about.
SELECT
  count(*) AS rows,
  count(DISTINCT CASE WHEN good THEN pid END) AS people,
  sum(CASE WHEN good THEN 0 ELSE 1 END) AS unreadable,
  sum(CASE WHEN good AND pid IS NULL THEN 1 ELSE 0 END) AS strangers,
  sum(CASE WHEN good AND pid IS NOT NULL AND amount < 0 THEN 1 ELSE 0 END) AS negative
FROM (
  SELECT
    typed.id IS NOT NULL AND typed.quarter IS NOT NULL AND typed.amount IS NOT NULL AS good,
    typed.amount AS amount,
    ids.pid AS pid
  FROM $typed AS typed
  LEFT JOIN $ids AS ids ON typed.id = ids.id
) AS matched
