-- The six primary indicators in one pass over periods of participation: a row a period that falls
-- in a span of the report, with its kind, and its earnings where they count for the median.
-- A kind is a number with one digit of base 16 for each thing judged, the first in the lowest:
--   0 in_q2, 1 in_q4, 2 served   whether the exit, or the participation, falls in the report's span
--   3 reason                     why it is left out (REASONS), 0 when it is not
--   4, 7 job_q2, job_q4          1 employed, 0 not, 2 not yet available, 3 not recorded
--   5, 8 placed_q2, placed_q4    1 youth in education or training in that quarter
--   6, 9 proof_q2, proof_q4      type of employment match 0 to 5, 6 not recorded
--   10 wages                     1 wages that count, 0 none
--   11 credential                0 not asked of this period, 1 none in time, 2 attained
--   12 same_employer             1 the same employer in both quarters
--   13 gain                      0 not in education or training, 1 no gain, 2 a gain
-- A level that is '' was not recorded.
WITH dated AS (
  SELECT
    $groups,
    *,
    CAST(exited_on + INTERVAL $one_year DAY AS DATE) AS year_after,
    employed_q1 IN ('1', '2', '3') OR employed_q2 IN ('1', '2', '3')
      OR employed_q3 IN ('1', '2', '3') OR employed_q4 IN ('1', '2', '3') AS ever_employed,
    coalesce(training_1 NOT IN ($not_training), FALSE)
      OR coalesce(training_2 NOT IN ($not_training), FALSE)
      OR coalesce(training_3 NOT IN ($not_training), FALSE) AS trained,
    coalesce(training_1 IN ('06', '10'), FALSE) OR coalesce(training_2 IN ('06', '10'), FALSE)
      OR coalesce(training_3 IN ('06', '10'), FALSE) AS occupational
  FROM $periods
  WHERE $only
),
judged AS (
  SELECT
    $levels,
    CASE WHEN exited_on >= $q2_from AND exited_on <= $q2_to THEN 1 ELSE 0 END AS in_q2,
    CASE WHEN exited_on >= $q4_from AND exited_on <= $q4_to THEN 1 ELSE 0 END AS in_q4,
    CASE
      WHEN entered_on <= $period_to AND (exited_on IS NULL OR exited_on >= $period_from) THEN 1
      ELSE 0
    END AS served,
    CASE
      WHEN entered_on IS NULL THEN 1
      WHEN incumbent_only THEN 2
      WHEN exclusion = '01' THEN 3
      WHEN exclusion = '02' THEN 4
      WHEN exclusion = '03' THEN 5
      WHEN exclusion = '04' THEN 6
      WHEN exclusion = '05' AND $youth THEN 7
      WHEN exclusion = '06' AND $rehabilitation THEN 8
      WHEN exclusion = '07' AND $adult_education THEN 9
      WHEN exclusion = '05' THEN 10
      WHEN exclusion = '06' THEN 11
      WHEN exclusion = '07' THEN 12
      WHEN exclusion <> '00' THEN 13
      ELSE 0
    END AS reason,
    CASE
      WHEN employed_q2 IN ('1', '2', '3') THEN 1
      WHEN employed_q2 = '0' THEN 0
      WHEN employed_q2 = '9' THEN 2
      ELSE 3
    END AS job_q2,
    CASE WHEN $youth AND placed_q2 IN ('1', '2', '3') THEN 1 ELSE 0 END AS placed_q2,
    CASE
      WHEN match_q2 = '0' THEN 0 WHEN match_q2 = '1' THEN 1 WHEN match_q2 = '2' THEN 2
      WHEN match_q2 = '3' THEN 3 WHEN match_q2 = '4' THEN 4 WHEN match_q2 = '5' THEN 5
      ELSE 6
    END AS proof_q2,
    CASE
      WHEN employed_q4 IN ('1', '2', '3') THEN 1
      WHEN employed_q4 = '0' THEN 0
      WHEN employed_q4 = '9' THEN 2
      ELSE 3
    END AS job_q4,
    CASE WHEN $youth AND placed_q4 IN ('1', '2', '3') THEN 1 ELSE 0 END AS placed_q4,
    CASE
      WHEN match_q4 = '0' THEN 0 WHEN match_q4 = '1' THEN 1 WHEN match_q4 = '2' THEN 2
      WHEN match_q4 = '3' THEN 3 WHEN match_q4 = '4' THEN 4 WHEN match_q4 = '5' THEN 5
      ELSE 6
    END AS proof_q4,
    CASE WHEN wages_q2 > 0 AND coalesce(match_q2 <> '5', TRUE) THEN 1 ELSE 0 END AS wages,
    wages_q2,
    CASE
      WHEN NOT coalesce(
        ($adult_rule AND (trained OR postsecondary OR secondary))
        OR ($youth AND (
          in_school OR occupational OR integrated OR secondary OR postsecondary
          OR $adult_education OR youthbuild OR job_corps)),
        FALSE) THEN 0
      WHEN wagner_peyser_only THEN 0
      WHEN coalesce(
        (credential_1 BETWEEN '2' AND '7'
          OR (credential_1 = '1' AND (ever_employed
            OR (enrolled_after_on >= exited_on AND enrolled_after_on <= year_after))))
        AND credential_1_on >= entered_on AND credential_1_on <= year_after, FALSE)
      OR coalesce(
        (credential_2 BETWEEN '2' AND '7'
          OR (credential_2 = '1' AND (ever_employed
            OR (enrolled_after_on >= exited_on AND enrolled_after_on <= year_after))))
        AND credential_2_on >= entered_on AND credential_2_on <= year_after, FALSE)
      OR coalesce(
        (credential_3 BETWEEN '2' AND '7'
          OR (credential_3 = '1' AND (ever_employed
            OR (enrolled_after_on >= exited_on AND enrolled_after_on <= year_after))))
        AND credential_3_on >= entered_on AND credential_3_on <= year_after, FALSE)
      OR coalesce(
        $rehabilitation AND graduate_on >= entered_on AND graduate_on <= year_after, FALSE)
      THEN 2
      ELSE 1
    END AS credential,
    CASE WHEN same_employer THEN 1 ELSE 0 END AS same_employer,
    CASE
      WHEN NOT coalesce(
        education_from <= $period_to
        AND (education_to IS NULL OR education_to >= $period_from), FALSE) THEN 0
      WHEN coalesce(gain_level >= entered_on AND gain_level <= gains_to
          AND gain_level >= $period_from, FALSE)
        OR coalesce(credential_1 = '1' AND credential_1_on >= entered_on
          AND credential_1_on <= gains_to AND credential_1_on >= $period_from, FALSE)
        OR coalesce(credential_2 = '1' AND credential_2_on >= entered_on
          AND credential_2_on <= gains_to AND credential_2_on >= $period_from, FALSE)
        OR coalesce(credential_3 = '1' AND credential_3_on >= entered_on
          AND credential_3_on <= gains_to AND credential_3_on >= $period_from, FALSE)
        OR ($every_gain OR integrated) AND (
          coalesce(gain_postsecondary >= entered_on AND gain_postsecondary <= gains_to
            AND gain_postsecondary >= $period_from, FALSE)
          OR coalesce(gain_secondary >= entered_on AND gain_secondary <= gains_to
            AND gain_secondary >= $period_from, FALSE)
          OR coalesce(gain_milestone >= entered_on AND gain_milestone <= gains_to
            AND gain_milestone >= $period_from, FALSE)
          OR coalesce(gain_skills >= entered_on AND gain_skills <= gains_to
            AND gain_skills >= $period_from, FALSE))
      THEN 2
      ELSE 1
    END AS gain
  FROM (
    SELECT *, CASE WHEN exited_on <= $period_to THEN exited_on ELSE $period_to END AS gains_to
    FROM dated
  ) AS bounded
)
SELECT
  $levels,
  CAST(in_q2 + in_q4 * 16 + served * 256 + reason * 4096 AS BIGINT)
    + CAST(65536 AS BIGINT) * (job_q2 + placed_q2 * 16 + proof_q2 * 256 + job_q4 * 4096)
    + CAST(4294967296 AS BIGINT) * (placed_q4 + proof_q4 * 16 + wages * 256 + credential * 4096)
    + CAST(281474976710656 AS BIGINT) * (same_employer + gain * 16) AS kind,
  CASE
    WHEN in_q2 = 1 AND (reason = 0 OR reason >= $named) AND job_q2 = 1 AND wages = 1 THEN wages_q2
  END AS earned
FROM judged
WHERE in_q2 = 1 OR in_q4 = 1 OR served = 1
