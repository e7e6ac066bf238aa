-- Whole days until the next step: a least wait plus a Weibull number of days, rounded down.
-- With shape 1 and no least wait the chance of moving on is the same every day.
CREATE OR REPLACE TEMP MACRO wait(k, name, least_days, scale, shape) AS
    CAST(least_days + least(4000.0, floor(scale * pow(-ln(draw(k, name)), 1.0 / shape))) AS INTEGER)
