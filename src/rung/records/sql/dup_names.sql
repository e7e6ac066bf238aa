-- The same name and birth date under different ids.
SELECT who, list_sort(list(DISTINCT _id)) AS ids
FROM (
    SELECT _id, lower($name) || '|' || CAST($birth AS VARCHAR) AS who
    FROM $rows
    WHERE _id IS NOT NULL
)
WHERE who IS NOT NULL
GROUP BY who
HAVING count(DISTINCT _id) > 1
ORDER BY who
LIMIT $most
