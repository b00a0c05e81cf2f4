-- Files that people send (images, documents, voice notes, videos), with their bytes: here they are erased, kept and
-- restored with the chat in one transaction, the same on every replica. `id` is that of the input that brought the file.
CREATE TABLE media_files (
  id BLOB NOT NULL PRIMARY KEY,
  lender TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  phone_number_id TEXT NOT NULL,
  wamid TEXT NOT NULL,
  -- WhatsApp's id of the file.
  media_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('image', 'audio', 'video', 'document')),
  state TEXT NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'kept', 'lost')),
  mime_type TEXT NOT NULL,
  filename TEXT,
  -- As the message told it, in base64; `sha256` is that of the bytes, in hexadecimal.
  sha256_told TEXT,
  sha256 TEXT,
  size_bytes INTEGER,
  received_at INTEGER NOT NULL,
  -- When to try (again); of a claimed one when its lease ends. Only of what is wanted.
  next_at INTEGER,
  -- Rises with each claim: the fencing token.
  tries INTEGER NOT NULL DEFAULT 0,
  finished_at INTEGER,
  why TEXT,
  -- Last, so that nothing else of the row is read past them.
  bytes BLOB,
  CHECK ((state = 'wanted') = (next_at IS NOT NULL)),
  CHECK ((state = 'kept') = (bytes IS NOT NULL)),
  CHECK ((state = 'lost') = (why IS NOT NULL))
) STRICT;
CREATE INDEX media_files_wanted ON media_files (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX media_files_chat ON media_files (conversation_id, wamid);
