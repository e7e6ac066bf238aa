-- What a person was paid in one calendar quarter, in dollars; 0 is no job. Jobs are fewer and pay
-- is lower in the quarter of entry and the one before it (Ashenfelter's dip); from placement on
-- both are higher. Quarters are drawn by number, since text would have to be made for each.
CREATE OR REPLACE TEMP MACRO pay(k, quarter, entered, placed, ability, frailty, bonus) AS
    CASE
        WHEN draw(k, CAST(2 * quarter AS BIGINT)) > 1.0 / (1.0 + exp(-(
            CASE
                WHEN placed IS NOT NULL AND quarter >= placed THEN 2.2
                WHEN quarter IN (entered - 1, entered) THEN -0.8
                ELSE 0.0
            END + 1.5 * frailty))) THEN 0.0
        ELSE round(
            ability * (1.0 + 0.01 * (quarter - entered))
            * (0.6 + 0.8 * draw(k, CAST(2 * quarter + 1 AS BIGINT)))
            * CASE
                WHEN placed IS NOT NULL AND quarter >= placed THEN 1.7
                WHEN quarter IN (entered - 1, entered) THEN 0.7
                ELSE 1.0
            END + CASE WHEN quarter > entered THEN bonus ELSE 0.0 END, 2)
    END
