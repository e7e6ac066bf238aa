-- Rows of a form beside the period they fall in: the last one that began by then, else the first.
SELECT
    form.*,
    COALESCE(late.period, CASE WHEN form.pid IN (SELECT pid FROM $periods) THEN 1 END) AS period
FROM (SELECT *, $anchor AS _anchor FROM $form) AS form
ASOF LEFT JOIN (SELECT pid, entered_on, period FROM $periods WHERE entered_on IS NOT NULL) AS late
    ON form.pid = late.pid AND form._anchor >= late.entered_on
