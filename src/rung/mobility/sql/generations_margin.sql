-- One generation's incomes by themselves: whether they can be counted.
SELECT
  count($income) AS people,
  max(abs($income)) AS largest,
  min($weight) AS lightest,
  max($weight) AS heaviest
FROM $people
