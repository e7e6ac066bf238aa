-- A list as it arrives: the messed-up rows, then some of them once more; of those, every second
-- one under another id. `copy` is 0 for the first time, 1 for the same id, 2 for another.
SELECT * EXCLUDE (again), 0 AS copy
FROM messed
UNION ALL
SELECT * EXCLUDE (again) REPLACE (
        CASE WHEN again < $share / 2 THEN id ELSE printf('%05d', $people + person + 1) END AS id,
        CASE WHEN again < $share / 2 THEN kind_id END AS kind_id
    ),
    CASE WHEN again < $share / 2 THEN 1 ELSE 2 END AS copy
FROM messed
WHERE again < $share
