-- The incomes of two generations, a row a pair (or, unlinked, of one generation).
SELECT $columns FROM $people WHERE $known
