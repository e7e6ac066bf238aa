-- What people said at check-ins, a row a measure that was told: before is up to so many days after
-- entry, after is so many days after it or later. Of several the last one counts.
WITH told AS (
  SELECT
    measures.pid AS pid,
    CASE
      WHEN date_diff('day', own.entered_on, measures.measured_on) <= $grace THEN 0
      WHEN date_diff('day', own.entered_on, measures.measured_on) >= $least THEN 1
    END AS later,
    measures.measured_on AS measured_on,
    $values
  FROM $measures AS measures
  JOIN $people AS own ON measures.pid = own.pid
  WHERE own.entered_on IS NOT NULL AND measures.measured_on IS NOT NULL
)
SELECT
  pid, later, value,
  row_number() OVER (PARTITION BY pid, later ORDER BY measured_on DESC NULLS LAST) AS place
FROM told
WHERE later IS NOT NULL AND value IS NOT NULL
