-- How a case was decided, and how an agreement ended, as an operator or agent said it: outcome, who, when, a note.
ALTER TABLE cases ADD COLUMN closing TEXT;
ALTER TABLE agreements ADD COLUMN closing TEXT;
-- What is open costs nothing of what was decided.
CREATE INDEX cases_open ON cases (at, id) WHERE status = 'open';
