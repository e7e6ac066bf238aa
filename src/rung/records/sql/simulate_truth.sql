-- The truth by cells of attributes, nothing cut off at the as-of date: how many people, the sum of
-- their chances of ever reaching each milestone, and how many do so ever and within the horizon.
-- Chances are added as decimals and the cells are in order: the same whatever the threads.
SELECT
    $levels,
    count(*) AS n,
    CAST(sum(CAST(c1 AS DECIMAL(18, 15))) AS DOUBLE) AS chance_1,
    CAST(sum(CAST(c1 * c2 AS DECIMAL(18, 15))) AS DOUBLE) AS chance_2,
    CAST(sum(CAST(c1 * c2 * c3 AS DECIMAL(18, 15))) AS DOUBLE) AS chance_3,
    CAST(sum(CAST(c1 * c2 * c3 * c4 AS DECIMAL(18, 15))) AS DOUBLE) AS chance_4,
    CAST(sum(CAST(c1 * c2 * c3 * c4 * c5 AS DECIMAL(18, 15))) AS DOUBLE) AS chance_5,
    CAST(sum(CAST(c1 * c2 * c3 * c4 * c5 * c6 AS DECIMAL(18, 15))) AS DOUBLE) AS chance_6,
    count(d1) AS ever_1,
    count(d2) AS ever_2,
    count(d3) AS ever_3,
    count(d4) AS ever_4,
    count(d5) AS ever_5,
    count(d6) AS ever_6,
    count(*) FILTER (WHERE d1 <= $horizon) AS within_1,
    count(*) FILTER (WHERE d2 <= $horizon) AS within_2,
    count(*) FILTER (WHERE d3 <= $horizon) AS within_3,
    count(*) FILTER (WHERE d4 <= $horizon) AS within_4,
    count(*) FILTER (WHERE d5 <= $horizon) AS within_5,
    count(*) FILTER (WHERE d6 <= $horizon) AS within_6
FROM $view
GROUP BY $levels
ORDER BY $levels NULLS LAST
