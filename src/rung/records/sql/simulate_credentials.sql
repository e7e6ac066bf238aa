-- What people earned; the training of a site decides which.
SELECT
    printf('%016x', k) AS pid,
    CASE site_number % 3
        WHEN 0 THEN 'Certified nursing assistant' WHEN 1 THEN 'Welding certificate'
        ELSE 'IT support certification' END AS credential,
    'certification' AS type,
    on_4 AS earned_on,
    TRUE AS earned
FROM known
WHERE on_4 IS NOT NULL
