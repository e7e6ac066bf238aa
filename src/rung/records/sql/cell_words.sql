-- A cell with case and punctuation taken away, for comparing words.
SELECT trim(regexp_replace(lower($cell), '[^\p{L}\p{N}]+', ' ', 'g')) AS value
