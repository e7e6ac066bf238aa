-- Pairs whose value of one id is the same, where it stands once in each file. `against` says that
-- last name and birth date both are known and both differ: an id that was used again.
WITH lone_a AS (
    SELECT $which AS v, min(unique_id) AS unique_id FROM a
    WHERE $which IS NOT NULL GROUP BY $which HAVING count(*) = 1
),
lone_b AS (
    SELECT $which AS v, min(unique_id) AS unique_id FROM b
    WHERE $which IS NOT NULL GROUP BY $which HAVING count(*) = 1
)
SELECT
    lone_a.unique_id AS row_a,
    lone_b.unique_id AS row_b,
    COALESCE(
        jaro_winkler_similarity(a.last_name, b.last_name) < 0.8 AND a.birth_date <> b.birth_date,
        FALSE
    ) AS against
FROM lone_a
JOIN lone_b ON lone_a.v = lone_b.v
JOIN a ON a.unique_id = lone_a.unique_id
JOIN b ON b.unique_id = lone_b.unique_id
ORDER BY row_a, row_b
