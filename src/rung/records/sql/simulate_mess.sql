-- One cell as it arrives when `kind` of dirt fell on it. Dates are month/day/year as text;
-- `how` is a number from 0 to 1 that picks among ways to do it.
CREATE OR REPLACE TEMP MACRO mess(kind, cell, how, word) AS
    CASE kind
        WHEN 'spaces' THEN CASE WHEN how < 0.5 THEN cell || '  ' ELSE ' ' || cell || ' ' END
        WHEN 'blank' THEN NULL
        WHEN 'unknown_word' THEN list_extract(['n/a', 'N/A', 'unknown', 'declined', '?', '-'],
            1 + CAST(floor(6.0 * how) AS INTEGER))
        WHEN 'date_format' THEN CASE
            WHEN how < 0.25 THEN strftime(strptime(cell, '%m/%d/%Y'), '%Y-%m-%d')
            WHEN how < 0.50 THEN strftime(strptime(cell, '%m/%d/%Y'), '%b %-d, %Y')
            WHEN how < 0.75 THEN strftime(strptime(cell, '%m/%d/%Y'), '%-d-%b-%Y')
            ELSE strftime(strptime(cell, '%m/%d/%Y'), '%-m/%-d/%y') END
        WHEN 'impossible_date' THEN CASE WHEN how < 0.5 THEN '31/02/2024' ELSE '02/30/2024' END
        WHEN 'zero_date' THEN '1900-01-00'
        WHEN 'no_date' THEN word
        WHEN 'wrong_year' THEN left(cell, 6)
            || CAST(CAST(right(cell, 4) AS INTEGER) + CASE WHEN how < 0.5 THEN 20 ELSE -30 END
                AS VARCHAR)
        WHEN 'lost_zeros' THEN ltrim(cell, '0')
        WHEN 'money_words' THEN list_extract(['$' || cell || '/hr', cell || ' per hour',
            '$' || cell, '$ ' || cell || ' / hour'], 1 + CAST(floor(4.0 * how) AS INTEGER))
        WHEN 'capitals' THEN upper(cell)
        WHEN 'emoji' THEN cell || ' 🎓'
        WHEN 'formula' THEN '=HYPERLINK("http://example.org","' || cell || '")'
        WHEN 'respelled' THEN word
        ELSE cell
    END
