-- A row a person and year, a column a quarter. A blank quarter is no record.
WITH rows AS (
  SELECT
    CAST($id AS VARCHAR) AS id,
    TRY_CAST($year AS INTEGER) AS year,
    CAST($employer AS VARCHAR) AS employer,
    CAST($state AS VARCHAR) AS state,
    unnest([1, 2, 3, 4]) AS of_year,
    unnest([
      CAST($q1_wage AS VARCHAR), CAST($q2_wage AS VARCHAR),
      CAST($q3_wage AS VARCHAR), CAST($q4_wage AS VARCHAR)
    ]) AS wage
  FROM $given
)
SELECT
  nullif(trim(id), '') AS id,
  year * 4 + of_year - 1 AS quarter,
  TRY_CAST(regexp_replace(wage, '[$, ]', '', 'g') AS DECIMAL(18, 4)) AS amount,
  employer,
  state,
  CAST(NULL AS VARCHAR) AS unit
FROM rows
WHERE nullif(trim(wage), '') IS NOT NULL
