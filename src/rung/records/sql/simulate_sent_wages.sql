-- The state's answer to a request for wage records, as it is sent.
SELECT
    hash(xor(known.k, hash(wages.quarter))) AS h,
    printf('%05d', known.person + 1) AS id,
    CAST(wages.quarter // 4 AS VARCHAR) AS year,
    CAST(wages.quarter % 4 + 1 AS VARCHAR) AS quarter_of_year,
    printf('%.2f', CAST(wages.amount AS DOUBLE)) AS amount,
    wages.employer
FROM wages
JOIN known ON wages.pid = printf('%016x', known.k)
ORDER BY known.person, wages.quarter
