-- Records that repeat another one of the same person with the same entry and exit.
SELECT count(*) AS n, min(_row, 5) AS first_rows
FROM (
    SELECT _row, row_number() OVER (PARTITION BY $keys ORDER BY _row) AS copy
    FROM pirl_said
    WHERE e100 IS NOT NULL
)
WHERE copy > 1
