-- People of two imports: who is new, who changed, who is gone.
WITH before AS (
    SELECT pid, bit_xor(hash($columns)) AS said, count(*) AS n FROM $old GROUP BY pid
),
after AS (
    SELECT pid, bit_xor(hash($columns)) AS said, count(*) AS n FROM $new GROUP BY pid
)
SELECT
    count(*) FILTER (WHERE before.pid IS NULL) AS new_people,
    count(*) FILTER (WHERE after.pid IS NULL) AS gone,
    count(*) FILTER (WHERE before.said <> after.said OR before.n <> after.n) AS changed,
    count(*) FILTER (WHERE before.said = after.said AND before.n = after.n) AS same
FROM before FULL OUTER JOIN after ON before.pid = after.pid
