-- A state's fixed-width file: a line a record, the wage in cents, a minus sign at either end.
SELECT
  CASE WHEN regexp_full_match($ssn, '\d{9}') AND $ssn NOT IN ('000000000', '999999999')
    THEN $ssn END AS id,
  CASE WHEN $quarter IN ('1', '2', '3', '4')
    THEN TRY_CAST($year AS INTEGER) * 4 + TRY_CAST($quarter AS INTEGER) - 1 END AS quarter,
  CAST(CASE
    WHEN regexp_full_match(trim($wage), '\d{1,10}')
      THEN TRY_CAST(trim($wage) AS DECIMAL(18, 4)) * 0.01
    WHEN regexp_full_match(trim($wage), '-\d{1,9}|\d{1,9}-')
      THEN -TRY_CAST(replace(trim($wage), '-', '') AS DECIMAL(18, 4)) * 0.01
  END AS DECIMAL(18, 4)) AS amount,
  nullif(trim($account), '') AS employer,
  nullif(trim($state), '') AS state,
  nullif(trim($unit), '') AS unit
FROM $lines
WHERE trim(line) <> ''
