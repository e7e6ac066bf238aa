-- Ids that stand on more than one row. Hashes first: texts of ten million ids do not fit.
SELECT DISTINCT $id AS id
FROM $clean
WHERE hash($id) IN (SELECT hash($id) FROM $clean WHERE $id IS NOT NULL GROUP BY 1 HAVING count(*) > 1)
    AND $id IS NOT NULL
