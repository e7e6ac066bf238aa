-- The first rows of each trouble of one column.
SELECT outcome, min(_row, 5) AS first_rows
FROM $rows
WHERE outcome >= $from_
GROUP BY outcome
ORDER BY outcome
