-- The attendance sheet as it is sent.
SELECT
    hash(xor(known.k, hash(services.service_on))) AS h,
    printf('%05d', known.person + 1) AS id,
    strftime(services.service_on, '%m/%d/%Y') AS service_on,
    services.service,
    CASE services.attendance WHEN 'present' THEN 'Present' WHEN 'excused' THEN 'Excused Absence'
        ELSE 'Unexcused Absence' END AS attendance
FROM services
JOIN known ON services.pid = printf('%016x', known.k)
ORDER BY known.person, services.service_on
