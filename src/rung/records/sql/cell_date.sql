-- A cell as a date: ISO (with or without a time), the file's own order, an Excel serial number.
-- Without a digit it is no date: DuckDB would read "infinity" and "epoch".
SELECT CASE WHEN regexp_matches($cell, '\d') THEN COALESCE(
    CASE
        WHEN regexp_full_match($cell, '\d{4}-\d{1,2}-\d{1,2}([ T].*)?')
            THEN CAST(TRY_CAST($cell AS TIMESTAMP) AS DATE)
    END,
    CAST(try_strptime($cell, $formats) AS DATE),
    CASE
        WHEN regexp_full_match($cell, '[1-6]\d{4}(\.\d+)?')
            THEN DATE '1899-12-30' + CAST(floor(TRY_CAST($cell AS DOUBLE)) AS INTEGER)
    END
) END AS value
