SELECT
    count(*) AS rows,
    count_if(copy = 1) AS same_person_same_id,
    count_if(copy = 2) AS same_person_other_id
FROM arrived
