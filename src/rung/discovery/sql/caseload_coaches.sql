-- Coaches, and how many people each goes along with.
SELECT coach, count(*) AS n
FROM $people AS people
WHERE coach IS NOT NULL
GROUP BY coach
ORDER BY coach NULLS LAST
