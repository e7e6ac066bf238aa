-- A provider's own records as federal ones, a row a period of participation. Employment is what its
-- outcomes say, and where they say nothing what wage records say: no record in a covered quarter is
-- no job, a quarter after the covered ones is not yet available, any other nobody knows.
WITH paid AS (
  SELECT
    pid, period,
    sum(amount) FILTER (WHERE away = -3) AS before_3,
    sum(amount) FILTER (WHERE away = -2) AS before_2,
    sum(amount) FILTER (WHERE away = -1) AS before_1,
    sum(amount) FILTER (WHERE away = 1) AS after_1,
    sum(amount) FILTER (WHERE away = 2) AS after_2,
    sum(amount) FILTER (WHERE away = 3) AS after_3,
    sum(amount) FILTER (WHERE away = 4) AS after_4,
    max(CASE WHEN away = 1 AND amount IS NULL THEN 1 ELSE 0 END) AS waits_1,
    max(CASE WHEN away = 2 AND amount IS NULL THEN 1 ELSE 0 END) AS waits_2,
    max(CASE WHEN away = 3 AND amount IS NULL THEN 1 ELSE 0 END) AS waits_3,
    max(CASE WHEN away = 4 AND amount IS NULL THEN 1 ELSE 0 END) AS waits_4
  FROM own_pay
  GROUP BY pid, period
),
picked AS (
  SELECT pid, period, away, employer, $place AS place
  FROM own_pay
  WHERE (away = 2 OR away = 4) AND amount > 0 AND employer IS NOT NULL
),
same AS (
  SELECT DISTINCT second.pid, second.period, 1 AS n
  FROM (SELECT * FROM picked WHERE away = 2 AND place = 1) AS second
  JOIN (SELECT * FROM picked WHERE away = 4 AND place = 1) AS fourth
    ON second.pid = fourth.pid AND second.period = fourth.period
    AND second.employer = fourth.employer
),
trained AS (
  SELECT
    people.pid, people.period, own_training.start_on, own_training.end_on, own_training.type,
    own_training.completed,
    row_number() OVER (
      PARTITION BY people.pid, people.period
      ORDER BY own_training.start_on NULLS LAST, own_training.type NULLS LAST
    ) AS slot
  FROM own_people AS people
  JOIN own_training ON people.pid = own_training.pid
  WHERE own_training.start_on IS NULL OR (own_training.start_on >= people.entered_on
    AND (people.exited_on IS NULL OR own_training.start_on <= people.exited_on))
),
trainings AS (
  SELECT
    pid, period,
    max(CASE WHEN slot = 1 THEN start_on END) AS start_1,
    max(CASE WHEN slot = 2 THEN start_on END) AS start_2,
    max(CASE WHEN slot = 3 THEN start_on END) AS start_3,
    max(CASE WHEN slot = 1 THEN end_on END) AS end_1,
    max(CASE WHEN slot = 2 THEN end_on END) AS end_2,
    max(CASE WHEN slot = 3 THEN end_on END) AS end_3,
    max(CASE WHEN slot = 1 THEN type END) AS type_1,
    max(CASE WHEN slot = 2 THEN type END) AS type_2,
    max(CASE WHEN slot = 3 THEN type END) AS type_3,
    max(CASE WHEN slot = 1 AND end_on IS NOT NULL THEN completed END) AS done_1,
    max(CASE WHEN slot = 2 AND end_on IS NOT NULL THEN completed END) AS done_2,
    max(CASE WHEN slot = 3 AND end_on IS NOT NULL THEN completed END) AS done_3,
    min(start_on) AS first_on,
    CASE WHEN count(*) = count(end_on) THEN max(end_on) END AS last_on
  FROM trained
  GROUP BY pid, period
),
earned AS (
  SELECT
    people.pid, people.period, own_credentials.type, own_credentials.earned_on,
    people.exited_on IS NULL OR own_credentials.earned_on <= people.exited_on AS during
  FROM own_people AS people
  JOIN own_credentials ON people.pid = own_credentials.pid
  WHERE own_credentials.earned_on >= people.entered_on
    AND (people.exited_on IS NULL
      OR own_credentials.earned_on <= CAST(people.exited_on + INTERVAL $one_year DAY AS DATE))
),
placed AS (
  SELECT pid, period, type, earned_on, during, $slot AS slot FROM earned
),
credentials AS (
  SELECT
    pid, period,
    max(CASE WHEN slot = 1 THEN type END) AS type_1,
    max(CASE WHEN slot = 2 THEN type END) AS type_2,
    max(CASE WHEN slot = 3 THEN type END) AS type_3,
    max(CASE WHEN slot = 1 THEN earned_on END) AS on_1,
    max(CASE WHEN slot = 2 THEN earned_on END) AS on_2,
    max(CASE WHEN slot = 3 THEN earned_on END) AS on_3,
    max(CASE WHEN type IN ('4', '6') AND during THEN earned_on END) AS exam_on
  FROM placed
  GROUP BY pid, period
),
known AS (
  SELECT
    people.*,
    paid.before_3, paid.before_2, paid.before_1,
    $employed_1 AS job_1, $employed_2 AS job_2, $employed_3 AS job_3, $employed_4 AS job_4,
    $match_1 AS proof_1, $match_2 AS proof_2, $match_3 AS proof_3, $match_4 AS proof_4,
    $wages_1 AS paid_1, $wages_2 AS paid_2, $wages_3 AS paid_3, $wages_4 AS paid_4,
    $same AS same_employer,
    $trained,
    $types,
    credentials.on_1, credentials.on_2, credentials.on_3,
    credentials.exam_on
  FROM own_people AS people
  LEFT JOIN paid ON people.pid = paid.pid AND people.period = paid.period
  LEFT JOIN same ON people.pid = same.pid AND people.period = same.period
  LEFT JOIN own_outcomes ON people.pid = own_outcomes.pid AND people.period = own_outcomes.period
  LEFT JOIN trainings ON people.pid = trainings.pid AND people.period = trainings.period
  LEFT JOIN credentials ON people.pid = credentials.pid AND people.period = credentials.period
)
SELECT
  pid,
  period,
  $facts,
  entered_on AS e900,
  exited_on AS e901,
  CASE WHEN exited_on IS NOT NULL THEN coalesce(exclusion, '00') END AS e923,
  CASE WHEN start_1 IS NULL AND type_1 IS NULL THEN '0' ELSE '1' END AS e1300,
  start_1 AS e1302, type_1 AS e1303, done_1 AS e1307, end_1 AS e1308,
  start_2 AS e1309, type_2 AS e1310, done_2 AS e1312, end_2 AS e1313,
  start_3 AS e1314, type_3 AS e1315, done_3 AS e1317, end_3 AS e1318,
  $after,
  same_employer AS e1618,
  CASE WHEN $known_3 THEN coalesce(before_3, 0) END AS e1700,
  CASE WHEN $known_2 THEN coalesce(before_2, 0) END AS e1701,
  CASE WHEN $known_1 THEN coalesce(before_1, 0) END AS e1702,
  credential_1 AS e1800, on_1 AS e1801,
  credential_2 AS e1802, on_2 AS e1803,
  credential_3 AS e1804, on_3 AS e1805,
  exam_on AS e1810,
  first_on AS e1811,
  last_on AS e1813
FROM known
