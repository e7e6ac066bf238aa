-- Records that need a word: without a person, without an amount yet, corrections below zero.
-- Apart, so that a file's own statistics can answer for whole blocks of it.
SELECT 'nameless' AS what, count(*) AS n FROM $wages WHERE pid IS NULL
UNION ALL
SELECT 'waiting' AS what, count(*) AS n FROM $wages WHERE amount IS NULL
UNION ALL
SELECT 'negative' AS what, count(*) AS n FROM $wages WHERE amount < 0
