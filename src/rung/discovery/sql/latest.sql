-- The latest event recorded: the default as-of date.
SELECT $latest AS latest FROM $journeys
