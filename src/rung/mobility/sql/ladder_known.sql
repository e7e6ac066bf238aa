-- How many people there are, and how many have what is needed.
SELECT $arm AS arm, count(*) AS people, $known
FROM $people
GROUP BY arm
ORDER BY arm NULLS FIRST
