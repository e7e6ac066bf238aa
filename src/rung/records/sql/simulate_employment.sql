-- The job a person was placed in. Someone lost after placement has left it, which is on record
-- when the person was closed.
SELECT
    printf('%016x', k) AS pid,
    TRUE AS employed,
    printf('E%04d', CAST(floor(600.0 * draw(k, 'employer')) AS INTEGER)) AS employer,
    CASE CAST(floor(4.0 * draw(k, 'title')) AS INTEGER)
        WHEN 0 THEN 'Nursing assistant' WHEN 1 THEN 'Welder'
        WHEN 2 THEN 'Help desk technician' ELSE 'Truck driver' END AS title,
    on_5 AS start_on,
    CASE WHEN taken = 5 AND closed THEN entered_on + last_day END AS end_on,
    CAST(round(13.0 + 4.0 * draw(k, 'hourly') + 0.0012 * ability, 2) AS DECIMAL(18, 4))
        AS hourly_wage,
    CAST(CASE WHEN draw(k, 'hours') < 0.7 THEN 40 WHEN draw(k, 'hours') < 0.85 THEN 32
        ELSE 24 END AS DECIMAL(18, 4)) AS hours_week,
    CASE WHEN draw(k, 'hours') < 0.85 THEN 'full_time' ELSE 'part_time' END AS type,
    draw(k, 'related') < 0.75 AS training_related,
    draw(k, 'health plan') < 0.55 AS health_insurance
FROM known
WHERE on_5 IS NOT NULL
