-- The records that are kept: of people we know, readable, and each once. Two units of an employer
-- that paid the same are two records.
SELECT pid, quarter, amount, employer, state
FROM (
  SELECT DISTINCT
    ids.pid AS pid, typed.quarter, typed.amount, typed.employer, typed.state, typed.unit
  FROM $typed AS typed
  JOIN $ids AS ids ON typed.id = ids.id
  WHERE typed.quarter IS NOT NULL AND typed.amount IS NOT NULL
) AS once
ORDER BY pid NULLS LAST, quarter NULLS LAST, employer NULLS LAST, amount NULLS LAST
