-- One count for every way of counting who reached a milestone in a period.
SELECT $counts FROM $journeys
