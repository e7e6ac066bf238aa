-- What two files say of the pairs, side by side.
SELECT
    pairs.row_a, pairs.row_b,
    a.said_id, b.said_id,
    a.said_first_name, b.said_first_name,
    a.said_last_name, b.said_last_name,
    a.said_birth_date, b.said_birth_date,
    a.said_gender, b.said_gender,
    a.said_zip, b.said_zip,
    a.said_phone, b.said_phone
FROM pairs
JOIN a ON a.unique_id = pairs.row_a
JOIN b ON b.unique_id = pairs.row_b
ORDER BY pairs.place
