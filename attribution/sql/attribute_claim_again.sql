-- In: a policy's version. Out: temp table `claimed`, the queued purchases that it attributed, as the next generation.
CREATE TEMP TABLE claimed ON COMMIT DROP AS
SELECT p.id AS purchase_id, p.viewer, p.product, p.quantity, p.amount, p.currency, p.occurred_at, p.day,
    a.generation + 1 AS generation
FROM again g
JOIN purchase p ON p.id = g.purchase_id
JOIN attribution a ON a.purchase_id = p.id AND a.policy = :policy AND a.version = :version
