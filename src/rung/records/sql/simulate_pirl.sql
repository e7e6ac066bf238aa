-- A simulated provider's federal records, with what a provider does not keep drawn by hash, and
-- (for a share of the records) the dirt that state files are known for: LAYOUT, Appendix B.
WITH drawn AS (
    SELECT
        *,
        row_number() OVER () AS k
    FROM $rows
),
told AS (
    SELECT
        *,
        (hash(k, $seed, 'swap') % 1000000) / 1000000.0 AS u_swap,
        (hash(k, $seed, 'future') % 1000000) / 1000000.0 AS u_future,
        (hash(k, $seed, 'forever') % 1000000) / 1000000.0 AS u_forever,
        (hash(k, $seed, 'nine') % 1000000) / 1000000.0 AS u_nine,
        (hash(k, $seed, 'industry') % 1000000) / 1000000.0 AS u_industry,
        (hash(k, $seed, 'occupation') % 1000000) / 1000000.0 AS u_occupation,
        (hash(k, $seed, 'lost') % 1000000) / 1000000.0 AS u_lost,
        (hash(k, $seed, 'zero') % 1000000) / 1000000.0 AS u_zero,
        CAST(hash(k, $seed, 'job') % 4 AS INTEGER) AS trade,
        hash(k, $seed, 'stream') % 3 AS stream,
        hash(k, $seed, 'days') % 300 AS days,
        coalesce(PIRL1602 IN ('1', '2', '3'), FALSE) AS works,
        PIRL901 < strftime(CAST($as_of AS DATE) - INTERVAL 2 YEAR, '%Y%m%d') AS long_ago
    FROM drawn
)
SELECT
    * EXCLUDE (
        k, u_swap, u_future, u_forever, u_nine, u_industry, u_occupation, u_lost, u_zero, trade,
        stream, days, works, long_ago
    ) REPLACE (
        CASE WHEN u_swap < $dirt AND PIRL901 > PIRL900 THEN PIRL901 ELSE PIRL900 END AS PIRL900,
        CASE
            WHEN u_swap < $dirt AND PIRL901 > PIRL900 THEN PIRL900
            WHEN u_future < $dirt AND PIRL901 IS NOT NULL THEN '20991231'
            ELSE PIRL901
        END AS PIRL901,
        CASE WHEN u_forever < $dirt AND long_ago THEN '9' ELSE PIRL1602 END AS PIRL1602,
        CASE WHEN u_forever < $dirt AND long_ago THEN '5' ELSE PIRL1603 END AS PIRL1603,
        CASE WHEN u_forever < $dirt AND long_ago THEN '999999.99' ELSE PIRL1704 END AS PIRL1704,
        CASE
            WHEN u_forever < $dirt AND long_ago AND PIRL1618 = '1' THEN '0' ELSE PIRL1618
        END AS PIRL1618,
        CASE WHEN u_nine < 3 * $dirt THEN '9' ELSE PIRL201 END AS PIRL201,
        CASE WHEN $dirt > 0 AND PIRL215 = '0' THEN NULL ELSE PIRL215 END AS PIRL215,
        CASE WHEN $dirt > 0 THEN '1' ELSE PIRL408 END AS PIRL408,
        CASE WHEN u_zero < $dirt AND PIRL1303 LIKE '0%' THEN substr(PIRL1303, 2) ELSE PIRL1303 END
            AS PIRL1303
    ),
    CASE WHEN stream = 0 THEN '1' ELSE '0' END AS PIRL904,
    CASE WHEN stream = 0 THEN '0' ELSE '1' END AS PIRL903,
    CASE WHEN stream = 0 THEN strftime(
        strptime(PIRL900, '%Y%m%d') - to_days(CAST(days AS INTEGER))
        - to_years(CASE WHEN u_lost < $dirt THEN 15 ELSE 0 END), '%Y%m%d'
    ) END AS PIRL410,
    CASE
        WHEN NOT works OR (u_forever < $dirt AND long_ago) THEN NULL
        WHEN u_industry < $dirt THEN '7225'
        WHEN u_industry < 2 * $dirt THEN '722110'
        ELSE ['722511', '622110', '238220', '484121'][trade + 1]
    END AS PIRL1615,
    CASE
        WHEN NOT works OR (u_forever < $dirt AND long_ago) THEN NULL
        WHEN u_occupation < $dirt THEN ['352014', '311131', '514121', '533032'][trade + 1]
        WHEN u_occupation < 2 * $dirt THEN '99999999'
        ELSE ['35201400', '31113100', '51412100', '53303200'][trade + 1]
    END AS PIRL1612
FROM told
