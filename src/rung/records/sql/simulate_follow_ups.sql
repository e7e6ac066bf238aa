-- Calls 30 and 90 days after placement; most are answered.
WITH due AS (
    SELECT *, unnest([30, 90]) AS due_days
    FROM known
    WHERE on_5 IS NOT NULL
),
called AS (
    SELECT
        *,
        CAST(on_5 + due_days + CAST(floor(10.0 * draw(k, CAST(-5000 - due_days AS BIGINT)))
            AS INTEGER) AS DATE) AS contacted_on,
        draw(k, CAST(-6000 - due_days AS BIGINT)) < 0.85 AS reached
    FROM due
)
SELECT
    printf('%016x', k) AS pid,
    due_days,
    contacted_on,
    reached,
    CASE WHEN reached THEN taken = 6 OR due_days < last_day - d5 END AS employed,
    'phone' AS method
FROM called
WHERE contacted_on <= $as_of
