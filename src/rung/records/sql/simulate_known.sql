-- What the program has on record at the as-of date. A person who is in the program is seen at
-- least every two weeks; one who is lost is last seen that day, and some are closed later.
WITH seen AS (
    SELECT
        *,
        CAST(date_diff('day', entered_on, $as_of) AS INTEGER) AS days_known
    FROM people
    WHERE entered_on <= $as_of
),
closing AS (
    SELECT
        *,
        last_day + CAST(floor(45.0 * draw(k, 'paperwork')) AS INTEGER) AS close_day,
        taken = 6 OR draw(k, 'closed') < $closed_share AS closes,
        draw(k, 'why') AS why,
        CASE WHEN last_day <= days_known THEN last_day ELSE days_known - days_known % 14 END
            AS seen_day
    FROM seen
)
SELECT
    *,
    closes AND close_day <= days_known AS closed,
    CASE WHEN d1 <= days_known THEN entered_on + d1 END AS on_1,
    CASE WHEN d2 <= days_known THEN entered_on + d2 END AS on_2,
    CASE WHEN d3 <= days_known THEN entered_on + d3 END AS on_3,
    CASE WHEN d4 <= days_known THEN entered_on + d4 END AS on_4,
    CASE WHEN d5 <= days_known THEN entered_on + d5 END AS on_5,
    CASE WHEN d6 <= days_known THEN entered_on + d6 END AS on_6,
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
    END AS status
FROM closing
