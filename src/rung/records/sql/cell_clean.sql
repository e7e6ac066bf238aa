-- A cell without the space around it, in one Unicode form; NULL when nothing is left.
-- Most cells begin and end with a printable ASCII character: no need to look for odd spaces.
SELECT CASE
    WHEN $cell >= '!' AND $cell < chr(127) AND right($cell, 1) BETWEEN '!' AND '~'
        THEN nfc_normalize($cell)
    ELSE NULLIF(nfc_normalize(trim($cell, $space)), '')
END AS value
