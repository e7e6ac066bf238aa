-- The attendance log of a program that meets every week, and twice a week in class. Some people
-- skip often. Whoever stops coming is marked absent a few more times, until the case is closed.
WITH days AS (
    SELECT
        *,
        unnest(range(0, 1 + CAST(least(seen_day + 14, days_known) AS INTEGER))) AS day,
        CASE WHEN draw(k, 'skips') < 0.25 THEN 0.6 ELSE 0.08 END AS skips,
        CASE WHEN on_2 IS NOT NULL THEN d2 END AS class_from,
        CASE WHEN on_3 IS NOT NULL THEN d3 ELSE 100000 END AS class_to
    FROM known
),
meetings AS (
    SELECT *, day >= class_from AND day < class_to AS in_class, day > seen_day AS stopped
    FROM days
    WHERE
        day = seen_day
        OR day < seen_day AND day % 7 = 0
        OR day < seen_day AND day % 7 = 3 AND day >= class_from AND day < class_to
        OR day - seen_day IN (3, 7, 10) AND last_day <= days_known AND on_5 IS NULL
            AND (NOT closed OR day <= close_day)
)
SELECT
    hash(xor(k, hash(day))) AS h,
    printf('%05d', person + 1) AS id,
    strftime(entered_on + CAST(day AS INTEGER), '%m/%d/%Y') AS service_on,
    CASE
        WHEN on_5 IS NOT NULL AND day >= d5 THEN 'Retention call'
        WHEN on_3 IS NOT NULL AND day >= d3 THEN 'Job search help'
        WHEN in_class THEN 'Class'
        ELSE 'Intake meeting'
    END AS service,
    CASE
        WHEN stopped THEN 'Unexcused Absence'
        WHEN day % 14 = 0 OR day = seen_day OR draw(k, CAST(-1 - day AS BIGINT)) >= skips
            THEN 'Present'
        WHEN draw(k, CAST(-1 - day AS BIGINT)) < skips / 4.0 THEN 'Excused Absence'
        ELSE 'Unexcused Absence'
    END AS attendance,
    list_extract([$staff], 1 + CAST(floor(draw(k, 'coach') * $many) AS INTEGER)) AS staff
FROM meetings
ORDER BY entered_on + CAST(day AS INTEGER), person
