-- Periods of participation: one row a person and entry date, numbered by entry.
-- Where two files tell the same period, the first file's row stands.
SELECT
    * EXCLUDE (_source, _nth),
    CAST(row_number() OVER (PARTITION BY pid ORDER BY entered_on NULLS LAST, _source, _row)
        AS SMALLINT) AS period
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY pid, entered_on ORDER BY _source, _row) AS _nth
    FROM $base
)
WHERE _nth = 1
