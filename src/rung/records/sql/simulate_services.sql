-- Weekly contact while the person is in the program. Every second one is kept, so that nobody who
-- takes part is out of sight for more than two weeks; the last is on the last day the person is seen.
WITH weeks AS (
    SELECT *, unnest(range(0, seen_day + 7, 7)) AS week_day
    FROM known
),
contacts AS (
    SELECT *, CAST(least(week_day, seen_day) AS INTEGER) AS day
    FROM weeks
)
SELECT
    printf('%016x', k) AS pid,
    entered_on + day AS service_on,
    CASE
        WHEN day >= d5 THEN 'Retention call'
        WHEN day >= d3 THEN 'Job search help'
        WHEN day >= d2 THEN 'Class'
        ELSE 'Intake meeting'
    END AS service,
    CASE
        WHEN day % 14 = 0 OR day = seen_day OR draw(k, CAST(-1 - day AS BIGINT)) < 0.85
            THEN 'present'
        WHEN draw(k, CAST(-1 - day AS BIGINT)) < 0.93 THEN 'excused'
        ELSE 'absent'
    END AS attendance
FROM contacts
