-- A wage by person and moment: of the jobs that began, and of what follow-ups heard.
SELECT pid, arm, moment, wage, CAST(year AS INTEGER) AS year, good FROM $begun WHERE place = 1
UNION ALL
SELECT pid, arm, moment, wage, year, good FROM $heard
