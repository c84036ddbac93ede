// Builtins that change nothing but their result (and where a sequence has got to): what defaults, checks, indexes, views and
// fills are made of. A function that is not named here may do anything.

const names = `
now clock_timestamp statement_timestamp transaction_timestamp timeofday age date_part date_trunc date_bin extract
make_date make_time make_interval make_timestamp make_timestamptz to_timestamp to_date to_char to_number timezone isfinite
justify_days justify_hours justify_interval
gen_random_uuid uuidv4 uuidv7 uuid_extract_version uuid_extract_timestamp random setseed
uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 gen_random_bytes digest
nextval currval lastval
abs ceil ceiling floor round trunc mod div power sqrt cbrt exp ln log log10 sign greatest least pi degrees radians
sin cos tan asin acos atan atan2 gcd lcm width_bucket scale min_scale trim_scale factorial
lower upper initcap length char_length character_length octet_length bit_length concat concat_ws substr substring left right
btrim ltrim rtrim trim lpad rpad repeat replace reverse position strpos split_part translate overlay starts_with format
ascii chr md5 sha224 sha256 sha384 sha512 encode decode convert_to convert_from quote_ident quote_literal quote_nullable
to_hex normalize is_normalized like_escape similar_to_escape string_to_array string_to_table array_to_string
regexp_replace regexp_match regexp_matches regexp_split_to_array regexp_split_to_table regexp_count regexp_instr
regexp_like regexp_substr hashtext unaccent similarity word_similarity show_trgm
count sum avg min max bool_and bool_or every bit_and bit_or string_agg array_agg json_agg jsonb_agg json_object_agg
jsonb_object_agg stddev stddev_pop stddev_samp variance var_pop var_samp corr mode percentile_cont percentile_disc any_value
row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value grouping
array_length array_lower array_upper array_ndims array_dims array_position array_positions array_remove array_replace
array_append array_prepend array_cat array_fill cardinality unnest generate_series generate_subscripts trim_array
to_json to_jsonb row_to_json array_to_json json_build_object jsonb_build_object json_build_array jsonb_build_array
json_object jsonb_object json_array_length jsonb_array_length json_array_elements jsonb_array_elements
json_array_elements_text jsonb_array_elements_text json_each jsonb_each json_each_text jsonb_each_text json_object_keys
jsonb_object_keys json_extract_path jsonb_extract_path json_extract_path_text jsonb_extract_path_text json_typeof
jsonb_typeof jsonb_set jsonb_insert jsonb_strip_nulls json_strip_nulls jsonb_pretty jsonb_path_exists jsonb_path_match
jsonb_path_query jsonb_path_query_array jsonb_path_query_first json_to_record jsonb_to_record json_to_recordset
jsonb_to_recordset
to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery setweight ts_rank ts_rank_cd strip numnode
int4range int8range numrange tsrange tstzrange daterange lower_inc upper_inc lower_inf upper_inf isempty range_merge
host hostmask netmask network masklen family inet_merge set_masklen text
num_nulls num_nonnulls pg_typeof version current_database current_schema current_schemas current_setting
pg_get_serial_sequence col_description obj_description overlaps xmlcomment
`

/** Names of Postgres' own functions (and of a few extensions that nearly everybody has) that destroy nothing. */
export const harmlessFunctions: ReadonlySet<string> = new Set(names.trim().split(/\s+/))
