-- Puts the creators and months of due_day into due_month.
INSERT INTO due_month (month, creator) SELECT DISTINCT date_trunc('month', day)::date AS month, creator FROM due_day
