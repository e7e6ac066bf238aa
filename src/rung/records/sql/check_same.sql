-- Whether a column says one thing only.
SELECT min($cell) = max($cell) AS same, count($cell) AS filled FROM $clean
