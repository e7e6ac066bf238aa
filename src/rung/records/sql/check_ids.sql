-- What the ids of a file look like: blank, an SSN, a number a spreadsheet has broken, digits.
WITH shaped AS (
    SELECT
        _row,
        id,
        CASE
            WHEN id IS NULL THEN 'blank'
            WHEN NOT (left(id, 1) BETWEEN '0' AND '9') THEN 'text'
            WHEN strlen(id) = 11 AND regexp_full_match(id, '\d{3}-\d{2}-\d{4}') THEN 'ssn'
            WHEN strlen(id) = 9
                AND translate(id, '0123456789', '') = ''
                AND left(id, 3) NOT IN ('000', '666')
                AND left(id, 1) <> '9'
                AND substring(id, 4, 2) <> '00'
                AND right(id, 4) <> '0000' THEN 'nine'
            WHEN translate(id, '0123456789', '') = '' THEN 'digits'
            WHEN regexp_full_match(id, '\d(\.\d+)?[eE]\+?\d+') THEN 'broken'
            ELSE 'text'
        END AS shape
    FROM (SELECT $id AS id, _row FROM $clean)
)
SELECT
    shape,
    CASE WHEN shape IN ('digits', 'nine') THEN length(id) END AS digits,
    CASE WHEN shape IN ('digits', 'nine') THEN starts_with(id, '0') ELSE FALSE END AS zero,
    count(*) AS n,
    min(_row, 5) FILTER (WHERE shape <> 'text') AS first_rows,
    max(CASE WHEN shape IN ('digits', 'nine') THEN TRY_CAST(id AS UBIGINT) END) AS most
FROM shaped
GROUP BY ALL
ORDER BY ALL
