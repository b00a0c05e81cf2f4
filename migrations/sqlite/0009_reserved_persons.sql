-- Until people decide, nothing about debts is said to the person in any chat: a reported death. NULL: nothing is to be decided.
ALTER TABLE persons ADD COLUMN reserved TEXT;
