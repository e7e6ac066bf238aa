-- Who goes along with whom, as the program keeps it: everyone who was accepted has a coach.
SELECT
    hash(xor(k, hash('coached'))) AS h,
    printf('%05d', person + 1) AS id,
    list_extract([$coaches], 1 + CAST(floor(draw(k, 'coach') * $many) AS INTEGER)) AS coach,
    strftime(on_2 + CAST($program_days AS INTEGER), '%m/%d/%Y') AS planned_end
FROM known
WHERE on_1 IS NOT NULL
ORDER BY person
