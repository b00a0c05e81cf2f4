-- Of whom the message tells something: it leaves only while that person is linked to the chat. NULL: of nobody.
ALTER TABLE outbox ADD COLUMN subject BLOB;
