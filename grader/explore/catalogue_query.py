"""The one statement that reads a database's catalogue, as one JSON document."""

QUERY = """
WITH
seen AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relhasrules, c.relforcerowsecurity
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'S', 'p', 'f')
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
),
relations AS (
    SELECT s.oid::bigint, s.nspname AS schema, s.relname AS name, s.relkind AS kind,
        s.relkind IN ('p', 'f') OR s.relforcerowsecurity OR (s.relhasrules AND s.relkind <> 'v')
            OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE s.oid IN (i.inhrelid, i.inhparent)) AS strange,
        CASE WHEN s.relkind = 'v' THEN pg_catalog.pg_get_viewdef(s.oid) END AS definition,
        (SELECT json_agg(json_build_object(
                'name', a.attname, 'type', t.typname, 'kind', t.typtype,
                'comparable', coalesce(l.collisdeterministic, true),
                'identity', a.attidentity, 'generated', a.attgenerated,
                'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
            LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM seen s
),
keys AS (
    SELECT i.indrelid::bigint AS relation, k.relname AS name, coalesce(c.condeferrable, false) AS deferrable,
        (to_jsonb(i) ->> 'indnullsnotdistinct')::boolean AS nulls_meet,
        (SELECT json_agg(a.attname ORDER BY p.place)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY p (number, place)
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.number AND a.attnum > 0
            WHERE p.place <= i.indnkeyatts) AS columns,
        (SELECT json_agg(coalesce(o.oprname = '=', NOT i.indisexclusion) ORDER BY p.place)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY p (number, place)
            LEFT JOIN pg_catalog.pg_operator o ON o.oid = c.conexclop[p.place]
            WHERE p.place <= i.indnkeyatts) AS equal
    FROM pg_catalog.pg_index i
    JOIN seen s ON s.oid = i.indrelid
    JOIN pg_catalog.pg_class k ON k.oid = i.indexrelid
    LEFT JOIN pg_catalog.pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')
    WHERE i.indisunique OR i.indisexclusion
),
foreign_keys AS (
    SELECT c.conrelid::bigint AS child, c.confrelid::bigint AS parent, c.confdeltype AS on_delete,
        c.confupdtype AS on_update, c.condeferrable AS deferrable,
        (SELECT json_agg(a.attname ORDER BY p.place) FROM unnest(c.conkey) WITH ORDINALITY p (number, place)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = p.number) AS columns,
        (SELECT json_agg(a.attname ORDER BY p.place) FROM unnest(c.confkey) WITH ORDINALITY p (number, place)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = p.number) AS parent_columns,
        (SELECT json_agg(a.attname) FROM unnest(c.confdelsetcols) p (number)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = p.number) AS delete_sets
    FROM pg_catalog.pg_constraint c
    JOIN seen child ON child.oid = c.conrelid JOIN seen parent ON parent.oid = c.confrelid
    WHERE c.contype = 'f'
),
triggers AS (
    SELECT t.tgrelid::bigint AS relation, pg_catalog.pg_get_triggerdef(t.oid) AS definition, t.tgtype::int AS type,
        t.tgdeferrable AS deferrable,
        (SELECT json_agg(a.attname) FROM unnest(t.tgattr::int2[]) p (number)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = p.number) AS columns
    FROM pg_catalog.pg_trigger t JOIN seen s ON s.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
),
checks AS (
    SELECT DISTINCT c.conrelid::bigint AS relation, p.proname AS function
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_constraint c ON c.oid = d.objid AND c.contype = 'c'
    JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid
    WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND d.refclassid = 'pg_catalog.pg_proc'::regclass
),
functions AS (
    SELECT p.proname AS name, l.lanname AS language, p.provolatile AS volatility,
        EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass
            AND d.objid = p.oid AND d.deptype = 'e') AS extension,
        CASE WHEN l.lanname = 'sql' THEN coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc)
            WHEN l.lanname NOT IN ('c', 'internal') THEN p.prosrc END AS source
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
),
given AS (
    SELECT DISTINCT ON (split_part(c.setting, '=', 1))
        split_part(c.setting, '=', 1) AS name, substr(c.setting, strpos(c.setting, '=') + 1) AS value
    FROM pg_catalog.pg_db_role_setting s CROSS JOIN unnest(s.setconfig) c (setting)
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
      AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
    ORDER BY split_part(c.setting, '=', 1), (s.setrole <> 0) DESC, (s.setdatabase <> 0) DESC
),
settings AS (
    SELECT json_object_agg(s.name, coalesce(g.value, s.reset_val))::jsonb || jsonb_build_object('role', session_user)
    FROM pg_catalog.pg_settings s LEFT JOIN given g USING (name)
    WHERE s.name IN ('search_path', 'default_transaction_isolation')
)
SELECT json_build_object(
    'relations', (SELECT coalesce(json_agg(r), '[]') FROM relations r),
    'keys', (SELECT coalesce(json_agg(k), '[]') FROM keys k),
    'foreign_keys', (SELECT coalesce(json_agg(f), '[]') FROM foreign_keys f),
    'triggers', (SELECT coalesce(json_agg(t), '[]') FROM triggers t),
    'checks', (SELECT coalesce(json_agg(c), '[]') FROM checks c),
    'functions', (SELECT coalesce(json_agg(f), '[]') FROM functions f),
    'settings', (SELECT * FROM settings)
)::text
"""
