-- A row per person, employer and calendar quarter with pay, as a state's wage records have it.
WITH quarters AS (
    SELECT
        *,
        CAST(unnest(range(entered_quarter - $quarters_before, $last_quarter + 1)) AS INTEGER)
            AS quarter
    FROM known
),
paid AS (
    SELECT
        *,
        pay(k, quarter, entered_quarter, placed_quarter, ability, frailty, bonus) AS amount,
        placed_quarter IS NOT NULL AND quarter >= placed_quarter AS after_placement
    FROM quarters
)
SELECT
    printf('%016x', k) AS pid,
    quarter,
    CAST(amount AS DECIMAL(18, 4)) AS amount,
    printf('E%04d', CAST(floor(600.0 * draw(k, CASE WHEN after_placement THEN 'employer'
        ELSE 'employer before' END)) AS INTEGER)) AS employer
FROM paid
WHERE amount > 0
