-- The truth by cells of attributes, nothing cut off at the as-of date: how many people, the sum of
-- their chances of ever reaching each milestone, and how many do so ever and within the horizon.
SELECT
    $levels,
    count(*) AS n,
    sum(c1) AS chance_1,
    sum(c1 * c2) AS chance_2,
    sum(c1 * c2 * c3) AS chance_3,
    sum(c1 * c2 * c3 * c4) AS chance_4,
    sum(c1 * c2 * c3 * c4 * c5) AS chance_5,
    sum(c1 * c2 * c3 * c4 * c5 * c6) AS chance_6,
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
