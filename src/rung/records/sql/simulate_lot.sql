-- The random 64 bits that rank the units of an assignment; one to one, so people never tie.
CREATE OR REPLACE TEMP MACRO lot(k) AS hash(xor(k, hash('arm')))
