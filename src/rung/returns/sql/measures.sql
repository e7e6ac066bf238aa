-- Numbers of people whose arm is known, a column each, NaN where nothing is recorded.
SELECT $arm AS arm, $measures
FROM $people
WHERE $arm IS NOT NULL
