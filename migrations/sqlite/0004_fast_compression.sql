-- PostgreSQL changes how it compresses large values; SQLite does not compress. The numbers stay in step.
SELECT 1;
