-- A cell as an exact number: plain digits first, then money and counts as people write them.
SELECT CASE
    WHEN translate($cell, '0123456789.-', '') = '' THEN TRY_CAST($cell AS DECIMAL(18, 4))
    WHEN regexp_full_match(
        lower($cell),
        '-?\(?-?\s*\$?\s*((\d{1,3}(,\d{3})+|\d+)(\.\d*)?|\.\d+)\s*\)?\s*((usd|dollars)?\s*(/|per|an|a)?\s*(h|hr|hrs|hour|hours|hourly)?\.?|(hrs?|hours?)?\s*(/|per|a)\s*(wk|week)\.?|(years?|yrs?|days?|weeks?))'
    )
        THEN TRY_CAST(
            CASE WHEN regexp_matches($cell, '^\s*(-|\()') THEN '-' ELSE '' END
            || regexp_extract(replace($cell, ',', ''), '(\d+(\.\d*)?|\.\d+)')
            AS DECIMAL(18, 4)
        )
END AS value
