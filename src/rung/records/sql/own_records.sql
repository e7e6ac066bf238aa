-- A provider's own records as federal ones, a row a period of participation. Employment is that of
-- its outcomes where it has them, else of wage records: no record in a covered quarter is no job,
-- a quarter that is not covered is not yet available.
WITH people AS (
  SELECT
    *,
    extract(year FROM exited_on) * 4 + extract(quarter FROM exited_on) - 1 AS exit_q,
    extract(year FROM entered_on) * 4 + extract(quarter FROM entered_on) - 1 AS entry_q
  FROM own_people
),
cover AS (
  SELECT max(quarter) AS last_q, min(quarter) AS first_q FROM own_wages
),
wages AS (
  SELECT
    people.pid, people.period, own_wages.quarter, own_wages.employer, own_wages.amount,
    people.exit_q, people.entry_q,
    row_number() OVER (
      PARTITION BY people.pid, people.period, own_wages.quarter
      ORDER BY own_wages.amount DESC NULLS LAST, own_wages.employer NULLS LAST
    ) AS place
  FROM people
  JOIN own_wages ON people.pid = own_wages.pid
),
paid AS (
  SELECT
    pid, period,
    sum(CASE WHEN quarter = entry_q - 3 THEN amount END) AS before_3,
    sum(CASE WHEN quarter = entry_q - 2 THEN amount END) AS before_2,
    sum(CASE WHEN quarter = entry_q - 1 THEN amount END) AS before_1,
    sum(CASE WHEN quarter = exit_q + 1 THEN amount END) AS after_1,
    sum(CASE WHEN quarter = exit_q + 2 THEN amount END) AS after_2,
    sum(CASE WHEN quarter = exit_q + 3 THEN amount END) AS after_3,
    sum(CASE WHEN quarter = exit_q + 4 THEN amount END) AS after_4
  FROM wages
  GROUP BY pid, period
),
second AS (
  SELECT pid, period, employer FROM wages
  WHERE quarter = exit_q + 2 AND amount > 0 AND employer IS NOT NULL AND ($any_employer OR place = 1)
),
fourth AS (
  SELECT pid, period, employer FROM wages
  WHERE quarter = exit_q + 4 AND amount > 0 AND employer IS NOT NULL AND ($any_employer OR place = 1)
),
same AS (
  SELECT second.pid, second.period, count(*) AS n
  FROM second
  JOIN fourth ON second.pid = fourth.pid AND second.period = fourth.period
    AND second.employer = fourth.employer
  GROUP BY second.pid, second.period
),
trained AS (
  SELECT
    people.pid, people.period, own_training.start_on, own_training.end_on, own_training.type,
    own_training.completed,
    row_number() OVER (
      PARTITION BY people.pid, people.period
      ORDER BY own_training.start_on NULLS LAST, own_training.type NULLS LAST
    ) AS slot
  FROM people
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
    row_number() OVER (
      PARTITION BY people.pid, people.period
      ORDER BY own_credentials.earned_on NULLS LAST, own_credentials.type NULLS LAST
    ) AS slot
  FROM people
  JOIN own_credentials ON people.pid = own_credentials.pid
  WHERE own_credentials.earned_on >= people.entered_on
    AND (people.exited_on IS NULL
      OR own_credentials.earned_on <= CAST(people.exited_on + INTERVAL 365 DAY AS DATE))
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
    max(CASE WHEN type IN ('4', '6') THEN earned_on END) AS exam_on
  FROM earned
  GROUP BY pid, period
),
known AS (
  SELECT
    people.*,
    paid.before_3, paid.before_2, paid.before_1,
    cover.first_q, cover.last_q,
    $employed_1 AS job_1, $employed_2 AS job_2, $employed_3 AS job_3, $employed_4 AS job_4,
    $match_1 AS proof_1, $match_2 AS proof_2, $match_3 AS proof_3, $match_4 AS proof_4,
    $wages_1 AS paid_1, $wages_2 AS paid_2, $wages_3 AS paid_3, $wages_4 AS paid_4,
    $same AS same_employer,
    trainings.start_1, trainings.start_2, trainings.start_3, trainings.end_1, trainings.end_2,
    trainings.end_3, trainings.type_1, trainings.type_2, trainings.type_3, trainings.done_1,
    trainings.done_2, trainings.done_3, trainings.first_on, trainings.last_on,
    credentials.type_1 AS credential_1, credentials.type_2 AS credential_2,
    credentials.type_3 AS credential_3, credentials.on_1, credentials.on_2, credentials.on_3,
    credentials.exam_on
  FROM people
  CROSS JOIN cover
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
  CASE WHEN job_1 <> '9' THEN job_1 END AS e1600,
  CASE WHEN job_1 <> '9' THEN proof_1 END AS e1601,
  CASE WHEN job_2 <> '9' THEN job_2 END AS e1602,
  CASE WHEN job_2 <> '9' THEN proof_2 END AS e1603,
  CASE WHEN job_3 <> '9' THEN job_3 END AS e1604,
  CASE WHEN job_3 <> '9' THEN proof_3 END AS e1605,
  CASE WHEN job_4 <> '9' THEN job_4 END AS e1606,
  CASE WHEN job_4 <> '9' THEN proof_4 END AS e1607,
  same_employer AS e1618,
  CASE WHEN entry_q - 3 >= first_q THEN coalesce(before_3, 0) END AS e1700,
  CASE WHEN entry_q - 2 >= first_q THEN coalesce(before_2, 0) END AS e1701,
  CASE WHEN entry_q - 1 >= first_q THEN coalesce(before_1, 0) END AS e1702,
  CASE WHEN job_1 <> '9' THEN paid_1 END AS e1703,
  CASE WHEN job_2 <> '9' THEN paid_2 END AS e1704,
  CASE WHEN job_3 <> '9' THEN paid_3 END AS e1705,
  CASE WHEN job_4 <> '9' THEN paid_4 END AS e1706,
  credential_1 AS e1800, on_1 AS e1801,
  credential_2 AS e1802, on_2 AS e1803,
  credential_3 AS e1804, on_3 AS e1805,
  exam_on AS e1810,
  first_on AS e1811,
  last_on AS e1813,
  concat(
    CASE WHEN job_1 = '9' OR job_2 = '9' OR job_3 = '9' OR job_4 = '9' THEN ',' ELSE '' END,
    CASE WHEN job_1 = '9' THEN '1600,1601,1703,' ELSE '' END,
    CASE WHEN job_2 = '9' THEN '1602,1603,1704,' ELSE '' END,
    CASE WHEN job_3 = '9' THEN '1604,1605,1705,' ELSE '' END,
    CASE WHEN job_4 = '9' THEN '1606,1607,1706,' ELSE '' END
  ) AS _pending
FROM known
