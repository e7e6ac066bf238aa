-- What a test adds to a journey: class, arm, whether the offer was taken up, earnings in the four
-- quarters before entry, and in the four after the quarter of entry. An outcome is empty when its
-- quarters are not over at the as-of date or the person was not found at follow-up.
SELECT
    arm,
    printf('%s %d%s-%02d', site, fiscal_year, CASE WHEN half = 0 THEN 'A' ELSE 'B' END, section + 1)
        AS class,
    takes_up AS offer_taken,
    CAST(earnings_before AS DECIMAL(18, 4)) AS earnings_before,
    CASE WHEN entered_quarter + 4 <= $last_quarter AND draw(k, 'follow-up') >= attrition
        THEN CAST(earnings_after AS DECIMAL(18, 4)) END AS outcome_earnings,
    CASE WHEN entered_quarter + 4 <= $last_quarter AND draw(k, 'follow-up') >= attrition
        THEN earnings_after > 0 END AS outcome_employed
FROM known
