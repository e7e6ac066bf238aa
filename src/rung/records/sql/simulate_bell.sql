-- A standard normal number from two draws (Box and Muller 1958).
CREATE OR REPLACE TEMP MACRO bell(k, name) AS
    sqrt(-2.0 * ln(draw(k, name))) * cos(6.283185307179586 * draw(k, name || ' turn'))
