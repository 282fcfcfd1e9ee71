-- In: one purchase. Out: it, as attribution would claim it.
SELECT p.id AS purchase_id, p.viewer, p.product, p.quantity, p.amount, p.currency, p.occurred_at, p.day, 1 AS generation
FROM purchase p WHERE p.id = :purchase
