-- Calls 30 and 90 days after placement; most are answered, and who works says what it pays.
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
    CASE WHEN reached AND (taken = 6 OR due_days < last_day - d5)
        THEN CAST(round((13.0 + 4.0 * draw(k, 'hourly') + 0.0012 * ability)
            * (1.0 + 0.0006 * due_days * draw(k, 'raise')), 2) AS DECIMAL(18, 4)) END AS hourly_wage,
    'phone' AS method
FROM called
WHERE contacted_on <= $as_of
