-- Typed federal records with what the logic rules read beside the elements: the day the records
-- are of, the person's age at entry, the last exit of earlier records (today's open ones have no
-- end) and the entry of the latest one.
SELECT
    *,
    CAST($as_of AS DATE) AS as_of,
    CAST($day_after AS DATE) AS day_after,
    coalesce($ssn_shaped, FALSE) AS ssn_shaped,
    extract(year FROM e900) - extract(year FROM e200) - CASE
        WHEN extract(month FROM e900) * 100 + extract(day FROM e900)
        < extract(month FROM e200) * 100 + extract(day FROM e200) THEN 1
        ELSE 0
    END AS age,
    CASE
        WHEN e100 IS NOT NULL THEN max(coalesce(e901, DATE '9998-01-01')) OVER (
            PARTITION BY e100 ORDER BY e900 NULLS LAST, _row
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
    END AS earlier_exit,
    CASE WHEN e100 IS NOT NULL THEN max(e900) OVER (PARTITION BY e100) END AS latest_entry
FROM $typed
