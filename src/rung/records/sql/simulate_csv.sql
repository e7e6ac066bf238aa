COPY (SELECT $columns FROM $view) TO $file (FORMAT csv, HEADER true)
