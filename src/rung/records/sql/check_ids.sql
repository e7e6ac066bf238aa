-- What the ids of a file look like: blank, an SSN, a number a spreadsheet has broken, digits.
-- Only ids that start with a digit or # need a closer look; rows are kept of what is set aside.
WITH shaped AS (
    SELECT
        _row,
        id,
        CASE
            WHEN id IS NULL THEN 0
            WHEN starts_with(id, '#') AND regexp_full_match(id, '#(N/A|[A-Z0-9/]+[!?])') THEN 5
            WHEN NOT (id >= '0' AND id < ':') THEN 1
            WHEN translate(id, '0123456789', '') = '' THEN CASE
                WHEN strlen(id) = 9
                    AND left(id, 3) NOT IN ('000', '666')
                    AND left(id, 1) <> '9'
                    AND substring(id, 4, 2) <> '00'
                    AND right(id, 4) <> '0000' THEN 3
                ELSE 4
            END
            WHEN strlen(id) = 11 AND regexp_full_match(id, '\d{3}-\d{2}-\d{4}') THEN 2
            WHEN contains(lower(id), 'e')
                AND regexp_full_match(id, '\d(\.\d+)?[eE]\+?\d+') THEN 5
            ELSE 1
        END AS shape
    FROM (SELECT $id AS id, _row FROM $clean)
),
counted AS (
    SELECT
        CAST(shape AS UTINYINT) AS shape,
        CASE WHEN shape IN (3, 4) THEN CAST(strlen(id) AS USMALLINT) END AS digits,
        shape IN (3, 4) AND starts_with(id, '0') AS zero,
        CASE WHEN shape IN (3, 4) THEN TRY_CAST(id AS UBIGINT) END AS number,
        CASE WHEN shape IN (0, 2, 5) THEN _row END AS at
    FROM shaped
)
SELECT
    list_extract(['blank', 'text', 'ssn', 'nine', 'digits', 'broken'], shape + 1) AS shape,
    digits,
    zero,
    count(*) AS n,
    min(at, 5) AS first_rows,
    max(number) AS most
FROM counted
GROUP BY ALL
ORDER BY ALL
