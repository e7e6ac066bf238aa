-- Where an amount stands among the published percentiles. Of the stretches in an amount's bin
-- exactly one holds it; where nothing is published for the person's cell there is none.
SELECT
  $kept,
  $placed
FROM (SELECT *, $cell AS cell, $bin AS bin FROM $people) AS people
LEFT JOIN $pieces AS pieces ON people.cell = pieces.cell AND people.bin = pieces.bin
WHERE pieces.cell IS NULL OR ($amount >= pieces.start_at AND $amount < pieces.end_at)
