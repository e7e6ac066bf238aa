-- The checked table of journeys: one row a person.
SELECT
    printf('%016x', k) AS pid,
    CAST(1 AS SMALLINT) AS period,
    entered_on,
    age_at_entry,
    age_group,
    gender,
    race_hispanic,
    race_black,
    race_white,
    race_asian,
    race_american_indian,
    race_pacific_islander,
    race_middle_eastern,
    education,
    language,
    site,
    printf('FY%d', fiscal_year) AS cohort,
    $trial,
    entered_on AS applied_on,
    TRUE AS applied,
    on_1 AS accepted_on,
    on_1 IS NOT NULL AS accepted,
    on_2 AS enrolled_on,
    on_2 IS NOT NULL AS enrolled,
    on_3 AS completed_on,
    on_3 IS NOT NULL AS completed,
    on_4 AS credentialed_on,
    on_4 IS NOT NULL AS credentialed,
    on_5 AS placed_on,
    on_5 IS NOT NULL AS placed,
    on_6 AS retained_on,
    on_6 IS NOT NULL AS retained,
    CASE
        WHEN taken = 6 AND closed THEN 'placed'
        WHEN closed AND taken >= 3 THEN 'closed'
        WHEN closed AND taken = 0 AND why < 0.7 THEN 'denied'
        WHEN closed AND why > 0.97 THEN 'transferred'
        WHEN closed AND why > 0.9 AND taken = 2 THEN 'dismissed'
        WHEN closed THEN 'withdrawn'
        WHEN on_5 IS NOT NULL THEN 'placed'
        WHEN on_3 IS NOT NULL THEN 'completed'
        WHEN on_2 IS NOT NULL THEN 'enrolled'
        WHEN on_1 IS NOT NULL THEN 'accepted'
        ELSE 'applied'
    END AS status,
    closed,
    CASE WHEN closed THEN entered_on + close_day END AS closed_on,
    entered_on + seen_day AS last_service_on
FROM known
