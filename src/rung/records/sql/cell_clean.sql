-- A cell without the space around it, in one Unicode form; NULL when nothing is left.
SELECT NULLIF(nfc_normalize(trim($cell, $space)), '') AS value
