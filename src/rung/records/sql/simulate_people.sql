-- Everyone who ever applies, as they are and as their journey would run to its end: attributes,
-- hidden frailty, the chance and the wait of every step. Nothing is cut off at the as-of date.
WITH keyed AS (
    SELECT i AS person, hash(xor(hash(i), CAST($seed AS UBIGINT))) AS k
    FROM range(0, $people) AS people(i)
),
drawn AS (
    SELECT
        person,
        k,
        $entries_from + CAST(floor($entry_days * draw(k, 'entered')) AS INTEGER) AS entered_on,
        18 + CAST(floor(44.0 * pow(draw(k, 'age'), 1.8)) AS INTEGER) AS age_at_entry,
        draw(k, 'gender') AS u_gender,
        draw(k, 'race') AS u_race,
        draw(k, 'second race') AS u_race_2,
        draw(k, 'education') AS u_education,
        draw(k, 'language') AS u_language,
        CAST(floor(draw(k, 'site') * $sites) AS INTEGER) AS site_number,
        CAST(floor(draw(k, 'section') * $sections) AS INTEGER) AS section,
        draw(k, 'answered gender') < $missing AS no_gender,
        draw(k, 'answered race') < $missing AS no_race,
        draw(k, 'answered education') < $missing AS no_education,
        $frailty_sd * bell(k, 'frailty') AS frailty,
        3700.0 * exp(0.4 * bell(k, 'ability')) AS ability
    FROM keyed
),
described AS (
    SELECT
        *,
        CASE WHEN no_gender THEN NULL WHEN u_gender < 0.52 THEN 'female'
             WHEN u_gender < 0.98 THEN 'male' ELSE 'nonbinary' END AS gender,
        CASE WHEN age_at_entry < 25 THEN '18-24' WHEN age_at_entry < 35 THEN '25-34'
             WHEN age_at_entry < 45 THEN '35-44' ELSE '45+' END AS age_group,
        CASE WHEN no_race THEN NULL ELSE u_race < 0.30 END AS race_hispanic,
        CASE WHEN no_race THEN NULL ELSE u_race >= 0.30 AND u_race < 0.62 OR u_race_2 < 0.03 END
            AS race_black,
        CASE WHEN no_race THEN NULL
             ELSE u_race >= 0.62 AND u_race < 0.86 OR u_race_2 >= 0.03 AND u_race_2 < 0.09 END
            AS race_white,
        CASE WHEN no_race THEN NULL ELSE u_race >= 0.86 AND u_race < 0.94 END AS race_asian,
        CASE WHEN no_race THEN NULL ELSE u_race >= 0.94 AND u_race < 0.96 END AS race_american_indian,
        CASE WHEN no_race THEN NULL ELSE u_race >= 0.96 AND u_race < 0.97 END AS race_pacific_islander,
        CASE WHEN no_race THEN NULL ELSE u_race >= 0.97 END AS race_middle_eastern,
        CASE WHEN no_education THEN NULL WHEN u_education < 0.22 THEN 'no_diploma'
             WHEN u_education < 0.54 THEN 'hs_diploma' WHEN u_education < 0.68 THEN 'hs_equivalency'
             WHEN u_education < 0.88 THEN 'some_college' WHEN u_education < 0.96 THEN 'associate'
             ELSE 'bachelor' END AS education,
        CASE WHEN u_race < 0.30 AND u_language < 0.72 THEN 'Spanish' WHEN u_language < 0.95
             THEN 'English' ELSE 'Other' END AS language,
        $site AS site,
        extract(year FROM entered_on) AS year,
        extract(month FROM entered_on) AS month
    FROM drawn
),
dated AS (
    -- a fiscal year is named after the calendar year in which it ends (July to June); a class runs
    -- at one site in one half of it
    SELECT
        *,
        CASE WHEN month >= 7 THEN year + 1 ELSE year END AS fiscal_year,
        CASE WHEN month >= 7 THEN 0 ELSE 1 END AS half,
        year * 4 + extract(quarter FROM entered_on) - 1 AS entered_quarter
    FROM described
),
classed AS (
    SELECT
        *,
        hash(xor(
            hash(((fiscal_year * 2 + half) * 1000 + site_number) * 1000000 + section),
            CAST($seed AS UBIGINT)
        )) AS class_k
    FROM dated
),
assigned AS (
    SELECT
        *,
        $class_sd * bell(class_k, 'class') AS class_effect,
        $arm AS arm
    FROM classed
),
treated AS (
    SELECT *, $takes_up AS takes_up, $bonus AS bonus, $attrition AS attrition
    FROM assigned
),
chances AS (
    SELECT
        * EXCLUDE (u_gender, u_race, u_race_2, u_education, u_language, no_gender, no_race,
            no_education),
        1.0 / (1.0 + exp(-($base_1 + frailty + class_effect + $shift_1))) AS c1,
        1.0 / (1.0 + exp(-($base_2 + frailty + class_effect + $shift_2))) AS c2,
        1.0 / (1.0 + exp(-($base_3 + frailty + class_effect + $shift_3))) AS c3,
        1.0 / (1.0 + exp(-($base_4 + frailty + class_effect + $shift_4))) AS c4,
        1.0 / (1.0 + exp(-($base_5 + frailty + class_effect + $shift_5))) AS c5,
        1.0 / (1.0 + exp(-($base_6 + frailty + class_effect + $shift_6))) AS c6
    FROM treated
),
steps AS (
    -- how many steps past the entry a person takes before being lost (6 is the whole ladder)
    SELECT
        *,
        CASE
            WHEN draw(k, 'step 1') >= c1 THEN 0
            WHEN draw(k, 'step 2') >= c2 THEN 1
            WHEN draw(k, 'step 3') >= c3 THEN 2
            WHEN draw(k, 'step 4') >= c4 THEN 3
            WHEN draw(k, 'step 5') >= c5 THEN 4
            WHEN draw(k, 'step 6') >= c6 THEN 5
            ELSE 6
        END AS taken
    FROM chances
),
days AS (
    -- day of each step since entry; null when the person never takes it
    SELECT
        *,
        CASE WHEN taken >= 1 THEN wait(k, 'wait 1', $least_1, $scale_1, $shape_1) END AS d1,
        CASE WHEN taken >= 2 THEN d1 + wait(k, 'wait 2', $least_2, $scale_2, $shape_2) END AS d2,
        CASE WHEN taken >= 3 THEN d2 + wait(k, 'wait 3', $least_3, $scale_3, $shape_3) END AS d3,
        CASE WHEN taken >= 4 THEN d3 + wait(k, 'wait 4', $least_4, $scale_4, $shape_4) END AS d4,
        CASE WHEN taken >= 5 THEN d4 + wait(k, 'wait 5', $least_5, $scale_5, $shape_5) END AS d5,
        CASE WHEN taken >= 6 THEN d5 + wait(k, 'wait 6', $least_6, $scale_6, $shape_6) END AS d6
    FROM steps
),
ended AS (
    -- the last day the program sees the person: the last step, or where the person is lost
    SELECT
        *,
        CASE taken
            WHEN 6 THEN d6
            WHEN 5 THEN d5 + wait(k, 'lost', $lost_least_6, $lost_scale_6, $lost_shape_6)
            WHEN 4 THEN d4 + wait(k, 'lost', $lost_least_5, $lost_scale_5, $lost_shape_5)
            WHEN 3 THEN d3 + wait(k, 'lost', $lost_least_4, $lost_scale_4, $lost_shape_4)
            WHEN 2 THEN d2 + wait(k, 'lost', $lost_least_3, $lost_scale_3, $lost_shape_3)
            WHEN 1 THEN d1 + wait(k, 'lost', $lost_least_2, $lost_scale_2, $lost_shape_2)
            ELSE wait(k, 'lost', $lost_least_1, $lost_scale_1, $lost_shape_1)
        END AS last_day,
        extract(year FROM entered_on + d5) * 4 + extract(quarter FROM entered_on + d5) - 1
            AS placed_quarter
    FROM days
)
SELECT
    *,
    year_pay(k, entered_quarter - 4, entered_quarter, placed_quarter, ability, frailty, bonus)
        AS earnings_before,
    year_pay(k, entered_quarter + 1, entered_quarter, placed_quarter, ability, frailty, bonus)
        AS earnings_after
FROM ended
