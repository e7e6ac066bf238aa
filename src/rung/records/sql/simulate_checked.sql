-- Follow-ups after a job began. Most are made within some days; fewer people answer as time goes
-- by; some were never called.
WITH due AS (
    SELECT *, unnest([30, 90, 180, 365]) AS due_days
    FROM known
    WHERE on_5 IS NOT NULL
),
called AS (
    SELECT
        *,
        CAST(on_5 + due_days + CAST(floor(9.0 * draw(k, CAST(-5000 - due_days AS BIGINT)))
            AS INTEGER) AS DATE) AS called_on,
        draw(k, CAST(-6000 - due_days AS BIGINT)) < 0.92 - 0.0008 * due_days AS reached,
        draw(k, CAST(-7000 - due_days AS BIGINT)) < 0.9 AS asked,
        CASE WHEN taken = 6
            THEN due_days <= 90 OR draw(k, 'stays') < 1.06 - 0.0007 * due_days
            ELSE due_days < last_day - d5 END AS works
    FROM due
)
SELECT
    hash(xor(k, hash(due_days))) AS h,
    printf('%05d', person + 1) AS id,
    CAST(due_days AS VARCHAR) AS due_days,
    strftime(called_on, '%m/%d/%Y') AS called_on,
    CASE WHEN reached THEN 'Yes' ELSE 'No' END AS reached,
    CASE WHEN reached THEN CASE WHEN works THEN 'Yes' ELSE 'No' END END AS works,
    CASE WHEN draw(k, 'by') < 0.6 THEN 'Phone' WHEN draw(k, 'by') < 0.85 THEN 'Text message'
        ELSE 'Employer' END AS method
FROM called
WHERE asked AND called_on <= $as_of
ORDER BY called_on, person
