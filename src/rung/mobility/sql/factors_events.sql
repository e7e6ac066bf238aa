-- People who entered long enough ago, and those of them for whom something is on record since.
SELECT count(*) AS n, sum(CASE WHEN since.pid IS NOT NULL THEN 1 ELSE 0 END) AS x
FROM $people AS own
LEFT JOIN $since AS since ON own.pid = since.pid
