"""The functions that touch nothing but what they are given, and the words that stand before a parenthesis likewise.

The transaction's time, the clock, random values and new ids depend on no other session. So does what a session knows of
itself: its settings, its user, the last value that it drew from a sequence.
"""

PURE = frozenset(
    """
    abs acos acosd age array_agg array_append array_cat array_dims array_fill array_length array_lower array_ndims
    array_position array_positions array_prepend array_remove array_replace array_reverse array_sample array_shuffle
    array_sort array_to_json array_to_string array_to_tsvector array_upper ascii asin asind atan atan2 atan2d atand avg
    bit_and bit_count bit_length bit_or bit_xor bool_and bool_or btrim cardinality casefold cbrt ceil ceiling
    char_length character_length chr clock_timestamp coalesce concat concat_ws convert convert_from convert_to corr cos
    cosd cosh cot cotd count covar_pop covar_samp crc32 crc32c cume_dist current_catalog current_date current_role
    current_schema current_schemas current_setting current_time current_timestamp current_user currval date_add date_bin
    date_part date_subtract date_trunc daterange datemultirange decode degrees dense_rank div encode erf erfc every exp
    extract factorial first_value floor format format_type gamma gcd gen_random_uuid generate_series
    generate_subscripts get_bit get_byte greatest hashint4 hashint8 hashtext hashtextextended initcap int4multirange
    int4range int8multirange int8range isempty isfinite jsonb_agg jsonb_agg_strict jsonb_array_elements
    jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat jsonb_contained
    jsonb_contains jsonb_delete jsonb_each jsonb_each_text jsonb_exists jsonb_exists_all jsonb_exists_any
    jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg jsonb_object_keys
    jsonb_path_exists jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first
    jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls
    jsonb_to_record jsonb_to_recordset jsonb_typeof json_agg json_array json_array_elements json_array_elements_text
    json_array_length json_arrayagg json_build_array json_build_object json_each json_each_text json_exists
    json_extract_path json_extract_path_text json_object json_object_agg json_objectagg json_object_keys
    json_populate_record json_populate_recordset json_query json_scalar json_serialize json_strip_nulls json_table
    json_to_record json_to_recordset json_typeof json_value justify_days justify_hours justify_interval lag last_value
    lastval lcm lead least left length lgamma ln localtime localtimestamp log log10 lower lower_inc lower_inf lpad ltrim
    make_date make_interval make_time make_timestamp make_timestamptz max md5 min min_scale mod mode multirange
    normalize now nth_value ntile nullif num_nonnulls num_nulls numnode nummultirange numrange octet_length overlay
    parse_ident percent_rank percentile_cont percentile_disc pg_backend_pid pg_column_size pg_input_is_valid pg_sleep
    pg_sleep_for pg_sleep_until pg_typeof phraseto_tsquery pi plainto_tsquery position power
    querytree quote_ident quote_literal quote_nullable radians random random_normal range_agg range_intersect_agg
    range_merge rank regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace
    regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy repeat replace reverse right round row_number row_to_json rpad rtrim scale
    session_user set_bit set_byte setweight sha224 sha256 sha384 sha512 sign sin sind sinh split_part sqrt starts_with
    statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strip strpos substr
    substring sum tan tand tanh timeofday to_ascii to_char to_date to_hex to_json to_jsonb to_number to_oct to_bin
    to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim trim_array trim_scale trunc ts_delete
    ts_filter ts_headline ts_rank ts_rank_cd tsrange tsmultirange tstzrange tstzmultirange tsvector_to_array
    unicode_assigned unistr unnest upper upper_inc upper_inf uuid_extract_timestamp uuid_extract_version uuidv4 uuidv7
    var_pop var_samp variance version websearch_to_tsquery width_bucket xmlagg xmlconcat xmlelement xmlforest
    """.split()  # noqa: SIM905 -- four hundred quoted lines would hide the list
)

EXTENSIONS_PURE = frozenset(
    {"crypt", "digest", "gen_random_bytes", "gen_salt", "hmac", "similarity", "uuid_generate_v1", "uuid_generate_v4"}
)
"""Functions of common extensions that are declared volatile, or that several extensions share."""

FRESH = frozenset({"gen_random_uuid", "uuidv4", "uuidv7", "uuid_generate_v1", "uuid_generate_v4"})
"""What they return is never equal to what another call returns."""

SYNTAX = frozenset(
    """
    all and any array as between bit by case cast char character check cluster columns conflict constraint cross cube
    dec decimal default distinct do else elsif except excluding exclude exists filter float for from full group groups
    grouping having if ilike in include inner insert intersect interval into is isnull join key lateral like limit loop
    materialized merge_action natural not notnull nested numeric of offset on only or order ordinality over partition
    passing path precision primary range raise recursive references return returning rollup row rows select set sets
    similar some symmetric table tablesample bernoulli system then time timestamp timestamptz timetz to treat union
    unique update using values varbit varchar varying vector halfvec sparsevec when where while window with within
    without xor zone assert exit continue perform query
    """.split()  # noqa: SIM905 -- likewise
)
"""Words of SQL and PL/pgSQL, and types with a length, that may stand before a parenthesis and call nothing."""

CATALOGS = frozenset(
    """
    pg_am pg_attrdef pg_attribute pg_class pg_collation pg_constraint pg_database pg_depend pg_description pg_enum
    pg_extension pg_index pg_indexes pg_inherits pg_language pg_namespace pg_opclass pg_operator pg_proc pg_range
    pg_roles pg_settings pg_tables pg_timezone_names pg_trigger pg_type pg_views
    """.split()  # noqa: SIM905 -- likewise
)
"""What describes the database; only DDL changes it, and DDL is dependent on everything."""
