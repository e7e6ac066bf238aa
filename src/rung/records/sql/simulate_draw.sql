-- A uniform number strictly between 0 and 1 for one person and one name. DuckDB combines several
-- arguments of hash() by xor alone, which would tie the columns to each other; a second hash of
-- the combined key mixes every bit again. 52 bits fill a double without rounding to 1.
CREATE OR REPLACE TEMP MACRO draw(k, name) AS
    (CAST(hash(xor(k, hash(name))) >> 12 AS DOUBLE) + 0.5) / 4503599627370496.0
