-- A file's people as linkage compares them, beside what the file says (`said_…`). Names without
-- case, accents and punctuation; birth dates in ISO; a ZIP's five digits; a phone's last ten.
-- A whole name is "Last, First", or the first word and the last.
WITH text AS (
    SELECT
        _row AS unique_id,
        CAST($id AS VARCHAR) AS said_id,
        CAST($ssn AS VARCHAR) AS said_ssn,
        CAST($email AS VARCHAR) AS said_email,
        CAST($first_name AS VARCHAR) AS given,
        CAST($last_name AS VARCHAR) AS family,
        trim(CAST($full_name AS VARCHAR)) AS whole,
        CAST($birth_date AS VARCHAR) AS said_birth_date,
        CAST($gender AS VARCHAR) AS said_gender,
        CAST($zip AS VARCHAR) AS said_zip,
        CAST($phone AS VARCHAR) AS said_phone
    FROM $given
),
named AS (
    SELECT
        *,
        COALESCE(given, CASE
            WHEN contains(whole, ',') THEN trim(split_part(whole, ',', 2))
            ELSE split_part(whole, ' ', 1)
        END) AS said_first_name,
        COALESCE(family, CASE
            WHEN contains(whole, ',') THEN trim(split_part(whole, ',', 1))
            WHEN contains(whole, ' ') THEN split_part(whole, ' ', -1)
        END) AS said_last_name,
        $birth AS birth
    FROM text
)
SELECT
    *,
    NULLIF(upper(trim(said_id)), '') AS id,
    CASE WHEN length(regexp_replace(said_ssn, '\D', '', 'g')) = 9
        THEN regexp_replace(said_ssn, '\D', '', 'g') END AS ssn,
    CASE WHEN contains(said_email, '@') THEN lower(trim(said_email)) END AS email,
    NULLIF(regexp_replace(lower(strip_accents(said_first_name)), '[^a-z]', '', 'g'), '')
        AS first_name,
    NULLIF(regexp_replace(lower(strip_accents(said_last_name)), '[^a-z]', '', 'g'), '')
        AS last_name,
    CAST(birth AS VARCHAR) AS birth_date,
    CASE
        WHEN regexp_matches(lower(trim(said_gender)), '^(f|female|woman|mujer|femenino|2)$') THEN 'f'
        WHEN regexp_matches(lower(trim(said_gender)), '^(m|male|man|hombre|masculino|1)$') THEN 'm'
    END AS gender,
    NULLIF(left(regexp_replace(said_zip, '\D', '', 'g'), 5), '') AS zip,
    CASE WHEN length(regexp_replace(said_phone, '\D', '', 'g')) >= 10
        THEN right(regexp_replace(said_phone, '\D', '', 'g'), 10) END AS phone
FROM named
