-- The provider's own list, one row a person, everything as text: before any dirt is added.
-- `h` is the person's key for everything that has to do with how the list is kept.
SELECT
    person,
    hash(xor(k, hash('sent'))) AS h,
    entered_on,
    CASE WHEN half = 0 THEN printf('Fall %d', fiscal_year - 1)
        ELSE printf('Spring %d', fiscal_year) END AS tab_name,
    fiscal_year * 2 + half AS tab_start,
    tab_name AS tab,
    arm,
    printf('%05d', person + 1) AS id,
    list_extract([$first], 1 + CAST(floor(draw(k, 'first') * $firsts) AS INTEGER)) || ' '
        || list_extract([$last], 1 + CAST(floor(draw(k, 'last') * $lasts) AS INTEGER)) AS name,
    printf('(%d) 555-01%02d', 201 + CAST(floor(700.0 * draw(k, 'area')) AS INTEGER),
        CAST(floor(100.0 * draw(k, 'phone')) AS INTEGER)) AS phone,
    printf('person%d@example.org', person + 1) AS email,
    strftime(
        CAST(entered_on - CAST(floor(365.0 * draw(k, 'birthday')) AS INTEGER) AS DATE)
            - to_years(CAST(age_at_entry AS INTEGER)), '%m/%d/%Y') AS dob,
    age_group,
    printf('%05d', 1000 + CAST(floor(8000.0 * draw(k, 'zip')) AS INTEGER)) AS zip,
    CASE gender WHEN 'female' THEN 'Female' WHEN 'male' THEN 'Male'
        WHEN 'nonbinary' THEN 'Non-binary' END AS gender,
    nullif(concat_ws('; ',
        CASE WHEN race_american_indian THEN 'American Indian or Alaska Native' END,
        CASE WHEN race_asian THEN 'Asian' END,
        CASE WHEN race_black THEN 'Black or African American' END,
        CASE WHEN race_hispanic THEN 'Hispanic or Latino' END,
        CASE WHEN race_middle_eastern THEN 'Middle Eastern or North African' END,
        CASE WHEN race_pacific_islander THEN 'Native Hawaiian or Pacific Islander' END,
        CASE WHEN race_white THEN 'White' END), '') AS race,
    CASE education WHEN 'no_diploma' THEN 'No diploma' WHEN 'hs_diploma' THEN 'High school diploma'
        WHEN 'hs_equivalency' THEN 'GED' WHEN 'some_college' THEN 'Some college'
        WHEN 'associate' THEN 'Associate degree' WHEN 'bachelor' THEN 'Bachelor''s degree'
        END AS education,
    language,
    site,
    strftime(entered_on, '%m/%d/%Y') AS applied,
    strftime(on_1, '%m/%d/%Y') AS accepted,
    strftime(on_2, '%m/%d/%Y') AS enrolled,
    strftime(on_3, '%m/%d/%Y') AS completed,
    CASE WHEN on_4 IS NOT NULL THEN CASE site_number % 3
        WHEN 0 THEN 'Certified nursing assistant' WHEN 1 THEN 'Welding certificate'
        ELSE 'IT support certification' END END AS credential,
    strftime(on_4, '%m/%d/%Y') AS credentialed,
    CASE WHEN on_5 IS NOT NULL
        THEN printf('E%04d', CAST(floor(600.0 * draw(k, 'employer')) AS INTEGER)) END AS employer,
    strftime(on_5, '%m/%d/%Y') AS placed,
    CASE WHEN on_5 IS NOT NULL
        THEN printf('%.2f', 13.0 + 4.0 * draw(k, 'hourly') + 0.0012 * ability) END AS wage,
    CASE WHEN on_5 IS NOT NULL THEN CASE WHEN draw(k, 'hours') < 0.7 THEN '40'
        WHEN draw(k, 'hours') < 0.85 THEN '32' ELSE '24' END END AS hours,
    strftime(on_6, '%m/%d/%Y') AS retained,
    CASE status WHEN 'applied' THEN 'Applied' WHEN 'accepted' THEN 'Accepted'
        WHEN 'enrolled' THEN 'Enrolled' WHEN 'completed' THEN 'Graduated' WHEN 'placed' THEN 'Placed'
        WHEN 'denied' THEN 'Not accepted' WHEN 'withdrawn' THEN 'Dropped'
        WHEN 'dismissed' THEN 'Dismissed' WHEN 'transferred' THEN 'Transferred'
        ELSE 'Closed' END AS status,
    CASE WHEN closed THEN strftime(entered_on + close_day, '%m/%d/%Y') END AS exit,
    strftime(entered_on + seen_day, '%m/%d/%Y') AS last_contact,
    CASE WHEN draw(k, 'note') < 0.08 THEN 'Left a voicemail, call again'
        WHEN draw(k, 'note') < 0.14 THEN 'Prefers evening classes'
        WHEN draw(k, 'note') < 0.17 THEN 'Works nights; bus pass given' END AS notes
FROM known
