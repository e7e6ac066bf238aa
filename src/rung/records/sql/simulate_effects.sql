-- What would happen if everyone were offered one arm: a mean per outcome, nothing cut off.
-- Chances are added as decimals: the same whatever the threads.
SELECT
    count(*) AS n,
    avg(CAST(takes_up AS INTEGER)) AS taken_up,
    CAST(sum(CAST(c1 AS DECIMAL(18, 15))) AS DOUBLE) / count(*) AS chance_1,
    CAST(sum(CAST(c1 * c2 AS DECIMAL(18, 15))) AS DOUBLE) / count(*) AS chance_2,
    CAST(sum(CAST(c1 * c2 * c3 AS DECIMAL(18, 15))) AS DOUBLE) / count(*) AS chance_3,
    CAST(sum(CAST(c1 * c2 * c3 * c4 AS DECIMAL(18, 15))) AS DOUBLE) / count(*) AS chance_4,
    CAST(sum(CAST(c1 * c2 * c3 * c4 * c5 AS DECIMAL(18, 15))) AS DOUBLE) / count(*) AS chance_5,
    CAST(sum(CAST(c1 * c2 * c3 * c4 * c5 * c6 AS DECIMAL(18, 15))) AS DOUBLE) / count(*) AS chance_6,
    avg(CASE WHEN d1 <= $horizon THEN 1.0 ELSE 0.0 END) AS within_1,
    avg(CASE WHEN d2 <= $horizon THEN 1.0 ELSE 0.0 END) AS within_2,
    avg(CASE WHEN d3 <= $horizon THEN 1.0 ELSE 0.0 END) AS within_3,
    avg(CASE WHEN d4 <= $horizon THEN 1.0 ELSE 0.0 END) AS within_4,
    avg(CASE WHEN d5 <= $horizon THEN 1.0 ELSE 0.0 END) AS within_5,
    avg(CASE WHEN d6 <= $horizon THEN 1.0 ELSE 0.0 END) AS within_6,
    avg(earnings_after) AS earnings,
    avg(CASE WHEN earnings_after > 0 THEN 1.0 ELSE 0.0 END) AS employed
FROM $view
