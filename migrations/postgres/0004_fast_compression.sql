-- Sessions and log rows are several kB, written with every turn: compressed with pglz, the default, they were a third
-- of the database's CPU. New values are compressed with lz4; what is stored stays as it is. A server that was built
-- without lz4, or is older than 14, goes on as before.
DO $$
BEGIN
  EXECUTE 'ALTER TABLE conversations ALTER COLUMN session SET COMPRESSION lz4';
  EXECUTE 'ALTER TABLE events ALTER COLUMN body SET COMPRESSION lz4';
EXCEPTION
  WHEN feature_not_supported OR syntax_error THEN
    RAISE NOTICE 'no lz4 on this server: large values stay compressed with pglz';
END $$;
