-- Several codes in one cell, each mapped by itself; '?' stands for a part that has no code.
SELECT list_transform(
    list_filter(
        list_transform(string_split_regex($cell, $separators), x -> trim(x)),
        x -> x <> ''
    ),
    x -> COALESCE($each, '?')
) AS value
