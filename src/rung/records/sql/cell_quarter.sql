-- A calendar quarter as year * 4 + quarter - 1: "2024Q1", "Q1 2024", "2024-Q1", "20241", "1/2024".
SELECT CASE
    WHEN regexp_full_match(upper($cell), '(19|20)\d\d[ -]?Q?[ -]?[1-4]')
        THEN TRY_CAST(left($cell, 4) AS INTEGER) * 4 + TRY_CAST(right($cell, 1) AS INTEGER) - 1
    WHEN regexp_full_match(upper($cell), 'Q?[1-4][ /-]*(19|20)\d\d')
        THEN TRY_CAST(right($cell, 4) AS INTEGER) * 4
            + TRY_CAST(regexp_extract($cell, '[1-4]') AS INTEGER) - 1
END AS value
