-- A birth date: a two-digit year that would lie ahead is of the century before.
SELECT CASE
    WHEN $date > $today AND regexp_full_match($cell, '.*\D\d{2}')
        THEN CAST($date - INTERVAL 100 YEAR AS DATE)
    ELSE $date
END AS value
