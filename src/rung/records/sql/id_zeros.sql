-- An id of digits with the leading zeros a spreadsheet took away.
SELECT CASE
    WHEN strlen($id) < $digits AND translate($id, '0123456789', '') = '' THEN lpad($id, $digits, '0')
    ELSE $id
END AS id
