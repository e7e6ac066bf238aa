-- Rows of ids that stand on more than one row: what each of them is.
-- twice: the same text again; other: the same id, another birth date or name; again: the same
-- period told differently; else a further period.
WITH several AS (
    SELECT
        _part,
        _row,
        _id,
        $entry AS entered,
        COALESCE(CAST($birth AS VARCHAR), lower($name)) AS who,
        hash($texts) AS same
    FROM $rows
    WHERE _id IN (SELECT id FROM $ids)
),
once AS (
    SELECT *, row_number() OVER (PARTITION BY _id, same ORDER BY _part, _row) AS copy
    FROM several
),
named AS (
    SELECT
        *,
        count(DISTINCT who) OVER (PARTITION BY _id) AS people,
        first_value(who IGNORE NULLS) OVER (
            PARTITION BY _id ORDER BY _part, _row
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS first_who,
        copy > 1 AS twice
    FROM once
)
SELECT
    _part,
    _row,
    _id,
    who,
    twice,
    people > 1 AS doubtful,
    people > 1 AND who IS DISTINCT FROM first_who AND who IS NOT NULL AS other,
    entered
FROM named
