-- Files that people send (images, documents, voice notes, videos), with their bytes: here they are erased, kept and
-- restored with the chat in one transaction, the same on every replica. `id` is that of the input that brought the file.
CREATE TABLE media_files (
  id uuid NOT NULL PRIMARY KEY,
  lender text NOT NULL,
  conversation_id uuid NOT NULL,
  phone_number_id text NOT NULL,
  wamid text NOT NULL,
  -- WhatsApp's id of the file.
  media_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('image', 'audio', 'video', 'document')),
  state text NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'kept', 'lost')),
  mime_type text NOT NULL,
  filename text,
  -- As the message told it, in base64; `sha256` is that of the bytes, in hexadecimal.
  sha256_told text,
  sha256 text,
  size_bytes bigint,
  received_at bigint NOT NULL,
  -- When to try (again); of a claimed one when its lease ends. Only of what is wanted.
  next_at bigint,
  -- Rises with each claim: the fencing token.
  tries bigint NOT NULL DEFAULT 0,
  finished_at bigint,
  why text,
  -- Last, so that nothing else of the row is read past them.
  bytes bytea,
  CHECK ((state = 'wanted') = (next_at IS NOT NULL)),
  CHECK ((state = 'kept') = (bytes IS NOT NULL)),
  CHECK ((state = 'lost') = (why IS NOT NULL))
);
-- Pictures, sound and PDF are compressed already.
ALTER TABLE media_files ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE INDEX media_files_wanted ON media_files (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX media_files_chat ON media_files (conversation_id, wamid);
