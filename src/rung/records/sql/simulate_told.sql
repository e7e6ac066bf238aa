-- What a program knows that makes follow-up calls: the 90-day check is on its list only for people
-- who were called and answered (as in simulate_checked).
SELECT * REPLACE (
    CASE WHEN draw(k, CAST(-6090 AS BIGINT)) < 0.92 - 0.0008 * 90
        AND draw(k, CAST(-7090 AS BIGINT)) < 0.9 THEN on_6 END AS on_6)
FROM $known
