-- name: lint_row_security_missing
SELECT c.oid::regclass::text AS subject, 'row security is off' AS found,
       format('ALTER TABLE %%1$s ENABLE ROW LEVEL SECURITY; ALTER TABLE %%1$s FORCE ROW LEVEL SECURITY;',
              c.oid::regclass) AS remedy
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1

-- name: lint_row_security_unforced
SELECT c.oid::regclass::text AS subject,
       format('row security does not bind its owner, %%s', pg_get_userbyid(c.relowner)) AS found,
       format('ALTER TABLE %%s FORCE ROW LEVEL SECURITY;', c.oid::regclass) AS remedy
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND NOT c.relforcerowsecurity
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY 1

-- name: lint_policy_without_tenant
-- A policy that says OR is reported as well: either side alone would open a row.
WITH policy AS (
    SELECT p.polrelid, p.polname,
           concat_ws(' and ', pg_get_expr(p.polqual, p.polrelid),
                     pg_get_expr(p.polwithcheck, p.polrelid)) AS said,
           ARRAY(SELECT expression FROM unnest(ARRAY[
               pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
           ]) AS expression WHERE expression IS NOT NULL) AS expressions
    FROM pg_policy p
    WHERE p.polpermissive
        AND (p.polroles = '{0}' OR to_regrole(%(app_role)s::text)::oid = ANY(p.polroles))
        AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = p.polrelid
                    AND a.attname = 'tenant_id' AND NOT a.attisdropped)
)
SELECT format('%%s on %%s', polname, polrelid::regclass) AS subject,
       format('lets %%s see rows where %%s', %(app_role)s::text, said) AS found,
       format('DROP POLICY %%1$I ON %%2$s; CREATE POLICY %%1$I ON %%2$s TO %%3$I USING (%%4$s) WITH CHECK (%%4$s);',
              polname, polrelid::regclass, %(app_role)s::text,
              'tenant_id = NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid') AS remedy
FROM policy
WHERE EXISTS (SELECT FROM unnest(expressions) AS one
    WHERE one !~ 'tenant_id = [(]*( *SELECT [(]*)?(NULLIF[(])?current_setting[(]''app[.]tenant_id''' OR one ~ '\mOR\M')
ORDER BY 1

-- name: lint_owner_unbound
SELECT c.oid::regclass::text AS subject,
       format('belongs to %%s, %%s', r.rolname, CASE
           WHEN r.rolsuper THEN 'a superuser, whom no policy binds'
           WHEN r.rolbypassrls THEN 'which has BYPASSRLS, so no policy binds it'
           ELSE 'which serves requests and could take row security away' END) AS found,
       format('ALTER TABLE %%s OWNER TO %%I;', c.oid::regclass,
              (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database())) AS remedy
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND (r.rolsuper OR r.rolbypassrls OR r.rolname IN (%(app_role)s::text, %(crossing_role)s::text))
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1

-- name: lint_role_unbound
SELECT rolname::text AS subject,
       format('has %%s', concat_ws(' and ', CASE WHEN rolsuper THEN 'SUPERUSER' END,
                                   CASE WHEN rolbypassrls THEN 'BYPASSRLS' END)) AS found,
       format('ALTER ROLE %%I NOSUPERUSER NOBYPASSRLS;', rolname) AS remedy
FROM pg_roles
WHERE rolname IN (%(app_role)s::text, %(crossing_role)s::text) AND (rolsuper OR rolbypassrls)
ORDER BY 1

-- name: lint_definer_without_path
SELECT p.oid::regprocedure::text AS subject,
       format('runs as %%s and looks names up where its caller says', pg_get_userbyid(p.proowner)) AS found,
       format('ALTER FUNCTION %%s SET search_path = pg_catalog;', p.oid::regprocedure) AS remedy
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prosecdef
    AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS one WHERE one LIKE 'search\_path=%%')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1

-- name: lint_view_past_row_security
-- A view reads as its owner unless it says otherwise; a materialized one holds what its owner saw.
SELECT c.oid::regclass::text AS subject,
       format('%%s reads it and sees what its owner, %%s, %%s', %(app_role)s::text,
              pg_get_userbyid(c.relowner),
              CASE c.relkind WHEN 'm' THEN 'saw when it was last refreshed' ELSE 'sees' END) AS found,
       CASE c.relkind WHEN 'm' THEN format('REVOKE SELECT ON %%s FROM %%I, PUBLIC; -- a rollup counts under row security',
                                           c.oid::regclass, %(app_role)s::text)
            ELSE format('ALTER VIEW %%s SET (security_invoker = true);', c.oid::regclass) END AS remedy
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm')
    AND has_any_column_privilege(to_regrole(%(app_role)s::text)::oid, c.oid, 'SELECT')
    AND NOT (c.relkind = 'v' AND coalesce(
        array_to_string(c.reloptions, ',') ~ 'security_invoker=(true|on|yes|1)', false))
    AND EXISTS (SELECT FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid
                JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attname = 'tenant_id' AND NOT a.attisdropped
                WHERE r.ev_class = c.oid AND d.classid = 'pg_rewrite'::regclass
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid)
    AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1
