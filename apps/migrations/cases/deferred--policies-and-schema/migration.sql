ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON orders FOR ALL TO case_app USING (note = current_user) WITH CHECK (true);
CREATE POLICY positive ON orders AS RESTRICTIVE FOR SELECT USING (id > 0);
CREATE SCHEMA audit;
CREATE TABLE audit.log (id bigserial PRIMARY KEY, who integer REFERENCES public.customers (id));
ALTER TABLE bare SET SCHEMA audit;
