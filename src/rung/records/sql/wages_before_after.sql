-- Pay before and after each person's own quarter; a side with a quarter that is not known is NULL.
SELECT
  pid,
  CASE WHEN sum(CASE WHEN away < 0 AND pay IS NOT NULL THEN 1 ELSE 0 END) = $quarters
    THEN sum(CASE WHEN away < 0 THEN pay END) END AS before,
  CASE WHEN sum(CASE WHEN away > 0 AND pay IS NOT NULL THEN 1 ELSE 0 END) = $quarters
    THEN sum(CASE WHEN away > 0 THEN pay END) END AS after,
  min(CASE WHEN away > 0 AND pay > 0 THEN away END) AS first_paid
FROM $rows AS quarters
GROUP BY pid
