SELECT thread_id, count(*)::integer AS count INTO counts FROM comments GROUP BY thread_id;
DO $$
DECLARE updated integer;
BEGIN
  UPDATE threads SET comments = counts.count FROM counts WHERE threads.id = counts.thread_id;
  GET DIAGNOSTICS updated = ROW_COUNT;
END $$;
CREATE FUNCTION count_comment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE threads SET comments = comments + 1 WHERE id = NEW.thread_id;
  RETURN NULL;
END $$;
CREATE TRIGGER counted AFTER INSERT ON comments FOR EACH ROW EXECUTE FUNCTION count_comment();
DROP TABLE counts;
