-- A row a person, employer and quarter: 2024Q3, 20243, the year apart, or our own number.
SELECT
  nullif(trim(CAST($id AS VARCHAR)), '') AS id,
  CASE
    WHEN $year IS NOT NULL THEN TRY_CAST($year AS INTEGER) * 4 + TRY_CAST($quarter AS INTEGER) - 1
    WHEN regexp_full_match(upper(CAST($quarter AS VARCHAR)), '(19|20)\d\d[ -]?Q?[1-4]')
      THEN TRY_CAST(left(CAST($quarter AS VARCHAR), 4) AS INTEGER) * 4
        + TRY_CAST(right(CAST($quarter AS VARCHAR), 1) AS INTEGER) - 1
    WHEN TRY_CAST($quarter AS INTEGER) BETWEEN 7600 AND 8800 THEN TRY_CAST($quarter AS INTEGER)
  END AS quarter,
  TRY_CAST(regexp_replace(CAST($amount AS VARCHAR), '[$, ]', '', 'g') AS DECIMAL(18, 4)) AS amount,
  CAST($employer AS VARCHAR) AS employer,
  CAST($state AS VARCHAR) AS state,
  CAST(NULL AS VARCHAR) AS unit
FROM $given
